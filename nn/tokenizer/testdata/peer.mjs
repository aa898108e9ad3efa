// Answers of the npm package @huggingface/tokenizers. Reads, as JSON, a list of
// {tokenizer, config, texts} from standard input, and writes one line for each
// text: {ids, wrapped, text, gaps}, where text is ids decoded, and gaps is every
// id but each third, decoded. The argument is the folder with node_modules.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "x.js"));
const { Tokenizer } = require("@huggingface/tokenizers");

// The package cleans up where the config does not say; transformers does not.
const decode = (t, ids, config) =>
  ids.length === 0
    ? ""
    : t.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: config.clean_up_tokenization_spaces ?? false });

for (const { tokenizer, config, texts } of JSON.parse(readFileSync(0, "utf8"))) {
  const t = new Tokenizer(tokenizer, config);
  for (const text of texts) {
    const ids = t.encode(text, { add_special_tokens: false }).ids;
    const wrapped = t.encode(text).ids;
    const gaps = ids.filter((_, i) => i % 3 !== 2);
    console.log(JSON.stringify({ ids, wrapped, text: decode(t, ids, config), gaps: decode(t, gaps, config) }));
  }
}

// Answers of the npm package @huggingface/jinja. Reads, as JSON, a list of
// {template, values} from standard input, and writes one line for each: {text},
// or {error}. The argument is the folder with node_modules.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "x.js"));
const { Template } = require("@huggingface/jinja");

for (const { template, values } of JSON.parse(readFileSync(0, "utf8"))) {
  let line;
  try {
    line = { text: new Template(template).render(values) };
  } catch (e) {
    line = { error: String(e.message) };
  }
  console.log(JSON.stringify(line));
}

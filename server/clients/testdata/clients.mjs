// Asks a gateway by the official clients for Node, as they come: node clients.mjs URL
// MODULES. Prints one line of JSON for each check; it is for clients_node_test.go.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, modules] = process.argv.slice(2);
const require = createRequire(modules + "/");
const OpenAI = (await import(pathToFileURL(require.resolve("openai")).href)).default;
const Anthropic = (await import(pathToFileURL(require.resolve("@anthropic-ai/sdk")).href)).default;

const openai = new OpenAI({ baseURL: url + "/v1", apiKey: "none", maxRetries: 0 });
const claude = new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 });
const question = [{ role: "user", content: "add 3 4" }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } } }];

async function check(name, f) {
  let value;
  try {
    value = await f();
  } catch (e) {
    value = { failed: String(e) };
  }
  console.log(JSON.stringify({ name, value }));
}

for (const model of ["embedded", "greedy/embedded", "majority-vote/embedded", "best-of-n/embedded"]) {
  const params = { model, messages: question, seed: 1, ...(model === "embedded" ? { temperature: 0 } : {}) };
  await check("openai plain " + model, async () => {
    const r = await openai.chat.completions.create(params);
    return [r.choices[0].message.content, r.choices[0].finish_reason, r.usage.total_tokens === r.usage.prompt_tokens + r.usage.completion_tokens, r.pawl.abstained];
  });
  await check("openai stream " + model, async () => {
    let text = "", usage = false;
    for await (const chunk of await openai.chat.completions.create({ ...params, stream: true, stream_options: { include_usage: true } })) {
      text += chunk.choices[0]?.delta?.content ?? "";
      usage ||= chunk.usage?.total_tokens > 0;
    }
    return [text, usage];
  });
  await check("openai responses " + model, async () => {
    const { messages, seed, ...rest } = params;
    const whole = await openai.responses.create({ ...rest, input: "add 3 4" });
    const stream = openai.responses.stream({ ...rest, input: "add 3 4" });
    return [whole.output_text, (await stream.finalResponse()).output[0].content[0].text];
  });
  await check("anthropic " + model, async () => {
    const { seed, ...rest } = params;
    const whole = await claude.messages.create({ ...rest, max_tokens: 50 });
    const last = await claude.messages.stream({ ...rest, max_tokens: 50 }).finalMessage();
    return [whole.content[0].text, last.content[0].text, last.stop_reason, last.usage.output_tokens > 0];
  });
}

await check("openai tools", async () => {
  const params = { model: "majority-vote/sim:tools", messages: [{ role: "user", content: "The weather in Oslo and Rome?" }], tools };
  const first = await openai.chat.completions.create(params);
  const calls = first.choices[0].message.tool_calls;
  const streamed = await openai.chat.completions.stream({ ...params, model: "sim:tools" }).finalMessage();
  const second = await openai.chat.completions.create({
    ...params,
    messages: [...params.messages, first.choices[0].message, ...calls.map((c) => ({ role: "tool", tool_call_id: c.id, content: "rain" }))],
  });
  return [calls.map((c) => JSON.parse(c.function.arguments).city), streamed.tool_calls.length, second.choices[0].message.content];
});

await check("openai structured", async () => {
  const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false };
  const r = await openai.chat.completions.create({
    model: "embedded", messages: question, temperature: 0, max_tokens: 200, response_format: { type: "json_schema", json_schema: { name: "x", schema, strict: true } },
  });
  return typeof JSON.parse(r.choices[0].message.content).ok;
});

await check("openai errors", async () => {
  const seen = [];
  for (const change of [{ model: "nope" }, { temperature: 9 }, { tools }, { model: "sim:fails" }]) {
    try {
      await openai.chat.completions.create({ model: "embedded", messages: question, ...change });
      seen.push("none");
    } catch (e) {
      seen.push([e.constructor.name, e.status, e.code]);
    }
  }
  return seen;
});

await check("anthropic errors", async () => {
  try {
    await claude.messages.create({ model: "nope", max_tokens: 5, messages: question });
  } catch (e) {
    return [e.constructor.name, e.status, e.error.error.type];
  }
});

await check("openai cancels", async () => {
  const stream = await openai.chat.completions.create({ model: "sim:drips", messages: question, stream: true });
  for await (const chunk of stream) {
    const text = chunk.choices[0].delta.content;
    stream.controller.abort();
    return text;
  }
});

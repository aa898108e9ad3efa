// A server in front of llama.cpp (node-llama-cpp) that speaks as OpenAI's does,
// for checks of model/openai: one model, one call at a time, greedy. Its
// arguments are the folder with the packages (.tools) and a GGUF file; it prints
// the port that it listens on. Chats are rendered by Hugging Face's own Jinja
// from the template in the file. Nothing in it is of Pawl.
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";
import http from "node:http";
import path from "node:path";

const [home, file] = [path.resolve(process.argv[2]), process.argv[3]];
const require = createRequire(path.join(home, "x.js"));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const {getLlama, LlamaLogLevel} = await load("node-llama-cpp");
const {Template} = await load("@huggingface/jinja");

const llama = await getLlama({build: "never", gpu: false, maxThreads: 0, logLevel: LlamaLogLevel.error});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0, defaultContextFlashAttention: false});
const context = await model.createContext({contextSize: 512, sequences: 1, threads: {ideal: 1, min: 1}, batchSize: 512,
    experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"});
const sequence = context.getSequence();
const meta = model.fileInfo.metadata.tokenizer;
const bos = model.tokens.bos;
const ids = (text) => [...model.tokenize(text, false, "trimLeadingSpace")];

// read gives, for each of tokens, the log-probabilities of what follows it.
async function read(tokens) {
    const out = await sequence.controlledEvaluate(tokens.map((t) => [t, {generateNext: {logits: true, options: {temperature: 1, topK: 0, topP: 1, minP: 0}}}]));
    return out.map((o) => {
        const logits = o.next.logits;
        const most = Math.max(...logits.values());
        let sum = 0;
        for (const v of logits.values()) sum += Math.exp(v - most);
        const norm = most + Math.log(sum);
        return new Map([...logits].map(([t, v]) => [t, v - norm]));
    });
}

const likeliest = (row, n) => [...row].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, n);

// answer goes on greedily after a prompt; told hears of each token's text.
async function answer(prompt, max, top, told) {
    await sequence.clearHistory();
    let row = (await read(prompt)).at(-1);
    const tokens = [];
    let text = "", finish = "length";
    while (tokens.length < max) {
        const [id, logprob] = likeliest(row, 1)[0];
        if (model.isEogToken(id)) {
            finish = "stop";
            break;
        }
        const now = model.detokenize([...tokens.map((t) => t.id), id]);
        tokens.push({id, logprob, token: now.slice(text.length), top: likeliest(row, top).map(([t, p]) => ({token: model.detokenize([t]), logprob: p}))});
        await told?.(tokens.at(-1));
        text = now;
        row = (await read([id])).at(-1);
    }
    return {tokens, text, finish};
}

function render(messages) {
    const text = new Template(meta.chat_template).render({messages, add_generation_prompt: true, bos_token: "\u0001", eos_token: "\u0002"});
    const special = {"\u0001": bos, "\u0002": model.tokens.eos};
    return text.split(/([\u0001\u0002])/).filter((s) => s !== "").flatMap((s) => special[s] !== undefined ? [special[s]] : ids(s));
}

// echo reads a prompt: its tokens, their log-probabilities and places.
async function echo(tokens, text) {
    await sequence.clearHistory();
    const rows = await read(tokens);
    const shown = tokens.filter((t) => t !== bos);
    const skip = tokens.length - shown.length;
    let at = 0;
    const l = {tokens: [], token_logprobs: [], text_offset: []};
    shown.forEach((t, i) => {
        const now = model.detokenize(shown.slice(0, i + 1));
        l.tokens.push(now.slice(at));
        l.token_logprobs.push(i + skip === 0 ? null : rows[i + skip - 1].get(t));
        l.text_offset.push([...now.slice(0, at)].length);
        at = now.length;
    });
    return {text, logprobs: l, finish_reason: "length"};
}

async function complete(req, res, chat) {
    let body = "";
    for await (const part of req) body += part;
    const q = JSON.parse(body);
    if ((q.temperature ?? 1) !== 0 && !q.echo) return refuse(res, "temperature", "only temperature 0 is served here");
    const prompt = chat ? render(q.messages) : [...(meta.ggml.add_bos_token === false ? [] : [bos]), ...ids(q.prompt)];
    const usage = (n) => ({prompt_tokens: prompt.length, completion_tokens: n, total_tokens: prompt.length + n});
    if (q.echo) return send(res, 200, {choices: [{index: 0, ...await echo(prompt, q.prompt)}], usage: usage(0)});
    const wanted = q.logprobs !== undefined && q.logprobs !== false;
    const shape = (list) => !wanted ? null : chat ?
        {content: list.map((t) => ({token: t.token, logprob: t.logprob, bytes: [...Buffer.from(t.token)], top_logprobs: t.top}))} :
        {tokens: list.map((t) => t.token), token_logprobs: list.map((t) => t.logprob), top_logprobs: list.map((t) => Object.fromEntries(t.top.map((x) => [x.token, x.logprob])))};
    const piece = (text) => chat ? {delta: {content: text}} : {text};
    const event = (v) => res.write(`data: ${JSON.stringify(v)}\n\n`);
    let told;
    if (q.stream) {
        res.writeHead(200, {"Content-Type": "text/event-stream"});
        told = (t) => event({choices: [{index: 0, ...piece(t.token), logprobs: shape([t]), finish_reason: null}]});
    }
    const top = chat ? q.top_logprobs ?? 0 : Number(q.logprobs ?? 0);
    const got = await answer(prompt, q.max_tokens ?? q.max_completion_tokens ?? 64, top, told);
    if (q.stream) {
        event({choices: [{index: 0, ...piece(""), finish_reason: got.finish}]});
        if (q.stream_options?.include_usage) event({choices: [], usage: usage(got.tokens.length)});
        return res.end("data: [DONE]\n\n");
    }
    const said = chat ? {message: {role: "assistant", content: got.text}} : {text: got.text};
    send(res, 200, {choices: [{index: 0, ...said, logprobs: shape(got.tokens), finish_reason: got.finish}], usage: usage(got.tokens.length)});
}

function send(res, status, v) {
    res.writeHead(status, {"Content-Type": "application/json"});
    res.end(JSON.stringify(v));
}

const refuse = (res, param, message) => send(res, 400, {error: {message, type: "invalid_request_error", param, code: null}});

let turn = Promise.resolve();
const server = http.createServer((req, res) => {
    if (req.url === "/v1/models") return send(res, 200, {object: "list", data: [{id: "exported", object: "model", owned_by: "llamacpp"}]});
    const chat = req.url === "/v1/chat/completions";
    if (!chat && req.url !== "/v1/completions") return send(res, 404, {error: {message: "no such route"}});
    turn = turn.then(() => complete(req, res, chat)).catch((e) => res.headersSent ? res.destroy() : send(res, 500, {error: {message: String(e?.stack ?? e)}}));
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on("end", () => process.exit(0)).resume();

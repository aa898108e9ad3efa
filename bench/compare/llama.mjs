// The llama.cpp side, through node-llama-cpp: a worker that reads one JSON
// command a line and answers each with one JSON line. Started by
// bench/compare and by the checks of exported GGUF files, with the folder that
// has the package as its argument: .tools, which scripts/setup makes.
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";
import path from "node:path";
import readline from "node:readline";

const home = path.resolve(process.argv[2] ?? ".tools");
const entry = createRequire(path.join(home, "x.js")).resolve("node-llama-cpp");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(entry));
const llama = await getLlama({build: "never", gpu: false, maxThreads: 0, logLevel: LlamaLogLevel.error});

let model, context, sequences = [];

async function greedy(sequence, tokens, n, stop) {
    await sequence.clearHistory();
    const ids = [];
    if (n === 0) return ids;
    for await (const id of sequence.evaluate(tokens, {temperature: 0, yieldEogToken: true})) {
        ids.push(id);
        if (ids.length === n || (stop && id === model.tokens.eos)) break;
    }
    return ids;
}

const commands = {
    async info() {
        return {system: llama.systemInfo, release: llama.llamaCppRelease?.release};
    },
    // Opens a model with room for so many sequences of so many tokens.
    async load({file, threads, size, batch}) {
        await context?.dispose();
        await model?.dispose();
        model = await llama.loadModel({modelPath: file, gpuLayers: 0, useMmap: true, defaultContextFlashAttention: false});
        context = await model.createContext({contextSize: size, sequences: batch, threads: {ideal: threads, min: threads}, batchSize: Math.max(batch, 512),
            // The cache is of f32, as the weights are: f16, the default, changes close choices.
            experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"});
        sequences = Array.from({length: batch}, () => context.getSequence());
        return {threads: context.currentThreads};
    },
    // Greedy continuations: n tokens, or up to the end token if stop is set.
    async greedy({tokens, n, stop}) {
        return {ids: await greedy(sequences[0], tokens, n, stop)};
    },
    async tokenize({text, special}) {
        return {ids: model.tokenize(text, special ?? false), text: model.detokenize(model.tokenize(text, special ?? false))};
    },
    // n tokens on every sequence, greedily; seconds without the prompt's.
    async generate({tokens, n}) {
        for (const s of sequences) await s.clearHistory();
        let begun = 0, ready = 0, release;
        const all = new Promise((resolve) => { release = resolve; });
        const ids = await Promise.all(sequences.map(async (s) => {
            const ids = [];
            for await (const id of s.evaluate(tokens, {temperature: 0, yieldEogToken: true})) {
                ids.push(id);
                if (ids.length === 1) {
                    if (++ready === sequences.length) { begun = performance.now(); release(); }
                    await all;
                }
                if (ids.length === n + 1) break;
            }
            return ids;
        }));
        const seconds = (performance.now() - begun) / 1e3;
        if (ids.some((list) => list.length !== n + 1)) throw new Error("a sequence ended early");
        return {seconds, first: ids[0]};
    }
};

for await (const line of readline.createInterface({input: process.stdin})) {
    const c = JSON.parse(line);
    let answer;
    try {
        answer = await commands[c.cmd](c);
    } catch (e) {
        answer = {error: String(e?.message ?? e)};
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);

// Package nn is the embedded transformer: a decoder-only model of the Llama,
// Qwen2 or Qwen3 shape that trains and samples on CPUs.
//
//   - Config and Model: the shape and the weights. New makes random ones, Load
//     and Save use Hugging Face folders (config.json, model.safetensors,
//     tokenizer.json), WriteSafetensors gives bytes that depend on the weights
//     alone, and ReadModel reads them back.
//   - Tokenizer: LoadTokenizer reads BPE over bytes and over characters (package
//     tokenizer); NewBytes, NewWords and NewSpacedWords make small ones.
//   - Trainer: log-probabilities, gradients, AdamW. ForwardBackward is the fast
//     path for losses that are sums over sequences; Forward and Backward serve
//     all others, ForwardBackwardRows those that see whole distributions.
//     Gradients add up until Step, so a batch may come in parts.
//   - LoRA and NewLoRATrainer: low-rank adapters of a frozen model. ScalarHead
//     and AddHead: values and rewards. Refer: a frozen model to compare with.
//   - Average, MergeLinear, MergeSlerp, Interpolate: means of weights.
//   - Sampler: continuous batching over all calls, with a bounded cache of keys
//     and values that keeps prefixes for later calls. Package constraint masks
//     what a text may not contain.
//
// # Training
//
//	t := nn.NewTrainer(model)
//	for i := range steps {
//		loss, err := t.ForwardBackward(batch, nn.CrossEntropy(1/float64(nn.Targets(batch))))
//		...
//		norm, err := t.Step(nn.StepOptions{LR: 2e-3 * nn.Schedule(i, steps, 50, 1.0/3), Beta2: 0.98, Decay: 0.1, Clip: 1})
//		...
//	}
//
// # Determinism
//
// The same weights and inputs give the same bits on one instruction set,
// whatever GOMAXPROCS, the batch, or what else runs. Work is cut by shape, sums
// are in a fixed order, and each sample has its own random stream. A sampled
// token's recorded log-probability is, to the bit, what Logprobs gives for it.
package nn

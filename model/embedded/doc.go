// Package embedded makes actors and trainers of the transformer in the binary.
//
// A policy's weights, config, tokenizer and tokenizer_config are the files of a
// Hugging Face folder, byte for byte, so weights is the SHA-256 of the
// model.safetensors that an export writes.
package embedded

// Package tokenizer turns text into tokens and back, as the tokenizer.json of
// Hugging Face's tokenizers says.
//
// It reads byte-pair encoding (Sennrich, Haddow and Birch 2016) of both kinds:
// over bytes (GPT-2, Llama 3, Qwen, SmolLM) and over characters that fall back
// to bytes (SentencePiece: Llama 2, TinyLlama, Gemma). A text goes through
//
//	added tokens, normalizer, normalized added tokens, pre-tokenizer, model
//
// and the post-processor says what stands around the whole. What a file asks
// for and this package cannot do exactly is refused by name; nothing is
// ignored, except truncation and padding, which no caller wants here.
//
// # Beyond the files
//
// Text that a tokenizer cannot express is an error unless Options.Unknown asks
// for the unknown token. Special tokens that a text spells out are plain text
// unless Options.Special says otherwise, because texts come from anywhere.
// Bytes that are not UTF-8 pass through neither normalizer nor pre-tokenizer:
// they become byte tokens where there are any, and so survive the round trip.
package tokenizer

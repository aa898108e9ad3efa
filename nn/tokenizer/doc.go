// Package tokenizer turns text into tokens and back, as the tokenizer.json of
// Hugging Face's tokenizers says.
package tokenizer

// Package gguf reads and writes GGUF, version 3: the file format of llama.cpp,
// typed metadata followed by tensors.
//
// Write gives the same bytes for the same input. Read trusts nothing in a file:
// counts, lengths and places are checked against the file's size before memory
// is taken for them. Tensors are of f32, f16 or bf16; quantised ones are listed
// but not decoded.
package gguf

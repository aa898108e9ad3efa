// Package constraint says which tokens may come next, so that what a model
// draws matches a regular expression, a grammar or a JSON schema.
//
//   - Grammar: Regexp, Parse (a notation like llama.cpp's GBNF) and Schema make
//     one. It is a set of texts, kept as a pushdown automaton over bytes.
//   - Vocabulary: the texts of a tokenizer's tokens.
//   - Constraint: a grammar over a vocabulary. Next walks from State to State by
//     tokens; each State has the mask of tokens that may follow, computed once.
//
// There is no well-kept Go library for this: those that there are turn schemas
// into grammars for llama.cpp, or wrap C++ and Rust. Parsing of regular
// expressions is regexp/syntax.
//
// # Dead ends
//
// Nothing leads to a state from which the grammar's texts cannot be completed:
// parts of a grammar that derive no finite text are cut when it is compiled. A
// vocabulary might still lack the tokens to go on. One with a token for every
// byte of the grammar never does; for others New explores all states and cuts
// those that are dead, and a grammar too large for that may end in an error while
// sampling, never in a text that does not match.
package constraint

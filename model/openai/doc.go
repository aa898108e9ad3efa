// Package openai makes actors of models that any OpenAI-compatible server serves:
// OpenAI's own, vLLM, SGLang, llama.cpp, Ollama, gateways.
//
// An actor turns a request into the body of a chat or plain completion, and what
// comes back into nodes. It never waits and tries again by itself: that, money,
// limits and durability are its core.Payer's. What it does do at once, and only
// once for an endpoint and model, is to ask in another way where a server says
// that it does not know a field (see learnt); what a caller asked for is never
// left out for that: then the answer is a core.UnservedError.
//
// The wire layer is our own. The official client, openai-go, adds 18 MB to a
// binary of 6 and fifty packages of cloud vendors, decodes replies into types of
// its own, and has one timeout for all of a call; here the unknown fields of a
// reply are kept, a stall is told from a long answer, and a call costs little more
// than the two JSON documents.
package openai

// Kind is how policies name models of this package (core.ModelName).
const Kind = "openai"

// clientVersion enters the keys of results: it is raised when the same request
// would get other answers than before.
const clientVersion = "1"

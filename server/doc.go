// Package server is the gateway: it speaks as the servers do that clients know
// (OpenAI's chat completions, completions and responses, Anthropic's messages) and
// answers by a recipe, named in the model as RECIPE/MODEL.
//
// A request goes: who asks ([Keys]), what is asked (a dialect parses it to an ask),
// by whom it is answered ([pawl.Answerer] under the policy in force), and how that is
// said (the dialect again, whole or as a stream). Every request leaves a trace in
// memory, a row of metrics and a line in the log; no key and no content is ever
// logged.
package server

// Package clients holds the tests of the gateway by clients that nobody here wrote:
// the official ones of OpenAI and Anthropic, for Go and for Node, as they come.
package clients

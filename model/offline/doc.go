// Package offline is what models have in common that ask nobody: recordings and
// simulations. They cost nothing, serve no log-probs, tools or constraints, and
// say so; a request's alternatives are answered one by one, each by its index, so
// that asking for 16 after 8 gives the same first 8.
package offline

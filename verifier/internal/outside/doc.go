// Package outside talks to verifiers that are not part of this program: what
// they are told of an attempt (Row), what they may answer (Score), processes
// that are asked again and again (Pool), and how a trusted one is run (Plain,
// which satisfies core.Sandbox without confining anything).
//
// Nothing that comes back is believed: replies are bounded in time and size,
// and must be exactly as many finite numbers as there were rows.
package outside

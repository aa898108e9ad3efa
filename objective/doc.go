// Package objective holds losses over per-token log-probs, as core.Objective:
// functions that know no tensors, so that one loss trains the embedded engine
// and remote trainers alike. Each is in the file of its name, with hand-worked
// values and a finite-difference check beside it.
package objective

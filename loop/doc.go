// Package loop drives a recipe: rounds of sample, verify, select, optimize,
// each followed by a gate; then controls, then a sealed audit.
//
// Principles:
//
//   - Everything that costs is a step: its key is the hash of all that
//     determines its result, and its output is durable before anyone sees it.
//     Resuming a run is running it again; finished steps answer at once.
//   - Steps are lazy. A control that ignores its samples never draws them, and
//     arms that ask for the same step share it.
//   - Random streams come from the run's seed and a step's place (round, pass,
//     task), never from contents or time, so arms differ in what their recipe
//     changes and in nothing else.
//   - The oracle of the measure reports; nothing that trains ever reads it.
package loop

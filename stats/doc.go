// Package stats is the one place for statistics: intervals, paired tests,
// bootstrap, alpha spending, power, and the estimators of sampling studies
// (pass@k, maj@k, diversity).
//
// Functions are pure and deterministic: whatever draws random numbers takes a
// seed, and the same seed gives the same bits. Levels and probabilities are
// fractions (0.95, not 95). Arguments that make no sense (more successes than
// trials, a level outside 0 to 1) are bugs of the caller and panic; data that
// is merely poor (no items, all ties) has a documented answer.
package stats

// Package evaluate holds the metrics: components that measure judged episodes
// and give every figure with its 95% interval.
//
// Episodes of one task form one unit: attempts at the same task depend on each
// other, so intervals count tasks, never attempts. All metrics are
// deterministic; intervals that need resampling use a fixed seed. Metrics only
// report: nothing here feeds back into training.
package evaluate

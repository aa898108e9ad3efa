// Package gate decides whether a candidate policy replaces the incumbent.
//
// A gate sees paired evidence on tasks that the candidate never saw, and says
// promote, reject or not proven; "not proven" is a verdict like the others.
// Its decision rule is fixed before the first attempt, and its error rate is
// for the whole run: rejected attempts spend alpha too.
//
// Package gate/results reads result files of Pawl and of other harnesses and
// compares them by the same rule.
package gate

// Package exec runs the steps of a loop on this machine: each step is done
// once, whatever is killed, and independent work runs in parallel.
//
// [Steps] gives Do: a step whose key is finished returns its result at once;
// otherwise the intent is recorded, the work done, and the result recorded
// before anyone sees it. [Map] runs tasks on a bounded [Pool] and returns
// their results in order.
package exec

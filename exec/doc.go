// Package exec runs the steps of a loop on this machine: each step is done
// once, whatever is killed, and independent work runs in parallel.
//
// [Steps] gives Do: a step whose key is finished returns its result at once;
// otherwise the intent is recorded, the work done, and the result recorded
// before anyone sees it. [Map] runs tasks on a bounded [Pool] and returns
// their results in order.
//
// [Payer] makes calls to models that others serve, each paid for once: it is the
// one layer that retries ([Retry]), that adapts how many calls are under way
// ([Limits]) and that holds an [Account] to its cap. docs/reliability.md says what
// it keeps to, and what tests measured.
package exec

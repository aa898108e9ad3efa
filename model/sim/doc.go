// Package sim is a simulation of a language model, for studies and tests. It is
// never a model: it does not read, reason or know anything. It recognises the
// English prompts of package prompt, learns over a hidden channel what is right,
// and errs at rates that its profile states. What is measured with it says how a
// strategy behaves at those rates, and nothing about any model.
//
// The hidden channel is Models.ResolveFor and the functions given to New: they
// know tasks and judge attempts. None of it is in a prompt, an answer or a record
// of a call. Sums and products that a prompt poses it computes itself.
//
// What it says is a function of its profile, of what is asked, of the request's
// seed and of the sample's index. At temperature 0 seed and index do not count: a
// task gets one answer. At any other temperature samples are as the profile states.
//
// What the rates mean:
//
//   - Each task has a chance p of being solved, drawn once from a Beta distribution
//     whose mean is the accuracy at the task's level and whose variance is spread
//     times the most that it can be, m(1-m). It is the task's, whatever the seed:
//     what is hard stays hard.
//   - A judge finds fault with a wrong attempt with chance sensitivity, and finds
//     none with a right one with chance specificity.
//   - Between two attempts the log-odds of preferring the first are
//     logit(accuracy)·(right1 - right2) + length·log2(words1/words2) +
//     self·(own1 - own2) + order, words counted from one more, and own being 1 for
//     attempts that open with the profile's voice. Several are ranked by the same
//     worths and Gumbel noise, so that any two compare alike.
//   - Stated confidence c has logit(c) = scale·logit(q) + shift, q being the chance
//     that the attempt is right given whether the judge in it finds fault: scale 1
//     and shift 0 are calibrated.
package sim

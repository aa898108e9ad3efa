// Package study runs recipes beside their controls over several seeds and says
// what may be concluded: every arm of a seed starts from one base, takes as
// many optimizer steps, and answers the same sealed tasks, so that arms are
// compared task by task, with intervals.
//
// What was chosen (as the best learning rate of a control) was chosen on the
// gate tasks. The audit tasks are read once, after every choice.
package study

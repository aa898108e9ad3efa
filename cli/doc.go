// Package cli is the command line: one file a verb. Logic lives in the root
// package; here flags are read and results printed.
//
// Rules of output:
//
//   - Results go to standard output, signs of life to standard error.
//   - With --json, standard output is one JSON document (JSON lines where rows
//     are many) and nothing else.
//   - A failure prints a line "error: what went wrong" and, where there is
//     something to do about it, a line "hint: what".
//   - Exit status: 0 done, 1 failed, 2 usage or bad input, 3 nothing promoted,
//     4 budget reached, 130 interrupted.
package cli

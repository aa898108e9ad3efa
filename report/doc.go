// Package report shows what a run did: one self-contained HTML page, one
// picture, and the sentence that a reader should take away.
//
// Principles:
//
//   - The page is one file: no script, no request, light and dark, readable on a
//     phone and on paper.
//   - Behind every picture stands a table with the same figures, and every
//     estimate comes with its 95% interval.
//   - A gain is stated against the controls, never alone. Where nothing was
//     gained, or nothing can be concluded, the page says so first.
//   - The same report gives the same bytes: time and machine are given by the
//     caller.
package report

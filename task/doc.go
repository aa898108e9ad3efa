// Package task reads tasks and completions from users' files, JSON lines or
// Parquet.
//
// A task row has a prompt: one of prompt, question, problem (text, or messages)
// or messages (a list of role and content; a last assistant message is the
// worked solution). Where a row has several, the first in this order counts.
// It may have an id (else it is named by file and line), an answer, a worked
// solution and a reference; the answer may itself be a worked solution that
// ends with "#### 18". Number puzzles have numbers and target, and need no
// prompt. Code rows have entry_point and cases or test, a language, and, for
// fresh inputs, a generator beside the solution. Rows of questions have choices,
// a list of texts, or {text, label} with answerKey; an answer that is a number
// is then an index, from 0. Rows may have references (texts, one of which would
// do), json_schema, and instructions, or instruction_id_list and kwargs as
// IFEval's. Other fields are ignored, and null is as good as absent.
//
// One file can serve as three sets: the SHA-256 of the normalised prompt (NFC,
// lower case, spaces made equal) decides, and gives train 60%, gate 20% and
// audit 20% of the prompts. Rows with equal prompts always share a set.
//
// What is wrong with a row is a RowError with file, line and field. The tasks
// of a file are all read, or none.
package task

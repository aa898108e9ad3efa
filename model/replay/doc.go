// Package replay is a model that answers from recorded completions, so that
// strategies are studied on real outputs at no cost and without a network, and
// what was asked once can be asked again.
//
// A recording is a file of completion rows, as `pawl solve` writes them. Sample k
// of a task is answered with the recorded sample k, always; what the recording
// does not hold is an error that says what it holds, never a repeat. Rows name
// what they answer in one of two ways:
//
//	{"id": "t1", "sample": 0, "completion": "..."}      a task, whose prompt is in a file of tasks
//	{"prompt": "...", "sample": 0, "completion": "..."}  the request itself; messages in place of prompt
//	                                                    record a longer one
//
// An actor sees no task ids: a request is found by what it asks, word for word.
// Temperature and length are those the recording was made with.
//
// Texts stay in the file and are read as they are asked for: memory holds where
// each row begins.
package replay

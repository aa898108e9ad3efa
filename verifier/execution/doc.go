// Package execution runs programs that nobody vouches for, for the verifiers
// that judge by what programs do.
//
// A candidate, the program under judgement, lives in a sandboxed process of its
// own. It is given the arguments of calls and gives back values as tagged JSON.
// The process is the candidate's: it may patch, forge and kill whatever is in
// it, so all that comes out of it is its answer and nothing else. The host reads
// it as plain data of exact types (Value) and never as code, objects or verdicts.
//
// A test that is a program lives in a second sandbox. It holds the test, the
// prompt's helpers, and in the candidate's place a function that asks the host;
// the host asks the candidate and hands the answer on, written anew from the
// Value. The two processes share nothing. The verdict is the test process's
// alone, on a pipe that the candidate does not have.
//
//	candidate  <-- arguments, as Python literals --  host  -- values -->  test
//	           --  values, as tagged JSON ------->         <-- calls, verdict --
package execution

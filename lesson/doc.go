// Package lesson makes the lessons that a small model learns all its roles from:
// solving, verifying, locating an error, revising, comparing, grading,
// aggregating, planning, proposing and abstaining, in any world.
//
// A lesson is a task of a world, recast as what a role is asked and what it
// should reply. The reply is known because the world is: right attempts are its
// demonstrations, wrong ones come from its Flaw, and its oracle tells the rest.
// No model takes part. The words of a role are its template's, in the compact
// dialect; a role is a prompt and nothing else.
package lesson

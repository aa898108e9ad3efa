// Package listfn holds three worlds about one tiny language of list functions:
// carrying a program out, finding one from examples, and mending one.
//
// # The language
//
// A program is one to [MaxOps] operations joined by |, carried out from left to
// right on a list of at most [MaxLen] numbers from 0 to 99. Arithmetic is
// modulo 100 and no operation makes a list longer, so that every program gives
// a list for every list: there is no failure, no loop and no growth. [Run]
// carries programs out, [Ops] describes the operations.
//
// # The worlds
//
//	listapply   ls sort|add1 [3,1,4]:               [1,3,4];[2,4,5]
//	listinduce  find 2 [3,1]>[2,4] [5,0,2]>[1,3,6]: sort[1,3][0,2,5];add1[2,4][1,3,6];sort|add1
//	listrepair  fix rev|add1 [3,1]>[2,4] ...:       the same, the given program being wrong
//
// In listapply a step is the list after one operation, and the last one is the
// answer. In the others a step is an operation with the lists that it makes of
// the shown inputs; the program comes last. It is hypothesis induction as in
// Phenomenal Yet Puzzling (Qiu et al., 2023), where models propose rules and an
// interpreter tests them, and self-repair of programs.
//
// # What is right
//
// Any program is right that agrees with the shown examples and with hidden
// ones, whose inputs follow from the shown (a hash of them draws [Hidden] more
// lists). The number in a find prompt, and the length of the program in a fix
// prompt, is the size: programs of at most that many operations are the short
// ones. Every task is decidable, by search through all short programs: at least
// one agrees with the shown examples, none with fewer operations does, and
// those that agree with the shown examples agree with the hidden ones, too.
// Longer programs may be right as well; the hidden examples tell.
//
// A step of a wrong completion counts as wrong when it is miscalculated, or when
// no right short program begins with the operations up to it.
package listfn

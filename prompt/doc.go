// Package prompt holds the words in which seats are asked: one named, versioned
// template for each role that a model can play, in two dialects, and the
// parsers of what comes back.
//
// The chat dialect is English for models that know nothing of Pawl. It ends in
// the form of the reply: a last line such as "#### yes". The compact dialect is
// for small models that were trained on Pawl's worlds, byte by byte. A turn is
// one line and never holds a newline. It is the task's own prompt, then, parted
// by Separator, what there is to look at, and last the mark of the role, so that
// the model knows what it is asked:
//
//	solve               TASK
//	verify              TASK | ATTEMPT ?ok          reply: yes or no
//	locate              TASK | ATTEMPT ?err         number of the first wrong step, 0 for none
//	revise              TASK | ATTEMPT ?fix3        the attempt from step 3 on
//	compare             TASK | ATTEMPT | ATTEMPT ?best   A or B
//	grade               TASK | ATTEMPT ?score       0 to 5
//	aggregate           TASK | ATTEMPT | ... ?join  a final attempt
//	plan                TASK ?plan                  the sub-goals
//	propose             ?new WORLD LEVEL            the prompt of a new task
//	attempt_or_abstain  TASK ?try                   an attempt, or ?
//	write_tests         TASK ?tests                 asserts
//	write_check         TASK ?check                 a function verify(answer)
//	solve_by_program    TASK ?code                  a program that prints the answer
//
// Judges have further forms, which the model in the binary was not trained on:
//
//	grade_by_reference    TASK | ATTEMPT | REFERENCE ?score   0 to 5
//	rank                  TASK | ATTEMPT | ... ?order         2>1>3
//	write_checklist       TASK ?list                          QUESTION | QUESTION | ...
//	check_item            TASK | ATTEMPT | QUESTION ?item     yes or no
//	keep_principle        TASK | ATTEMPT | PRINCIPLE ?keeps   yes or no
//	compare_by_principle  TASK | ATTEMPT | ATTEMPT | PRINCIPLE ?best   A or B
//	check_step            TASK | STEPS ?step2                 yes or no
//	error_spans           TASK | ATTEMPT ?spans               a JSON array
//	compare_judgements    TASK | ATTEMPT | JUDGEMENT | JUDGEMENT ?judge   A or B
//	critique              TASK | ATTEMPT | CRITIQUE ... ?why  a critique
//	verify_critiqued      TASK | ATTEMPT | CRITIQUE ... ?ok   yes or no
//
// What a template cannot show without becoming ambiguous, such as a newline in
// an attempt, it refuses with an UnfitError: whoever asks treats that as an
// attempt that cannot be judged.
//
// Templates are text/template in a bounded form; see Parse. A recipe may word
// them anew, so components ask by way of For, which knows the recipe's wording
// and the dialect that a seat speaks. Parsers abstain rather than guess: in the
// compact dialect a reply is right to the byte or nothing, in chat the form of
// the last line decides.
package prompt

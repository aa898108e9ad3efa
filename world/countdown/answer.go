package countdown

import (
	"fmt"
	"strings"

	"pawl/world"
)

// Answer judges text as an answer to a puzzle, as in the game of 24: the
// expression is the last line, after an optional "Answer:" and left of the
// first "="; what stands right of it is not looked at. Each number is used
// exactly once, with + - * / and parentheses (× ÷ · and − are read as these),
// in exact fractions. A leading minus is allowed: of positive numbers it
// reaches nothing that a minus between two does not. Powers, factorials,
// digits put together and products without a sign are no expressions.
//
// Lines before the last are not looked at; the oracle of this world also takes
// a chain of steps.
func Answer(numbers []int64, target int64, text string) world.Verdict {
	expression, _, _ := strings.Cut(answerLine(signs.Replace(text)), "=")
	expression = strings.TrimSpace(expression)
	value, used, err := evaluate(expression)
	if err != nil {
		return world.Verdict{Answer: expression, FirstWrong: 1, Reason: fmt.Sprintf("reading the expression %.60q: %v", expression, err)}
	}
	return judgeExpression(reference{Numbers: numbers, Target: target}, expression, value, used)
}

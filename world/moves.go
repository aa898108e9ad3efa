package world

import "strings"

// Move is what a turn of the solver says in a played world: all of it in the
// compact dialect; in the chat dialect what follows the last ####, to the end of
// the line, or all of it where there is none. White space around it is dropped,
// and in the chat dialect the marks that models put around words.
func Move(dialect, text string) string {
	text = strings.TrimSpace(text)
	if dialect != Chat {
		return text
	}
	if _, after, marked := CutLast(text, "####"); marked {
		text, _, _ = strings.Cut(strings.TrimSpace(after), "\n")
	}
	return strings.Trim(text, " \t\r.!*`\"'")
}

// WriteMoves is a transcript of the solver's moves alone, as judges of played
// worlds read it: each ends in ; or, in the chat dialect, stands on a line.
func WriteMoves(dialect string, moves []string) string {
	if dialect == Chat {
		return strings.Join(moves, "\n")
	}
	return strings.Join(moves, ";") + ";"
}

// ReadMoves cuts a transcript into moves: at ; or, in the chat dialect, one at
// each ####. The last ; may be missing. White space is no transcript.
func ReadMoves(dialect, text string) []string {
	var moves []string
	if dialect == Chat {
		for i, part := range strings.Split(text, "####") {
			if i > 0 {
				moves = append(moves, Move(dialect, "####"+part))
			}
		}
		return moves
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	for _, step := range MoveSteps(text) {
		moves = append(moves, strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(step), ";")))
	}
	return moves
}

// MoveSteps cuts a compact transcript after every ;. Joined, the steps are text
// again: white space behind the last belongs to it.
func MoveSteps(text string) []string {
	if text == "" {
		return nil
	}
	steps := strings.SplitAfter(text, ";")
	if last := len(steps) - 1; last > 0 && strings.TrimSpace(steps[last]) == "" {
		steps[last-1] += steps[last]
		steps = steps[:last]
	}
	return steps
}

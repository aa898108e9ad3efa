package prompt

import (
	"strconv"
	"strings"
)

// Grades go from 0 to TopGrade.
const TopGrade = 5

// Abstention is what a model says in place of an attempt.
const Abstention = "?"

// marker begins the line of a chat reply that counts.
const marker = "####"

// ParseYesNo reads the reply to verify. Without ok it says neither.
func ParseYesNo(dialect, reply string) (yes, ok bool) {
	switch said(dialect, reply) {
	case "yes":
		return true, true
	case "no":
		return false, true
	}
	return false, false
}

// ParseStep reads the reply to locate: the number of the first wrong step, 0
// for none. An attempt of so many steps has no wrong one beyond; 0 is unknown.
func ParseStep(dialect, reply string, steps int) (step int, ok bool) {
	s := said(dialect, reply)
	if dialect == Chat {
		s = strings.TrimSpace(strings.TrimPrefix(s, "step"))
	}
	step, ok = decimal(s)
	if !ok || steps > 0 && step > steps {
		return 0, false
	}
	return step, true
}

// ParseChoice reads the reply to compare: 0 for A, 1 for B and so on, of n.
func ParseChoice(dialect, reply string, n int) (choice int, ok bool) {
	s := said(dialect, reply)
	if dialect == Chat {
		s = strings.ToUpper(strings.TrimSpace(strings.TrimPrefix(s, "solution")))
	}
	if len(s) != 1 || s[0] < 'A' || int(s[0]-'A') >= n {
		return 0, false
	}
	return int(s[0] - 'A'), true
}

// ParseGrade reads the reply to grade, 0 to TopGrade.
func ParseGrade(dialect, reply string) (grade int, ok bool) {
	s := said(dialect, reply)
	if dialect == Chat { // 4/5, 4 out of 5
		s = strings.TrimSuffix(s, "/"+strconv.Itoa(TopGrade))
		s = strings.TrimSuffix(s, " out of "+strconv.Itoa(TopGrade))
	}
	grade, ok = decimal(s)
	if !ok || grade > TopGrade {
		return 0, false
	}
	return grade, true
}

// ParseAttempt reads the reply to attempt_or_abstain: the attempt, or not ok
// where the model abstains.
func ParseAttempt(dialect, reply string) (attempt string, ok bool) {
	if dialect == Compact {
		return reply, reply != Abstention
	}
	if strings.TrimSpace(reply) == Abstention {
		return "", false
	}
	if line, found := markedLine(reply); found && plainly(line) == Abstention {
		return "", false
	}
	return reply, true
}

// ParseProposal reads the reply to propose: the prompt of a new problem. In
// chat it stands between one pair of tags.
func ParseProposal(dialect, reply string) (text string, ok bool) {
	if dialect == Compact {
		return reply, reply != "" && !strings.ContainsAny(reply, "\n\r")
	}
	_, rest, found := strings.Cut(reply, "<problem>")
	text, after, closed := strings.Cut(rest, "</problem>")
	if !found || !closed || strings.Contains(text+after, "<problem>") {
		return "", false
	}
	text = strings.TrimSpace(text)
	return text, text != ""
}

// say words a reply as the templates ask for it: SayYesNo, SayStep, SayChoice
// and SayGrade are what ParseYesNo and the others read back.
func say(dialect, s string) string {
	if dialect == Chat {
		return marker + " " + s
	}
	return s
}

// SayYesNo is the reply to verify.
func SayYesNo(dialect string, yes bool) string {
	if yes {
		return say(dialect, "yes")
	}
	return say(dialect, "no")
}

// SayStep is the reply to locate.
func SayStep(dialect string, step int) string { return say(dialect, strconv.Itoa(step)) }

// SayChoice is the reply to compare.
func SayChoice(dialect string, choice int) string {
	return say(dialect, string(rune('A'+choice)))
}

// SayGrade is the reply to grade.
func SayGrade(dialect string, grade int) string { return say(dialect, strconv.Itoa(grade)) }

// SayAbstain is the reply of one who does not try.
func SayAbstain(dialect string) string { return say(dialect, Abstention) }

// said is the part of a reply that counts: all of it in the compact dialect; in
// chat what follows the marker, without emphasis, case and punctuation, or the
// whole reply where it is one line. It is "" where that is in doubt.
func said(dialect, reply string) string {
	if dialect == Compact {
		return reply
	}
	return plainly(counted(reply))
}

// counted is the line of a chat reply that counts, as it is written.
func counted(reply string) string {
	if line, ok := markedLine(reply); ok {
		return line
	}
	if s := strings.TrimSpace(reply); !strings.Contains(reply, marker) && !strings.Contains(s, "\n") {
		return s
	}
	return ""
}

// markedLine is what follows the marker in the line that counts: the last line
// of the reply, or the only one that has a marker.
func markedLine(reply string) (string, bool) {
	var marked []string
	last := ""
	for line := range strings.Lines(reply) {
		line = strings.Trim(line, " \t\r\n*_`>")
		if line == "" {
			continue
		}
		last = line
		if strings.HasPrefix(line, marker) {
			marked = append(marked, line)
		}
	}
	if len(marked) == 0 || len(marked) > 1 && !strings.HasPrefix(last, marker) {
		return "", false
	}
	return strings.TrimLeft(marked[len(marked)-1], "#"), true
}

// plainly drops emphasis, quotes, brackets, closing punctuation and case.
func plainly(s string) string {
	return strings.ToLower(strings.Trim(s, " \t\r\n*_`\"'().,;:!<>[]$"))
}

// decimal reads a natural number without sign or leading zeros.
func decimal(s string) (int, bool) {
	if s == "" || len(s) > 6 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

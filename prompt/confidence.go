package prompt

import (
	"regexp"
	"strconv"
	"strings"
)

// stated matches a probability as models put it: 85%, about 85
// percent, confidence: 0.85, 85/100, 9 out of 10.
var stated = regexp.MustCompile(`^(?:(?:my|the|a|new|final|revised|overall|i am|i'm|i would say)\s+)*` +
	`(?:(?:confidence|probability|certainty|uncertainty|likelihood)(?: level| score)?(?: is| of)?\s*[:=]?\s*)?` +
	`(?:about|around|approximately|roughly|~|≈)?\s*` +
	`(\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})\s*(%|percent|per cent|/\s*100?|out of 100?)?` +
	`(?:\s+(?:confident|confidence|sure|certain|uncertain|uncertainty|likely|probability))?$`)

// unmarked takes out what Markdown and LaTeX put around a number.
var unmarked = strings.NewReplacer("*", "", "`", "", "_", "", `\%`, "%", `\`, "", "$", "")

// ParseConfidence reads the reply to confidence, uncertainty and the critiques of
// both: a share in [0, 1], in the sense that was asked for. A number without a unit is a percentage, or a
// probability where it has a decimal point and is at most 1; 1 alone could be
// either, and says neither. A range, or a word such as high, says nothing.
func ParseConfidence(dialect, reply string) (p float64, ok bool) {
	if dialect == Compact {
		n, ok := decimal(reply)
		return float64(n) / 100, ok && n <= 100
	}
	s := unmarked.Replace(strings.ToLower(counted(reply)))
	m := stated.FindStringSubmatch(strings.TrimRight(strings.TrimSpace(s), ".!"))
	if m == nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, false
	}
	of := 100.0
	switch unit := strings.ReplaceAll(m[2], " ", ""); {
	case unit == "/10" || unit == "outof10":
		of = 10
	case unit != "":
	case strings.Contains(m[1], ".") && v <= 1:
		of = 1
	case m[1] == "1":
		return 0, false
	}
	return v / of, v <= of
}

// SayConfidence is the reply to confidence, a whole percentage.
func SayConfidence(dialect string, percent int) string {
	if dialect == Chat {
		return say(dialect, strconv.Itoa(percent)+"%")
	}
	return say(dialect, strconv.Itoa(percent))
}

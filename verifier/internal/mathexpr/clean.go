package mathexpr

import "strings"

// This file takes off what only sets a text. It works on text and not on tokens,
// since what is taken off may stand across any of them.

const thousands = '\ue000' // stands for a separator that can be nothing else

// separators that are thousands' whatever stands around them.
var separators = strings.NewReplacer(`\\`, `\\`, `\bigcup`, `\cup`, `\bigcap`, `\cap`, `\leftarrow`, `\gets`, `\rightarrow`, `\to`, `\leftrightarrow`, `\iff`,
	`{,}`, string(thousands), `{, }`, string(thousands), `{ ,}`, string(thousands), `,\!`, string(thousands), `\!`, "",
	`\left.`, "", `\right.`, "", `\left`, "", `\right`, "", `\displaystyle`, " ", `\textstyle`, " ", `\limits`, "", `\nolimits`, "",
	`\bigl`, "", `\bigr`, "", `\Bigl`, "", `\Bigr`, "", `\biggl`, "", `\biggr`, "", `\big`, "", `\Big`, "", `\[`, " ", `\]`, " ", `\(`, " ", `\)`, " ", `\,`, " ", `\;`, " ", `\:`, " ", `\ `, " ", "~", " ",
	`\qquad`, " ", `\quad`, " ", `\phantom`, "", "{}", "", "\t", " ", "\n", " ", "\r", " ")

// clean removes what only sets a text: delimiters of mathematics, sizes,
// spaces, emphasis. What a $ is depends on their number: an even one delimits.
func clean(s string) string {
	s = emphasized(unicodeSigns.Replace(strings.TrimSpace(s)))
	if t := strings.TrimLeft(s, "$ "); strings.HasPrefix(t, "~") { // about, and no space of LaTeX
		s = `\sim ` + strings.Trim(t[1:], "$")
	}
	s = unwrapped(separators.Replace(s))
	bare := strings.Count(s, "$") - strings.Count(s, `\$`)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '$':
			b.WriteString(`\text{dollar}`)
			i++
		case s[i] == '$' && bare%2 == 0:
			b.WriteByte(' ')
		case s[i] == '$':
			b.WriteString(`\text{dollar}`)
		default:
			b.WriteByte(s[i])
		}
	}
	s = strings.TrimSpace(b.String())
	if strings.HasSuffix(s, "..") { // what goes on does not end there
		s = strings.TrimRight(s, ".") + "..."
	} else if t := strings.TrimRight(s, " .,;"); t != "" {
		s = t
	}
	return s
}

// emphasized is what stands between the stars of Markdown, and the stop that
// ends its sentence.
func emphasized(s string) string {
	for _, stars := range []string{"***", "**", "__"} {
		t := strings.TrimRight(s, " .,;")
		if len(t) > 2*len(stars) && strings.HasPrefix(t, stars) && strings.HasSuffix(t, stars) && !strings.Contains(t[len(stars):len(t)-len(stars)], stars) {
			return strings.TrimSpace(t[len(stars) : len(t)-len(stars)])
		}
	}
	return s
}

// boxes frame an answer.
var boxes = strings.NewReplacer(`\boxed`, "", `\fbox`, "")

// unwrapped is what stands in the braces, boxes and dollars around a text.
func unwrapped(s string) string {
	for {
		s = strings.TrimSpace(s)
		inner := s
		if t := strings.Trim(s, "$ "); strings.HasPrefix(t, `\boxed`) || strings.HasPrefix(t, `\fbox`) {
			inner = boxes.Replace(strings.TrimRight(t, "., "))
		}
		if strings.HasPrefix(inner, "{") && balanced(inner, 0) == len(inner)-1 && !strings.Contains(topLevel(inner), ",") {
			inner = inner[1 : len(inner)-1]
		} else if inner != s && strings.HasPrefix(inner, "{") && balanced(inner, 0) == len(inner)-1 {
			inner = inner[1 : len(inner)-1]
		}
		if inner == s {
			return boxes.Replace(s)
		}
		s = inner
	}
}

// topLevel is what stands in the outermost braces and in none within them.
func topLevel(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch r {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		}
		if depth == 1 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// balanced is where the brace that opens at i closes, or -1.
func balanced(s string, i int) int {
	depth := 0
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return -1
}

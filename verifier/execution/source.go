package execution

import (
	"regexp"
	"slices"
	"strings"
)

// ReadCompletion makes a program of what a model wrote. A completion with a
// fenced block is that block: of several, the last that defines the entry
// point, else the last that imports it, else the last. One whose first line that
// is not blank is indented goes on with the prompt, and ends before the first
// line that starts in column 0. Anything else is a whole program. A fence after
// the code, or within its texts, makes no block of what is no program.
func ReadCompletion(completion, prompt, entry string) Program {
	p := Program{Source: plain(completion), Prompt: plain(prompt), Entry: entry}
	if blocks := Fenced(p.Source); len(blocks) > 0 {
		of := func(defines func(source, name string) bool) int {
			for i, b := range slices.Backward(blocks) {
				if defines(b, entry) {
					return i
				}
			}
			return -1
		}
		best := of(binds)
		if best < 0 {
			before := beforeFence(p.Source)
			if goesOn(before) || binds(before, entry) {
				return p.unfenced(before)
			}
			best = of(Defines)
		}
		if best < 0 {
			best = len(blocks) - 1
		}
		p.Source = strings.TrimPrefix(blocks[best], "\ufeff")
		return p
	}
	return p.unfenced(p.Source)
}

// plain is a text with the line ends and the beginning that Python expects.
func plain(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
}

var columnFence = regexp.MustCompile("(?m)^(?:```|~~~)")

// beforeFence is a text up to the first fence in column 0.
func beforeFence(text string) string {
	if at := columnFence.FindStringIndex(text); at != nil {
		return text[:at[0]]
	}
	return text
}

// goesOn tells whether the first line that is not blank is indented, and no
// fence.
func goesOn(source string) bool {
	for line := range strings.Lines(source) {
		if strings.TrimSpace(line) != "" {
			return (line[0] == ' ' || line[0] == '\t') && !columnFence.MatchString(strings.TrimSpace(line))
		}
	}
	return false
}

func (p Program) unfenced(source string) Program {
	if p.Source, p.GoesOn = source, goesOn(source); p.GoesOn {
		p.Source = cut(source)
	}
	return p
}

// cut ends a text before the first line that starts in column 0.
func cut(text string) string {
	n := 0
	for line := range strings.Lines(text) {
		if c := line[0]; c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' {
			break
		}
		n += len(line)
	}
	return text[:n]
}

// Fenced lists the fenced blocks of a text, as Markdown has them; one that is
// not closed goes to the end. Blocks in an indented list lose its indent. As in
// Markdown, a fence that is indented further than by three is text of the block.
func Fenced(text string) []string {
	var blocks []string
	var b strings.Builder
	fence, indent := "", 0
	for line := range strings.Lines(text) {
		bare := strings.TrimLeft(line, " \t")
		run := bare[:len(bare)-len(strings.TrimLeft(bare, "`"))]
		if run == "" {
			run = bare[:len(bare)-len(strings.TrimLeft(bare, "~"))]
		}
		rest := strings.TrimSpace(bare[len(run):])
		switch {
		case fence == "" && len(run) >= 3 && !strings.Contains(rest, "`"):
			fence, indent = run, len(line)-len(bare)
			b.Reset()
		case fence != "" && strings.HasPrefix(run, fence) && rest == "" && len(line)-len(bare) <= indent+3:
			blocks, fence = append(blocks, b.String()), ""
		case fence != "":
			b.WriteString(dedent(line, indent))
		}
	}
	if fence != "" && strings.TrimSpace(b.String()) != "" {
		blocks = append(blocks, b.String())
	}
	return blocks
}

func dedent(line string, n int) string {
	i := 0
	for i < n && i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	return line[i:]
}

// Defines tells whether a program seems to define a name at its top level.
func Defines(source, name string) bool {
	return binds(source, name) || regexp.MustCompile(`(?m)^from\b.*\bimport\b.*\b`+regexp.QuoteMeta(name)+`\b`).MatchString(source)
}

// binds is Defines without imports: the name is made here.
func binds(source, name string) bool {
	q := regexp.QuoteMeta(name)
	return regexp.MustCompile(`(?m)^(?:(?:async[ \t]+)?def[ \t]+` + q + `\b|class[ \t]+` + q + `\b|` + q + `[ \t]*(?::[^=\n]*)?=[^=])`).MatchString(source)
}

package execution

import (
	"regexp"
	"strings"
)

// ReadCompletion makes a program of what a model wrote. A completion with a
// fenced block is that block: of several, the last that defines the entry
// point, else the last. One whose first line that is not blank is indented goes
// on with the prompt, and ends before the first line that starts in column 0.
// Anything else is a whole program.
func ReadCompletion(completion, prompt, entry string) Program {
	p := Program{Source: strings.ReplaceAll(completion, "\r\n", "\n"), Prompt: strings.ReplaceAll(prompt, "\r\n", "\n"), Entry: entry}
	if blocks := Fenced(p.Source); len(blocks) > 0 {
		p.Source = blocks[len(blocks)-1]
		for i := len(blocks) - 1; i >= 0; i-- {
			if Defines(blocks[i], entry) {
				p.Source = blocks[i]
				break
			}
		}
		return p
	}
	for line := range strings.Lines(p.Source) {
		if strings.TrimSpace(line) != "" {
			if p.GoesOn = line[0] == ' ' || line[0] == '\t'; p.GoesOn {
				p.Source = cut(p.Source)
			}
			break
		}
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
// not closed goes to the end. Blocks in an indented list lose its indent.
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
		case fence != "" && strings.HasPrefix(run, fence) && rest == "":
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
	q := regexp.QuoteMeta(name)
	return regexp.MustCompile(`(?m)^(?:(?:async[ \t]+)?def[ \t]+` + q + `\b|class[ \t]+` + q + `\b|` + q + `[ \t]*(?::[^=\n]*)?=[^=]|from\b.*\bimport\b.*\b` + q + `\b)`).MatchString(source)
}

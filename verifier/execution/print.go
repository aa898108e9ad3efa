package execution

import (
	"context"
	"regexp"
	"strings"

	"pawl/core"
)

// Print runs a program by itself and gives what it printed, or why it did not
// come to its end. Errors are the sandbox's.
func Print(ctx context.Context, box core.Sandbox, source string, l Limits) (printed, why string, err error) {
	ran, err := box.Run(ctx, core.Program{
		Language: core.LanguagePython, Source: source,
		Limits: core.Limits{CPU: l.Time, Wall: l.wall(), Memory: l.Memory},
	})
	switch {
	case err != nil:
		return "", "", err
	case ran.OK():
		return strings.ToValidUTF8(string(ran.Stdout), "\ufffd"), "", nil
	}
	why = (&Death{ran}).Why()
	if ran.Exceeded == "" && ran.Signal == "" {
		if m := lastError.FindSubmatch(ran.Stderr); m != nil {
			why = "ends with " + exception([]any{string(m[1])})
		}
	}
	return "", why, nil
}

// lastError is the name in the last line of a traceback.
var lastError = regexp.MustCompile(`(?m)^(?:\w+\.)*(\w+)(?::[^\n]*)?\s*\z`)

// Unfenced is a text without its fenced blocks.
func Unfenced(text string) string {
	var b strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		bare := strings.TrimLeft(line, " \t")
		run := bare[:len(bare)-len(strings.TrimLeft(bare, "`"))]
		switch {
		case fence == "" && len(run) >= 3:
			fence = run
		case fence != "" && strings.HasPrefix(run, fence):
			fence = ""
		case fence == "":
			b.WriteString(line)
		}
	}
	return b.String()
}

var code = regexp.MustCompile(`(?m)^(?:import \w|from \w[\w.]* import |def \w+\(|print\(|\w+ = )`)

// LooksLikeCode tells whether a text without fences may be a program.
func LooksLikeCode(text string) bool { return code.MatchString(text) }

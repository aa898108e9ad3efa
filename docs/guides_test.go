package docs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// block is a shell block of a guide that is to be run, marked with
// <!-- run --> or <!-- run: exit 0 or 3 -->. Every line of the text block right
// after it must be part of what it prints.
type block struct {
	line   int
	script string
	exits  []int
	says   []string
}

var (
	marker = regexp.MustCompile(`^<!-- run(?:: exit ([0-9]+(?: or [0-9]+)*))? -->$`)
	number = regexp.MustCompile(`[0-9]+`)
)

// blocks finds what a guide wants run; a marker without a block is an error.
func blocks(t *testing.T, text string) []block {
	t.Helper()
	lines := strings.Split(text, "\n")
	var out []block
	for i := 0; i < len(lines); i++ {
		m := marker.FindStringSubmatch(lines[i])
		if m == nil {
			if strings.Contains(lines[i], "<!-- run") {
				t.Fatalf("line %d: the mark %q cannot be read", i+1, lines[i])
			}
			continue
		}
		b := block{line: i + 2, exits: []int{0}}
		if m[1] != "" {
			b.exits = nil
			for _, s := range number.FindAllString(m[1], -1) {
				n, err := strconv.Atoi(s)
				if err != nil {
					t.Fatal(err)
				}
				b.exits = append(b.exits, n)
			}
		}
		body, next := fenced(lines, i+1, "```sh")
		if body == nil {
			t.Fatalf("line %d: no ```sh block follows the mark", i+1)
		}
		b.script = strings.Join(body, "\n")
		if says, after := fenced(lines, next+1, "```text"); says != nil {
			b.says, next = says, after
		}
		out = append(out, b)
		i = next - 1
	}
	return out
}

// fenced reads the block that opens at line i, and the line after it.
func fenced(lines []string, i int, opening string) (body []string, next int) {
	if i >= len(lines) || lines[i] != opening {
		return nil, i
	}
	end := slices.Index(lines[i+1:], "```")
	if end < 0 {
		return nil, i
	}
	return lines[i+1 : i+1+end], i + 1 + end + 1
}

// TestGuides runs the guides as a reader would, each in an empty folder.
func TestGuides(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program and trains models")
	}
	if raceEnabled {
		t.Skip("what it runs is another process, without the race detector")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "pawl"), "pawl/cmd/pawl").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	guides, err := filepath.Glob("guides/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("no guides found: %v", err)
	}
	for _, guide := range guides {
		t.Run(filepath.Base(guide), func(t *testing.T) {
			text, err := os.ReadFile(guide)
			if err != nil {
				t.Fatal(err)
			}
			todo := blocks(t, string(text))
			if len(todo) == 0 {
				t.Fatal("nothing in it is run")
			}
			dir := t.TempDir()
			for _, b := range todo {
				runBlock(t, guide, b, dir, bin)
			}
		})
	}
}

func runBlock(t *testing.T, guide string, b block, dir, bin string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", b.script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "PAWL_DIR=")
	out, err := cmd.CombinedOutput()
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%s:%d: %v", guide, b.line, err)
	}
	if !slices.Contains(b.exits, status) {
		t.Fatalf("%s:%d: exit status %d, expected %v:\n%s", guide, b.line, status, b.exits, out)
	}
	for _, s := range b.says {
		if !strings.Contains(string(out), s) {
			t.Errorf("%s:%d: it does not print %q:\n%s", guide, b.line, s, out)
		}
	}
}

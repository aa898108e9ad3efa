package pawl_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl"
	"pawl/lesson"
	"pawl/model/nano"
	"pawl/recipe"
)

// The model in the binary is what pretrain-nano makes of its lessons. When a
// world, a template or the recipe changes, its lessons may, and the model must be
// trained anew; then PAWL_UPDATE=1 writes the digest of the new ones.
func TestLessonsAreThoseOfTheModelInTheBinary(t *testing.T) {
	if err := nano.Write(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	p, err := pawl.Open(pawl.Options{Memory: true, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	plan, err := p.Recipe(pawl.NanoRecipe)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(plan.Tasks, func(s recipe.TaskSet) bool { return s.Name == "lessons" })
	lessons, err := lesson.New(plan.Tasks[at].Source.Config.(lesson.Config))
	if err != nil {
		t.Fatal(err)
	}
	const every = 211 // a prime, so that no period of the lessons is missed
	h := sha256.New()
	n := 0
	for i := 0; i < lessons.Len(); i += every {
		task, err := lessons.Task(i)
		if err != nil {
			t.Fatal(err)
		}
		for _, turn := range task.Prompt {
			fmt.Fprintf(h, "%s %q\n", turn.Role, turn.Content)
		}
		fmt.Fprintf(h, "%q\n", task.Ref().Solution)
		n++
	}
	got := fmt.Sprintf("%s of %d lessons\n", hex.EncodeToString(h.Sum(nil)), n)
	file := filepath.Join("testdata", "nano_lessons.golden")
	if os.Getenv("PAWL_UPDATE") == "1" {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the lessons of %s are %s, but the model in the binary was trained on %s: train it anew, as docs/nano.md tells",
			pawl.NanoRecipe, strings.TrimSpace(got), strings.TrimSpace(string(want)))
	}
}

package check

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pawl"
	"pawl/core"
	"pawl/lesson"
	"pawl/model/embedded"
	"pawl/store"
	"pawl/task"
	"pawl/world"
)

// turn is a message of a prompt in forward.py's rows.
type turn struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// A role is a prompt, never code of ours: an exported folder plays every role
// as well without Pawl as with it. PAWL_CHECK_MODEL names another model than
// the one in the binary, as run:ID or embedded:DIR.
func TestEveryRoleWithoutPawl(t *testing.T) {
	name := os.Getenv("PAWL_CHECK_MODEL")
	model, err := pawl.ParseModel(name)
	if err != nil {
		t.Fatal(err)
	}
	roles(t, model, 200, 30)
}

// A model that has learnt nothing says long and strange things.
func TestEveryRoleOfANewModel(t *testing.T) {
	ctx, e := context.Background(), embedded.New(store.Memory())
	policy, err := e.NewModel(ctx, core.ModelShape{Width: 32, Layers: 2, Heads: 2, Context: 512, RopeTheta: 10000, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := e.Export(ctx, policy, dir); err != nil {
		t.Fatal(err)
	}
	model, err := pawl.ParseModel("embedded:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	roles(t, model, 8, 3)
}

// roles exports a model, has it answer n lessons in each role with most tokens
// here, and, from the folder alone, in forward.py; and judges both.
func roles(t *testing.T, model pawl.Model, most, n int) {
	py := python(t)
	ctx := context.Background()
	p, err := pawl.Open(pawl.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	policy, err := p.Policy(ctx, model)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := p.Export(ctx, policy, dir, pawl.ExportOptions{}); err != nil {
		t.Fatal(err)
	}

	tasks := lessons(t, p, n)
	var rows []row
	err = p.Solve(ctx, tasks, pawl.SolveOptions{Model: model, MaxTokens: most}, func(s pawl.Solution) error {
		of := tasks[len(rows)]
		var turns []turn
		for _, n := range of.Prompt {
			turns = append(turns, turn{n.Role, n.Content})
		}
		rows = append(rows, row{ID: of.ID, Prompt: turns, Draft: s.Completion, Answer: of.Ref().Answer})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := runForward(t, py, dir, rows, most)

	type score struct{ n, here, there, differ int }
	scores := map[string]*score{}
	differ, several := 0, 0
	for i, of := range tasks {
		_, role, _ := lesson.Of(of)
		s := scores[role]
		if s == nil {
			s = &score{}
			scores[role] = s
		}
		s.n++
		s.here += right(t, of, rows[i].Draft)
		s.there += right(t, of, got[i].Completion)
		if readable(rows[i].Draft) != readable(got[i].Completion) {
			differ++
			s.differ++
			t.Logf("%s, asked %q: %q here, %q in forward.py", role, of.Text(), rows[i].Draft, got[i].Completion)
		}
		if len(of.Prompt) > 1 {
			several++
		}
	}
	for _, role := range slices.Sorted(maps.Keys(scores)) {
		s := scores[role]
		t.Logf("%-18s %d of %d right here, %d in forward.py", role, s.here, s.n, s.there)
		// Where two tokens are as likely but for rounding either may be chosen.
		if d := s.here - s.there; max(d, -d) > 1 || s.differ > 1 {
			t.Errorf("%s: %d of %d right here, %d in forward.py; %d replies differ", role, s.here, s.n, s.there, s.differ)
		}
	}
	if differ*100 > len(tasks) {
		t.Errorf("%d of %d replies differ", differ, len(tasks))
	}
	if len(scores) != len(lesson.Roles) || several == 0 {
		t.Errorf("%d roles of %d, %d prompts of several turns", len(scores), len(lesson.Roles), several)
	}
}

// lessons are n tasks in each role, of the worlds and levels that the model in
// the binary is meant for.
func lessons(t *testing.T, p *pawl.Pawl, n int) (all []core.Task) {
	meant, err := p.NanoLevels()
	if err != nil {
		t.Fatal(err)
	}
	var worlds []string
	for _, name := range slices.Sorted(maps.Keys(meant.Levels)) {
		worlds = append(worlds, fmt.Sprintf("%s: %d", name, meant.Levels[name]))
	}
	for _, role := range lesson.Roles {
		// Only at those levels, but for abstaining, which is for those beyond.
		set, err := pawl.LoadTasks(context.Background(), fmt.Sprintf("{lessons: {split: audit, seed: 3, only: %v, n: %d, worlds: {%s}, roles: {%s: 1}}}",
			role != "attempt_or_abstain", n, strings.Join(worlds, ", "), role), task.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range set.List {
			of.ID = role + "/" + of.ID
			all = append(all, of)
		}
	}
	return all
}

func right(t *testing.T, of core.Task, reply string) int {
	v, err := world.Check(of, reply)
	if err != nil {
		t.Fatal(err)
	}
	if v.Right {
		return 1
	}
	return 0
}

// readable is s with one sign for bytes in a row that are no text, of which
// decoders make as many as they like.
func readable(s string) string { return unreadable.ReplaceAllString(s, "\uFFFD") }

var unreadable = regexp.MustCompile("\uFFFD+")

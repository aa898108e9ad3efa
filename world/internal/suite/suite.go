// Package suite is what the worlds of character strings are all tested for.
package suite

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
)

// Build makes one world of a kind.
type Build func(level int, split, dialect string, seed uint64) (world.World, error)

// bytes that prompts and completions may have, by level.
var bytes = map[int]int{1: 110, 2: 110, 3: 110, 4: 160, 5: 300}

// Conform checks tasks of all levels, splits and dialects.
func Conform(t *testing.T, name string, build Build) {
	rules, ok := world.RulesOf(name)
	if !ok {
		t.Fatalf("no world is registered as %s", name)
	}
	for level := 1; level <= 5; level++ {
		for _, dialect := range []string{world.Compact, world.Chat} {
			owner := map[string]string{}
			for k, split := range world.Splits {
				w, err := build(level, split, dialect, uint64(k)) // other seeds must not matter
				if err != nil {
					t.Fatal(err)
				}
				for i := range min(w.Len(), 60) {
					task := w.Task(i)
					if again := w.Task(i); !reflect.DeepEqual(task, again) {
						t.Fatalf("task %d differs the second time: %v, %v", i, task, again)
					}
					if was, ok := owner[task.Text()]; ok {
						t.Fatalf("%s is in %s and in %s", task.Text(), was, split)
					}
					owner[task.Text()] = split
					r := rand.New(rand.NewPCG(uint64(i), uint64(level)))
					judged(t, rules, task, r)
					if dialect == world.Compact {
						compact(t, rules, w, task, bytes[level])
						mutated(t, rules, task, r)
					}
				}
			}
		}
	}
}

// judged checks the demonstration and flaws of a task.
func judged(t *testing.T, rules world.Rules, task core.Task, r *rand.Rand) {
	t.Helper()
	ref := task.Ref()
	judge, err := rules.Judge(task.Reference)
	if err != nil {
		t.Fatal(err)
	}
	if v := judge(ref.Solution); !v.Valid || !v.Right || v.FirstWrong != 0 || v.Reason != "" || v.Answer != ref.Answer {
		t.Fatalf("%q with solution %q: %+v", task.Text(), ref.Solution, v)
	}
	for range 4 {
		flaw, err := rules.Flaw(task.Reference, r)
		if err != nil {
			t.Fatal(err)
		}
		v := judge(flaw)
		if v.Right || v.FirstWrong < 1 || v.Reason == "" {
			t.Fatalf("%q flawed as %q: %+v", ref.Solution, flaw, v)
		}
		// All steps before the first wrong one are those of the demonstration.
		n, right, wrong := v.FirstWrong-1, rules.Steps(ref.Solution), rules.Steps(flaw)
		if n < min(len(right), len(wrong)) && !strings.Contains(flaw, "####") &&
			(!reflect.DeepEqual(right[:n], wrong[:n]) || right[n] == wrong[n]) {
			t.Fatalf("%q flawed as %q is said to be wrong from step %d on", ref.Solution, flaw, v.FirstWrong)
		}
	}
}

// compact checks what holds in the compact dialect alone.
func compact(t *testing.T, rules world.Rules, w world.World, task core.Task, limit int) {
	t.Helper()
	ref := task.Ref()
	if strings.Join(rules.Steps(ref.Solution), "") != ref.Solution {
		t.Fatalf("the steps of %q do not join to it", ref.Solution)
	}
	if len(task.Text()) > limit || len(ref.Solution) > limit {
		t.Fatalf("%q and %q have more than %d bytes", task.Text(), ref.Solution, limit)
	}
	vocabulary := strings.Join(w.Vocabulary(), "")
	if rest := strings.Trim(task.Text()+ref.Solution, vocabulary); rest != "" {
		t.Fatalf("%q is not in the vocabulary", rest)
	}
	back, err := rules.Read(task.Text())
	if err != nil || string(back.Reference) != string(task.Reference) || back.Text() != task.Text() {
		t.Fatalf("%q is read with reference %s, %v, want %s", task.Text(), back.Reference, err, task.Reference)
	}
	if rules.Plan != nil {
		if plan, err := rules.Plan(task.Reference); err != nil || plan == "" {
			t.Fatalf("no plan for %q: %v", task.Text(), err)
		}
	}
}

// mutated checks that no other character can stand anywhere: these worlds have
// one valid completion, up to space around its steps.
func mutated(t *testing.T, rules world.Rules, task core.Task, r *rand.Rand) {
	t.Helper()
	judge, err := rules.Judge(task.Reference)
	if err != nil {
		t.Fatal(err)
	}
	solution := task.Ref().Solution
	for range 8 {
		b := []byte(solution)
		b[r.IntN(len(b))] = byte(' ' + r.IntN('~'-' '))
		if v := judge(string(b)); v.Valid != (string(b) == solution) {
			t.Fatalf("%q for %q: %+v", b, solution, v)
		}
	}
}

// Fuzz throws text at everything that reads text. The tasks are one of each
// dialect.
func Fuzz(f *testing.F, name string, tasks ...core.Task) {
	rules, _ := world.RulesOf(name)
	for _, t := range tasks {
		f.Add(t.Ref().Solution)
		f.Add(t.Text())
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, task := range tasks {
			v, err := world.Check(task, text)
			if err != nil {
				t.Fatal(err)
			}
			if v.Valid && (!v.Right || v.FirstWrong != 0) || !v.Valid && (v.FirstWrong == 0 || v.Reason == "") {
				t.Fatalf("%+v on %q", v, text)
			}
		}
		if got := strings.Join(rules.Steps(text), ""); got != text {
			t.Fatalf("steps of %q join to %q", text, got)
		}
		if task, err := rules.Read(text); err == nil {
			if task.Text() != text || !json.Valid(task.Reference) {
				t.Fatalf("%q is read as %q", text, task.Text())
			}
			if v, err := world.Check(task, task.Ref().Solution); err != nil || !v.Valid {
				t.Fatalf("the solution of %q: %+v, %v", text, v, err)
			}
		}
	})
}

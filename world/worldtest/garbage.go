package worldtest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
)

// nonsense is of no world.
var nonsense = []string{
	"", " ", "\n", "\x00", "\xff\xfe", "####", "#### ", ";;;;", "====", "=", ":", "-", "e", "é世界",
	"I cannot tell.", "99999999999999999999999999", "-1", strings.Repeat("9", 1500), strings.Repeat("(", 1500),
	strings.Repeat("1;", 700), strings.Repeat("\n", 1500),
}

// mutants of a text: a character changed, dropped, doubled, two exchanged, the
// rest cut off or said twice.
func mutants(text string, n int) []string {
	r := stream(len(text))
	var all []string
	for range n {
		if text == "" {
			break
		}
		b := []byte(text)
		i, j := r.IntN(len(b)), r.IntN(len(b))
		switch r.IntN(6) {
		case 0:
			b[i] = byte(' ' + r.IntN('~'-' '+1))
		case 1:
			b = slices.Delete(b, i, i+1)
		case 2:
			b = slices.Insert(b, i, b[j])
		case 3:
			b[i], b[j] = b[j], b[i]
		case 4:
			b = b[:i]
		case 5:
			b = append(b, b[i:]...)
		}
		all = append(all, string(b))
	}
	return all
}

// garbage: every text gets a consistent verdict.
func (s suite) garbage(t *testing.T) {
	for _, dialect := range []string{world.Compact, world.Chat} {
		told := 0 // the level that has heard the nonsense
		s.each(t, dialect, 6, func(level int, task core.Task) {
			texts := mutants(task.Ref().Solution, 40)
			if level > told {
				texts, told = append(texts, nonsense...), level
			}
			judge := s.judge(t, task)
			for _, text := range texts {
				judge(text)
			}
		})
	}
}

// hedged: who gives a right answer and a wrong one has none that is right, and
// what is written onto an answer makes another of it.
func (s suite) hedged(t *testing.T) {
	var before string // the answer of another task
	s.each(t, world.Chat, 4, func(level int, task core.Task) {
		a, w := task.Ref().Answer, before
		before = a
		if a == w || w == "" {
			return
		}
		for _, line := range []string{a + " or " + w, w + " or " + a, a + ", " + w, w + ", no: " + a, a + "/" + w, a + "*7", a + ".5", "1-" + a, a + "e1"} {
			if v := s.judge(t, task)("#### " + line); v.Right {
				t.Errorf("level %d: %q: the answer is %q, and %q is accepted: %+v", level, task.Text(), a, line, v)
			}
		}
	})
}

// damaged: references come from files. What is wrong in them is an error, or
// it does no harm; it never panics.
func (s suite) damaged(t *testing.T) {
	s.each(t, world.Compact, 1, func(_ int, task core.Task) {
		whole := fields(t, task.Reference)
		for _, raw := range []string{"", "null", "7", "[]", "{}", `{"world":"` + s.Name + `"}`} {
			s.touch(task, json.RawMessage(raw))
		}
		for name := range whole {
			for _, value := range []any{nil, "", "x", "1", -1, 0, 1, 2.5, 1 << 20, true, []any{}, []any{-1}, []any{0, "x"}, map[string]any{}} {
				m := maps.Clone(whole)
				m[name] = value
				s.touch(task, encode(m))
			}
		}
	})
	if s.rules.Judge == nil {
		return
	}
	for _, raw := range []string{"", "7", "[]"} {
		if _, err := s.rules.Judge(json.RawMessage(raw)); err == nil {
			t.Errorf("the reference %q is judged", raw)
		}
	}
}

// touch uses a reference in all ways there are.
func (s suite) touch(task core.Task, raw json.RawMessage) {
	solution := task.Ref().Solution
	if s.rules.Judge != nil {
		if judge, err := s.rules.Judge(raw); err == nil {
			judge(solution)
			judge("")
		}
	}
	if s.rules.Play != nil {
		if play, err := s.rules.Play(raw); err == nil {
			play(nil)
			play([]string{"1", "", "x"})
		}
	}
	if s.rules.Flaw != nil {
		_, _ = s.rules.Flaw(raw, stream(1))
	}
	if s.rules.Variant != nil {
		_, _ = s.rules.Variant(raw, stream(1))
	}
	if s.rules.Plan != nil {
		_, _ = s.rules.Plan(raw)
	}
	if s.rules.Recover != nil {
		_, _, _ = s.rules.Recover(raw, stream(1))
	}
	if s.rules.Demonstrate != nil {
		_, _ = s.rules.Demonstrate(raw, stream(1))
	}
}

// Fuzz is the body of a world's fuzz target: any text gets a consistent
// verdict, is cut into steps that join to it, and is read as a prompt or not,
// whose own solution is right; played, it is a legal move or ends the play. It
// begins with solutions, prompts, nonsense and the seeds, which are texts near
// to what the world takes.
func Fuzz(f *testing.F, w World, seeds ...string) {
	rules, ok := world.RulesOf(w.Name)
	if !ok {
		f.Fatalf("no world named %q is registered", w.Name)
	}
	s := suite{w, rules}
	var tasks []core.Task
	for _, dialect := range []string{world.Compact, world.Chat} {
		made, err := w.New("train", dialect, standard, 1, 0)
		if err != nil {
			f.Fatal(err)
		}
		for i := range 2 {
			task := made.Task(i)
			tasks = append(tasks, task)
			f.Add(task.Text())
			f.Add(task.Ref().Solution)
		}
	}
	for _, text := range append(seeds, nonsense...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, task := range tasks {
			if rules.Judge != nil {
				s.judge(t, task)(text)
			}
			if rules.Play != nil {
				s.moved(t, task, text)
			}
		}
		if rules.Steps != nil && strings.Join(rules.Steps(text), "") != text {
			t.Errorf("the steps of %q do not join to it", text)
		}
		if rules.Read != nil {
			task, err := rules.Read(text)
			if err == nil && task.Text() != text {
				t.Errorf("%q is read as the task %q", text, task.Text())
			}
			if err == nil && rules.Judge != nil {
				if v := s.judge(t, task)(task.Ref().Solution); !v.Right {
					t.Errorf("%q is read, and its own solution %q is wrong: %+v", text, task.Ref().Solution, v)
				}
			}
		}
	})
}

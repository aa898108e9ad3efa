package worldtest

import (
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
)

// demonstrations: the oracle accepts every one, in both dialects, and reads
// the reference's answer from it.
func (s suite) demonstrations(t *testing.T) {
	for _, dialect := range []string{world.Compact, world.Chat} {
		s.each(t, dialect, 60, func(level int, task core.Task) {
			ref := task.Ref()
			v := s.judge(t, task)(ref.Solution)
			if !v.Valid || v.Reason != "" || ref.Answer == "" || v.Answer != ref.Answer {
				t.Errorf("level %d: %q, answer %q, solution %q: %+v", level, task.Text(), ref.Answer, ref.Solution, v)
			}
		})
	}
}

// untrusted: the verdict comes from the instance alone.
func (s suite) untrusted(t *testing.T) {
	for _, dialect := range []string{world.Compact, world.Chat} {
		s.each(t, dialect, 3, func(level int, task core.Task) {
			solution := task.Ref().Solution
			m := fields(t, task.Reference)
			for _, lie := range []any{"garbage", "", nil} {
				m["answer"], m["solution"] = lie, lie
				task.Reference = encode(m)
				if v := s.judge(t, task)(solution); !v.Valid {
					t.Errorf("level %d: %v as the reference's answer changes the verdict: %+v", level, lie, v)
				}
			}
		})
	}
}

// steps: joined, they are the text again, and none is empty.
func (s suite) steps(t *testing.T) {
	if s.rules.Steps == nil {
		t.Skip("the world has no steps")
	}
	check := func(text string) {
		steps := s.rules.Steps(text)
		if strings.Join(steps, "") != text {
			t.Errorf("the steps %q do not join to %q", steps, text)
		}
		for _, step := range steps {
			if step == "" {
				t.Errorf("%q has an empty step: %q", text, steps)
			}
		}
	}
	s.each(t, world.Compact, 20, func(_ int, task core.Task) {
		check(task.Ref().Solution)
		for _, text := range mutants(task.Ref().Solution, 10) {
			check(text)
		}
	})
}

// flaws: the oracle rejects every one, and sees the mistake in the step that
// has it, not before and not only later.
func (s suite) flaws(t *testing.T) {
	if s.rules.Flaw == nil {
		t.Skip("the world makes no flaws")
	}
	places, long := map[int]bool{}, true
	s.each(t, world.Compact, 60, func(level int, task core.Task) {
		for n := range 3 {
			text, err := s.rules.Flaw(task.Reference, stream(n))
			again, _ := s.rules.Flaw(task.Reference, stream(n))
			if err != nil || again != text {
				t.Fatalf("level %d: a flaw of %q: %q, then %q, %v", level, task.Text(), text, again, err)
			}
			judge := s.judge(t, task)
			v := judge(text)
			if v.Valid {
				t.Fatalf("level %d: %q: the flaw %q is accepted", level, task.Text(), text)
			}
			s.fits(t, min(level+1, levels), "flaw", text)
			if s.rules.Steps == nil {
				continue
			}
			steps, k := s.rules.Steps(text), v.FirstWrong
			long = long && len(steps) > 2
			if k > len(steps)+1 {
				t.Fatalf("level %d: %q: first wrong step %d of %d in %q", level, task.Text(), k, len(steps), text)
			}
			places[k] = true
			if head := judge(strings.Join(steps[:k-1], "")); head.FirstWrong != 0 && head.FirstWrong < k {
				t.Errorf("level %d: %q: step %d of %q is the first wrong one, yet before it step %d is: %s",
					level, task.Text(), k, text, head.FirstWrong, head.Reason)
			}
			if k <= len(steps) {
				if head := judge(strings.Join(steps[:k], "")); head.FirstWrong != k {
					t.Errorf("level %d: %q: step %d of %q is the first wrong one, but without what follows step %d is: %s",
						level, task.Text(), k, text, head.FirstWrong, head.Reason)
				}
			}
		}
	})
	if long && len(places) < 2 && s.rules.Steps != nil {
		t.Errorf("all flaws are at one place: %v", places)
	}
}

// variants: the oracle accepts every one, and some differ.
func (s suite) variants(t *testing.T) {
	if s.rules.Variant == nil {
		t.Skip("the world has one right completion a task")
	}
	others := 0
	s.each(t, world.Compact, 60, func(level int, task core.Task) {
		for n := range 3 {
			text, err := s.rules.Variant(task.Reference, stream(n))
			if err != nil {
				t.Fatalf("level %d: a variant of %q: %v", level, task.Text(), err)
			}
			if v := s.judge(t, task)(text); !v.Valid {
				t.Fatalf("level %d: %q: the variant %q is rejected: %+v", level, task.Text(), text, v)
			}
			if text != task.Ref().Solution {
				others++
			}
		}
	})
	if others == 0 && !s.Special {
		t.Error("no variant differs from its demonstration; leave Variant out where there is one right completion")
	}
}

// read: the task of a prompt is the task that made it, but for its solution.
func (s suite) read(t *testing.T) {
	if s.rules.Read == nil || s.Special {
		t.Skip("the world reads no such prompts")
	}
	s.each(t, world.Compact, 40, func(level int, task core.Task) {
		got, err := s.rules.Read(task.Text())
		if err != nil {
			t.Fatalf("level %d: reading %q: %v", level, task.Text(), err)
		}
		want, have := fields(t, task.Reference), fields(t, got.Reference)
		solution, _ := have["solution"].(string)
		delete(want, "solution")
		delete(have, "solution")
		if got.Text() != task.Text() || got.ID == "" || !reflect.DeepEqual(want, have) {
			t.Fatalf("level %d: %q read as %q, %q, %s, want %s", level, task.Text(), got.ID, got.Text(), got.Reference, task.Reference)
		}
		if s.rules.Judge != nil && solution != "" {
			if v := s.judge(t, got)(solution); !v.Valid {
				t.Errorf("level %d: the solution of %q as read: %+v", level, task.Text(), v)
			}
		}
		for _, text := range mutants(task.Text(), 10) {
			if got, err := s.rules.Read(text); err == nil && got.Text() != text {
				t.Errorf("%q is read as the task %q", text, got.Text())
			}
		}
	})
	for _, text := range nonsense {
		if got, err := s.rules.Read(text); err == nil {
			t.Errorf("%.40q poses the task %q, %s", text, got.ID, got.Reference)
		}
	}
}

// plans: short, pure text.
func (s suite) plans(t *testing.T) {
	if s.rules.Plan == nil {
		t.Skip("the world makes no plans")
	}
	s.each(t, world.Compact, 20, func(level int, task core.Task) {
		plan, err := s.rules.Plan(task.Reference)
		again, _ := s.rules.Plan(task.Reference)
		if err != nil || again != plan {
			t.Fatalf("level %d: a plan for %q: %q, then %q, %v", level, task.Text(), plan, again, err)
		}
		s.fits(t, level, "plan", plan)
	})
}

// recovered: one number of the prompt is hidden, and the text ends in it.
func (s suite) recovered(t *testing.T) {
	if s.rules.Recover == nil {
		t.Skip("the world hides no number")
	}
	s.each(t, world.Compact, 40, func(level int, task core.Task) {
		masked, text, err := s.rules.Recover(task.Reference, stream(7))
		again, _, _ := s.rules.Recover(task.Reference, stream(7))
		if err != nil || again != masked {
			t.Fatalf("level %d: %q is hidden as %q, then %q, %v", level, task.Text(), masked, again, err)
		}
		found := text[strings.LastIndexByte(text, ';')+1:]
		whole := false
		for i := range masked {
			whole = whole || masked[i] == 'x' && strings.HasPrefix(task.Text(), masked[:i]+found+masked[i+1:]) // a hint may follow
		}
		if !whole || found == text || strings.Trim(found, "0123456789") != "" {
			t.Errorf("level %d: %q is hidden as %q, and %q found by %q", level, task.Text(), masked, found, text)
		}
		s.fits(t, level, "way back", text)
	})
}

// restated: other words are other words, in every dialect, and the same answer is
// right.
func (s suite) restated(t *testing.T) {
	if s.rules.Restate == nil {
		t.Skip("the world knows no other words for a task")
	}
	others := 0
	for _, dialect := range []string{world.Compact, world.Chat} {
		s.each(t, dialect, 60, func(level int, task core.Task) {
			before := task.Text()
			other, ok := world.Restate(task, 1)
			if !ok {
				return
			}
			others++
			if task.Text() != before || other.Text() == before {
				t.Fatalf("level %d: %q, then %q, is restated as %q", level, before, task.Text(), other.Text())
			}
			if dialect != world.Compact || s.rules.Read == nil {
				return
			}
			one, err := s.rules.Read(before) // both are read: the order of digits, say, stands in the reference alone
			if err != nil {
				return // a form that prompts do not tell, as numbers that begin with 0
			}
			two, err := s.rules.Read(other.Text())
			if err != nil {
				t.Fatalf("level %d: %q poses no task: %v", level, other.Text(), err)
			}
			if one.Ref().Answer != two.Ref().Answer {
				t.Fatalf("level %d: %q has the answer %q, %q has %q", level, before, one.Ref().Answer, other.Text(), two.Ref().Answer)
			}
		})
	}
	if others < 60 {
		t.Errorf("only %d tasks have other words", others)
	}
}

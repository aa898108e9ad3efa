package execution

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pawl/coretest"
)

func endsSoon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestAsserts(t *testing.T) {
	coretest.NoLeaks(t)
	samples := []string{
		" f(1) == 2\nassert f(2) == 3, 'a message'\nassert g(1) == 2\nassert f([1,\n  2]) == 3\nassert f(",
		"f(1) == 2\n",
		"Some words.\n```python\nassert f(x=1) == 2\nassert f(f(1)) == 3\n```\n",
		"",
		"1 == 1\nassert True",
		"f(1) == 2\nassert f(2) == 0\nassert f(3) == 0\nassert f(4) == 0\nassert f(5) == 0\nassert f(6) == 0",
	}
	a, err := Collect(t.Context(), coretest.HonestBox{}, "", "f", samples, 5, 4, quick, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	wantText := []string{"assert f(1) == 2", "assert f(2) == 3, 'a message'", "assert f([1,\n  2]) == 3", "assert f(x=1) == 2", "assert f(f(1)) == 3",
		"assert f(2) == 0", "assert f(3) == 0", "assert f(4) == 0", "assert f(5) == 0"}
	if !slices.Equal(a.Text, wantText) || !slices.Equal(a.Count, []int{3, 1, 1, 1, 1, 1, 1, 1, 1}) {
		t.Errorf("asserts %q, %v", a.Text, a.Count)
	}
	if len(a.Inputs) != 7 { // 1, 2, [1, 2], x=1, 3, 4, 5
		t.Errorf("%d inputs", len(a.Inputs))
	}
	for _, c := range []struct {
		source string
		want   []bool
	}{
		{"def f(x):\n    return x + 1", []bool{true, true, false, true, true, false, false, false, false}},
		{"def f(x):\n    return 0", []bool{false, false, false, false, false, true, true, true, true}},
		{"def f(x):\n    return 3 if isinstance(x, list) else [][0]", []bool{false, false, true, false, false, false, false, false, false}},
		{"nonsense", []bool{false, false, false, false, false, false, false, false, false}},
		{"import os\ndef f(x):\n    return os._exit(0) if x == 2 else x + 1", []bool{true, false, false, true, false, false, false, false, false}},
	} {
		holds, answers, err := a.Judge(t.Context(), coretest.HonestBox{}, Program{Source: c.source, Entry: "f"}, quick, time.Second)
		if err != nil || !slices.Equal(holds, c.want) || len(answers) != 7 {
			t.Errorf("%q: %v, %d answers, %v; want %v", c.source, holds, len(answers), err, c.want)
		}
	}
}

// One endless call costs its time, and neither the calls after it nor the run.
func TestOutcomes(t *testing.T) {
	var calls []Call
	for i := range 4 {
		calls = append(calls, Call{Args: Value{Kind: Tuple, Items: []Value{whole(int64(i))}}, Named: Value{Kind: Dict}})
	}
	answers, err := Outcomes(t.Context(), coretest.HonestBox{}, Program{Source: "def f(x):\n    while x == 1:\n        pass\n    return 10 // x", Entry: "f"}, calls, quick, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range answers {
		if got = append(got, a.Wrong()); a.Wrong() == "" {
			got[len(got)-1] = a.Value.Python()
		}
	}
	if want := []string{"ZeroDivisionError", "an answer that is too long in coming", "5", "3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Tests that end their own process are told from a sandbox that fails.
func TestBrokenAsserts(t *testing.T) {
	_, err := Collect(t.Context(), coretest.HonestBox{}, "", "f", []string{"f(__import__('posix')._exit(0)) == 1"}, 5, 1, quick, time.Second)
	if broken := (*Broken)(nil); !errors.As(err, &broken) {
		t.Errorf("%v", err)
	}
	if _, err := Collect(endsSoonNow(t), coretest.HonestBox{}, "", "f", nil, 5, 1, quick, time.Second); errors.As(err, new(*Broken)) || err == nil {
		t.Errorf("a cancelled context is %v", err)
	}
}

func endsSoonNow(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

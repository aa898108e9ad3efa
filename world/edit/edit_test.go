package edit

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
	"pawl/world/internal/text"

	"pgregory.net/rapid"
)

func posed(t testing.TB, prompt, dialect string) core.Task {
	t.Helper()
	list := strings.Split(strings.TrimSuffix(strings.TrimPrefix(prompt, keyword), end), " ")
	ops, err := check(list[0], list[1:])
	if err != nil {
		t.Fatal(err)
	}
	return task("t", list[0], ops, dialect)
}

func TestDemonstrationsHandWorked(t *testing.T) {
	for prompt, want := range map[string]string{
		"edit abcd d2 i1x r3q:":    "acd;xacd;xaqd",
		"edit abcd s1:":            "bacd",
		"edit abcd s3 s3:":         "abdc;abcd",
		"edit ab i3c d1 d1 d1 r1z": "",
		"edit abcdefghijk d11 i10z i12y r12x s11:": "abcdefghij;abcdefghizj;abcdefghizjy;" +
			"abcdefghizjx;abcdefghizxj",
	} {
		task, err := read(prompt)
		if want == "" {
			if err == nil {
				t.Errorf("%s is read as %q", prompt, task.Text())
			}
			continue
		}
		if err != nil || task.Ref().Solution != want {
			t.Errorf("%s: %s, %v, want %s", prompt, task.Ref().Solution, err, want)
		}
	}
}

func TestOracleHandWorked(t *testing.T) {
	for _, c := range []struct {
		dialect, text string
		right, valid  bool
		wrong         int
	}{
		{world.Compact, "acd;xacd;xaqd", true, true, 0},
		{world.Compact, " acd; xacd ;xaqd\n", true, true, 0},
		{world.Compact, "xaqd", true, false, 1},          // the answer alone
		{world.Compact, "acd;xaqd", true, false, 2},      // a step is missing
		{world.Compact, "abd;xabd;xaqd", true, false, 1}, // the 3rd deleted, which r3q hides
		{world.Compact, "acd;xacd", false, false, 3},
		{world.Compact, "acd;axcd;axqd", false, false, 2},
		{world.Compact, "acd;xacd;xaqd;", false, false, 4},
		{world.Compact, "acd;xacd;xaqd;xaqd", true, false, 4},
		{world.Compact, "", false, false, 1},
		{world.Chat, "1. acd\n2. xacd\n3. xaqd\n#### xaqd", true, true, 0},
		{world.Chat, "1) `acd`\nthen\n3: xaqd\n#### xaqd", true, true, 0},
		{world.Chat, "1. acd\n2. axcd\n3. axqd\n#### axqd", false, false, 2},
		{world.Chat, "1. abd\n#### xaqd", true, false, 1},
		{world.Chat, "#### xaqd", true, true, 0},
		{world.Chat, "#### xaq", false, false, 3},
		{world.Chat, "9. zzz\n0. yyy\n#### \"xaqd\".", true, true, 0},
	} {
		v, err := world.Check(posed(t, "edit abcd d2 i1x r3q:", c.dialect), c.text)
		if err != nil {
			t.Fatal(err)
		}
		if v.Right != c.right || v.Valid != c.valid || v.FirstWrong != c.wrong || v.Valid == (v.Reason != "") {
			t.Errorf("%s %q: %+v, want right %v valid %v first wrong %d", c.dialect, c.text, v, c.right, c.valid, c.wrong)
		}
	}
}

func TestPromptsThatAreNone(t *testing.T) {
	for _, prompt := range []string{
		"", "edit :", "edit abcd:", "edit abcd d5:", "edit abcd d0:", "edit abcd d02:", "edit abcd d+2:", "edit abcd i6x:",
		"edit abcd s4:", "edit abcd r1:", "edit abcd d2x:", "edit abcd x2:", "edit a d1:", "edit abcd  d2:", "edit ABCD d2:",
		"edit abcd i1X:", "edit abcd d2", "edit abcd d:", "edit abcd d99999999999999999999:", "edit a s0:",
	} {
		if task, err := read(prompt); err == nil {
			t.Errorf("%q is read as %q", prompt, task.Text())
		}
	}
}

// model edits a list of characters, one by one, without the code under test.
func model(s string, o operation) string {
	list := strings.Split(s, "")
	switch o.kind {
	case remove:
		list = slices.Delete(list, o.at-1, o.at)
	case insert:
		list = slices.Insert(list, o.at-1, string(o.char))
	case replace:
		list[o.at-1] = string(o.char)
	case swap:
		list[o.at-1], list[o.at] = list[o.at], list[o.at-1]
	}
	return strings.Join(list, "")
}

func TestOperationsAgreeWithListEditing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-z]{2,12}`).Draw(t, "string")
		ops := draw(s, rapid.IntRange(1, 12).Draw(t, "operations"), rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		truth, err := states(s, ops)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range ops {
			if back, err := parse(o.String()); err != nil || back != o {
				t.Fatalf("%s is parsed as %s, %v", o, back, err)
			}
			next := model(s, o)
			if next != truth[i] {
				t.Fatalf("%s after %s is %s, want %s", s, o, truth[i], next)
			}
			if next == s {
				t.Fatalf("%s leaves %s as it is", o, s)
			}
			s = next
		}
	})
}

// A flaw's first wrong step leads to a string that the rest follows from.
func TestFlawsAreCarriedOn(t *testing.T) {
	s, ops := "abcdefgh", []operation{{remove, 3, 0}, {insert, 1, 'x'}, {swap, 4, 0}, {replace, 2, 'q'}}
	truth, _ := states(s, ops)
	places := map[int]bool{}
	for seed := range uint64(300) {
		got := flawed(s, ops, truth, rand.New(rand.NewPCG(seed, 1)))
		v := text.Stepwise(truth)(strings.Join(got, ";"))
		if v.Right || len(got) != len(truth) {
			t.Fatalf("%v is right, or too short", got)
		}
		places[v.FirstWrong] = true
		for i := v.FirstWrong; i < len(got); i++ {
			if want := ops[i].forced(got[i-1]); got[i] != want {
				t.Fatalf("%v: after the mistake in step %d comes %s, want %s", got, v.FirstWrong, got[i], want)
			}
		}
	}
	if len(places) != 4 {
		t.Errorf("mistakes are made in steps %v only", places)
	}
}

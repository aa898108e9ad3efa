package prompt

import (
	"testing"

	"pgregory.net/rapid"
)

func TestYesNo(t *testing.T) {
	for _, c := range []struct {
		dialect, reply string
		yes, ok        bool
	}{
		{Compact, "yes", true, true},
		{Compact, "no", false, true},
		{Compact, "yes ", false, false},
		{Compact, "Yes", false, false},
		{Compact, "", false, false},
		{Compact, "#### yes", false, false},
		{Chat, "#### yes", true, true},
		{Chat, "12 + 9 is 21.\n\n#### No.\n", false, true},
		{Chat, "It is right.\n**#### Yes**", true, true},
		{Chat, "####yes", true, true},
		{Chat, "> #### `no`", false, true},
		{Chat, "#### no\nWait, I was wrong.\n#### yes", true, true}, // the last line decides
		{Chat, "#### yes\nTell me if you need more.", true, true},   // the only line with a marker
		{Chat, "#### yes\n#### no\nI am not sure.", false, false},
		{Chat, "#### yes or no", false, false},
		{Chat, "Yes.", true, true}, // a whole reply of one word
		{Chat, "Yes.\nThe sum is right.", false, false},
		{Chat, "The answer is yes", false, false},
		{Chat, "####", false, false},
		{Chat, "", false, false},
	} {
		if yes, ok := ParseYesNo(c.dialect, c.reply); yes != c.yes || ok != c.ok {
			t.Errorf("%s %q: %v %v", c.dialect, c.reply, yes, ok)
		}
	}
}

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		dialect, reply string
		of, step       int
		ok             bool
	}{
		{Compact, "0", 3, 0, true},
		{Compact, "3", 3, 3, true},
		{Compact, "4", 3, 0, false},
		{Compact, "4", 0, 4, true},
		{Compact, "03", 3, 0, false},
		{Compact, "-1", 3, 0, false},
		{Compact, "3;", 3, 0, false},
		{Compact, "99999999999999999999", 0, 0, false},
		{Chat, "Step 2 adds wrongly.\n#### 2", 3, 2, true},
		{Chat, "#### Step 2", 3, 2, true},
		{Chat, "#### 2 or 3", 3, 0, false},
		{Chat, "#### none", 3, 0, false},
	} {
		if step, ok := ParseStep(c.dialect, c.reply, c.of); step != c.step || ok != c.ok {
			t.Errorf("%s %q: %v %v", c.dialect, c.reply, step, ok)
		}
	}
}

func TestChoicesAndGrades(t *testing.T) {
	for reply, want := range map[string]int{"#### A": 0, "#### b": 1, "#### Solution B": 1, "B is better.\n#### (B)": 1, "#### C": -1, "#### A and B": -1, "#### tie": -1, "A": 0} {
		if got, ok := ParseChoice(Chat, reply, 2); ok != (want >= 0) || ok && got != want {
			t.Errorf("choice %q: %v %v", reply, got, ok)
		}
	}
	for reply, want := range map[string]int{"A": 0, "B": 1, "C": -1, "a": -1, "": -1, "AB": -1} {
		if got, ok := ParseChoice(Compact, reply, 2); ok != (want >= 0) || ok && got != want {
			t.Errorf("compact choice %q: %v %v", reply, got, ok)
		}
	}
	for reply, want := range map[string]int{"#### 4": 4, "#### 4/5": 4, "#### 0 out of 5": 0, "#### 6": -1, "#### 4.5": -1, "#### 3-4": -1, "#### five": -1} {
		if got, ok := ParseGrade(Chat, reply); ok != (want >= 0) || ok && got != want {
			t.Errorf("grade %q: %v %v", reply, got, ok)
		}
	}
	if _, ok := ParseGrade(Compact, "4/5"); ok {
		t.Error("a compact grade is lenient")
	}
}

func TestAttemptsAndProposals(t *testing.T) {
	for _, c := range []struct {
		dialect, reply string
		ok             bool
	}{
		{Compact, "?", false}, {Compact, "21", true}, {Compact, "", true}, {Compact, "??", true},
		{Chat, "#### ?", false}, {Chat, "I cannot tell.\n#### ?\n", false}, {Chat, " ? ", false}, {Chat, "12 ?\n#### 21", true},
	} {
		if text, ok := ParseAttempt(c.dialect, c.reply); ok != c.ok || ok && text != c.reply {
			t.Errorf("attempt %s %q: %q %v", c.dialect, c.reply, text, ok)
		}
	}
	for _, c := range []struct {
		dialect, reply, text string
		ok                   bool
	}{
		{Compact, "add 1+2=", "add 1+2=", true}, {Compact, "a\nb", "a\nb", false}, {Compact, "", "", false},
		{Chat, "Here:\n<problem>\nWhat is 1+2?\n</problem>", "What is 1+2?", true},
		{Chat, "What is 1+2?", "", false}, {Chat, "<problem>a</problem><problem>b</problem>", "a", false},
		{Chat, "<problem></problem>", "", false},
	} {
		if text, ok := ParseProposal(c.dialect, c.reply); ok != c.ok || ok && text != c.text {
			t.Errorf("proposal %s %q: %q %v", c.dialect, c.reply, text, ok)
		}
	}
}

// What is said is read back, alone and after any reasoning.
func TestSaidIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dialect := rapid.SampledFrom(Dialects()).Draw(t, "dialect")
		lead := ""
		if dialect == Chat {
			lead = rapid.StringMatching(`([a-z .=0-9]*\n){0,3}`).Draw(t, "lead")
		}
		yes, n, c := rapid.Bool().Draw(t, "yes"), rapid.IntRange(0, 40).Draw(t, "n"), rapid.IntRange(0, 4).Draw(t, "c")
		if got, ok := ParseYesNo(dialect, lead+SayYesNo(dialect, yes)); !ok || got != yes {
			t.Errorf("%v is read as %v %v", yes, got, ok)
		}
		if got, ok := ParseStep(dialect, lead+SayStep(dialect, n), 40); !ok || got != n {
			t.Errorf("step %d is read as %d %v", n, got, ok)
		}
		if got, ok := ParseChoice(dialect, lead+SayChoice(dialect, c), 5); !ok || got != c {
			t.Errorf("choice %d is read as %d %v", c, got, ok)
		}
		if got, ok := ParseGrade(dialect, lead+SayGrade(dialect, c)); !ok || got != c {
			t.Errorf("grade %d is read as %d %v", c, got, ok)
		}
		if _, ok := ParseAttempt(dialect, lead+SayAbstain(dialect)); ok {
			t.Error("an abstention is read as an attempt")
		}
	})
}

func FuzzReplies(f *testing.F) {
	for _, s := range []string{"#### yes", "yes", "####", "**#### 4/5**", "<problem>x</problem>", "#### ?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		for _, d := range Dialects() {
			ParseYesNo(d, reply)
			ParseAttempt(d, reply)
			ParseProposal(d, reply)
			if n, ok := ParseStep(d, reply, 9); ok && (n < 0 || n > 9) {
				t.Errorf("step %d", n)
			}
			if n, ok := ParseChoice(d, reply, 2); ok && n != 0 && n != 1 {
				t.Errorf("choice %d", n)
			}
			if n, ok := ParseGrade(d, reply); ok && (n < 0 || n > TopGrade) {
				t.Errorf("grade %d", n)
			}
		}
	})
}

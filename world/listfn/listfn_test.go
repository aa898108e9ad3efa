package listfn

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"

	"pgregory.net/rapid"
)

var forms = []string{Apply, Induce, Repair}

func rules(t testing.TB, form string) world.Rules {
	r, ok := world.RulesOf(form)
	if !ok {
		t.Fatalf("%s is not registered", form)
	}
	return r
}

// check judges a completion of the task that a compact prompt poses.
func check(t testing.TB, form, prompt, text string) world.Verdict {
	t.Helper()
	task, err := rules(t, form).Read(prompt)
	if err != nil {
		t.Fatal(err)
	}
	return checkTask(t, form, task, text)
}

func checkTask(t testing.TB, form string, task core.Task, text string) world.Verdict {
	t.Helper()
	judge, err := rules(t, form).Judge(task.Reference)
	if err != nil {
		t.Fatal(err)
	}
	return judge(text)
}

func TestWorldsAreTheirNames(t *testing.T) {
	for name, keyword := range map[string]string{"listapply": "ls ", "listinduce": "find ", "listrepair": "fix "} {
		w, err := New(name, Config{})
		if err != nil {
			t.Fatal(err)
		}
		if task := w.Task(0); !strings.HasPrefix(task.Text(), keyword) || task.Ref().World != name || w.Len() < 100_000*40/100 {
			t.Errorf("%s asks %q, of world %s, and has %d tasks", name, task.Text(), task.Ref().World, w.Len())
		}
	}
}

const (
	findPrompt = "find 2 [3,1,5,2]>[4,2,6] [7,0,4]>[8,1] [9,9,8]>[10,10]:" // init|add1 or add1|init
	fixPrompt  = "fix rev|add1 [3,1,5,2]>[4,2,6] [7,0,4]>[8,1] [9,9,8]>[10,10]:"
)

func TestHandWorked(t *testing.T) {
	for _, c := range []struct {
		form, prompt, text string
		right, valid       bool
		wrong              int
	}{
		{Apply, "ls rev|add1 [3,1]:", "[1,3];[2,4]", true, true, 0},
		{Apply, "ls rev|add1 [3,1]:", " [1,3];[2,4]\n", true, true, 0},
		{Apply, "ls rev|add1 [3,1]:", "[3,1];[2,4]", true, false, 1},
		{Apply, "ls rev|add1 [3,1]:", "[2,4]", true, false, 1},
		{Apply, "ls rev|add1 [3,1]:", "[1,3];[2,3]", false, false, 2},
		{Apply, "ls rev|add1 [3,1]:", "[1,3]", false, false, 2},
		{Apply, "ls rev|add1 [3,1]:", "[1,3];[2,4];[2,4]", true, false, 3},
		{Apply, "ls rev|add1 [3,1]:", "[1,3];[2, 4]", false, false, 2},
		{Apply, "ls rev|add1 [3,1]:", "", false, false, 1},
		{Apply, "ls evens|sum [3,1]:", "[];[0]", true, true, 0},

		{Induce, findPrompt, "init[3,1,5][7,0][9,9];add1[4,2,6][8,1][10,10];init|add1", true, true, 0},
		{Induce, findPrompt, "add1[4,2,6,3][8,1,5][10,10,9];init[4,2,6][8,1][10,10];add1|init", true, true, 0},
		{Induce, findPrompt, "rev[2,5,1,3][4,0,7][8,9,9];tail[5,1,3][0,7][9,9];rev[3,1,5][7,0][9,9];add1[4,2,6][8,1][10,10];rev|tail|rev|add1", true, true, 0},
		{Induce, findPrompt, "init|add1", true, false, 1},               // nothing is worked out
		{Induce, findPrompt, "tail|add1", false, false, 1},              // nor right
		{Induce, findPrompt, "init[3,1,5][7,0][9,9];", false, false, 2}, // stops
		{Induce, findPrompt, "init[3,1,5][7,0][9,9];init|add1", true, false, 2},
		{Induce, findPrompt, "init[3,1,5][7,0][9,8];add1[4,2,6][8,1][10,10];init|add1", true, false, 1},
		{Induce, findPrompt, "init[3,1,5][7,0][9,9];dbl[6,2,10][14,0][18,18];init|dbl", false, false, 2},
		{Induce, findPrompt, "tail[1,5,2][0,4][9,8];add1[2,6,3][1,5][10,9];tail|add1", false, false, 1},
		{Induce, findPrompt, "sort[1,2,3,5][0,4,7][8,9,9];init[1,2,3][0,4][8,9];sort|init", false, false, 1}, // 2 are not enough after sort
		{Induce, findPrompt, "init[3,1,5][7,0][9,9];add1[4,2,6][8,1][10,10];tail|add1", false, false, 3},
		{Induce, findPrompt, "init[3,1,5][7,0][9,9];add1[4,2,6][8,1][10,10];add1|init", true, false, 3},
		{Induce, findPrompt, "flip[3,1,5][7,0][9,9];flip", false, false, 1},
		{Induce, findPrompt, "", false, false, 1},

		{Repair, fixPrompt, "init[3,1,5][7,0][9,9];add1[4,2,6][8,1][10,10];init|add1", true, true, 0},
		{Repair, fixPrompt, "rev[2,5,1,3][4,0,7][8,9,9];add1[3,6,2,4][5,1,8][9,10,10];rev|add1", false, false, 1},
	} {
		v := check(t, c.form, c.prompt, c.text)
		if v.Right != c.right || v.Valid != c.valid || v.FirstWrong != c.wrong {
			t.Errorf("%s %q: %+v, want right %v, valid %v, first wrong %d", c.prompt, c.text, v, c.right, c.valid, c.wrong)
		}
	}
}

// A program that agrees with what is shown but not in general is wrong, and the
// reason does not tell what is hidden.
func TestHiddenExamplesDecide(t *testing.T) {
	prompt := "find 1 [2,3]>[2] [4,5,7]>[4,5]:"
	v := check(t, Induce, prompt, "init[2][4,5];init")
	if !v.Valid {
		t.Fatalf("%+v", v)
	}
	task, err := rules(t, Induce).Read(prompt)
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, z, err := decode(Induce, task.Reference)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range everyProgram(3) {
		if len(p) < 3 || !p.agrees(z.shown) || p.agrees(z.hidden) {
			continue
		}
		found = true
		if v := checkTask(t, Induce, task, z.work(p)); v.Right || v.Valid || v.Reason != "agrees with all 2 shown examples" || v.FirstWrong == 0 {
			t.Fatalf("%s: %+v", p, v)
		}
	}
	if !found {
		t.Fatal("no longer program agrees by chance")
	}
}

func TestEnglish(t *testing.T) {
	for _, c := range []struct {
		form, prompt, text string
		right              bool
		wrong              int
	}{
		{Apply, "ls rev|add1 [3,1]:", "rev: [1, 3]\nadd1: [2, 4]\n#### [2, 4]", true, 0},
		{Apply, "ls rev|add1 [3,1]:", "So it is:\n#### [2,4].", true, 0},
		{Apply, "ls rev|add1 [3,1]:", "**rev**: [3, 1]\nadd1: [2, 4]\n#### [2, 4]", true, 1},
		{Apply, "ls rev|add1 [3,1]:", "rev: [1, 3]\n#### [2, 4]", true, 2},
		{Apply, "ls rev|add1 [3,1]:", "rev: [1, 3]\nadd1: [2, 4]\n#### [2, 5]", false, 3},
		{Apply, "ls rev|add1 [3,1]:", "I cannot tell", false, 1},
		{Induce, findPrompt, "#### init | add1", true, 0},
		{Induce, findPrompt, "First, init: I think.\ninit: [3,1,5], [7,0], [9,9]\nadd1: [4,2,6], [8,1], [10,10]\n#### init|add1", true, 0},
		{Induce, findPrompt, "tail: [1,5,2], [0,4], [9,8]\n#### tail|add1", false, 1},
		{Induce, findPrompt, "#### tail|add1", false, 1},
	} {
		task, err := rules(t, c.form).Read(c.prompt)
		if err != nil {
			t.Fatal(err)
		}
		raw := strings.Replace(string(task.Reference), `"dialect":"compact"`, `"dialect":"chat"`, 1)
		task.Reference = []byte(raw)
		v := checkTask(t, c.form, task, c.text)
		if v.Right != c.right || v.FirstWrong != c.wrong || v.Valid != (c.right && c.wrong == 0) {
			t.Errorf("%s %q: %+v, want right %v first wrong %d", c.prompt, c.text, v, c.right, c.wrong)
		}
	}
}

func TestMutantsAreJudgedRightly(t *testing.T) {
	worlds := map[string]*World{}
	for _, form := range forms {
		w, err := New(form, Config{Level: 3})
		if err != nil {
			t.Fatal(err)
		}
		worlds[form] = w
	}
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom(forms).Draw(t, "form")
		w := worlds[form]
		task := w.Task(rapid.IntRange(0, w.Len()-1).Draw(t, "i"))
		judge, err := judge(form)(task.Reference)
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(task.Ref().Solution)
		if v := judge(string(text)); !v.Valid || !v.Right || v.FirstWrong != 0 {
			t.Fatalf("%s %s: %+v", task.Text(), text, v)
		}
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		old := text[at]
		text[at] = rapid.SampledFrom([]byte("0123456789[],;|abcdeinrstux")).Draw(t, "to")
		if text[at] == old {
			return
		}
		if v := judge(string(text)); v.Valid || v.FirstWrong == 0 {
			t.Fatalf("%s %s: %+v", task.Text(), text, v) // no mutant of one character is right all through
		}
	})
}

// Flaws are wrong from their first mistake on; variants are right.
func TestFlawsAndVariants(t *testing.T) {
	for _, form := range forms {
		others := 0
		for level := 1; level <= 5; level++ {
			w, err := New(form, Config{Level: level, Split: "gate"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 30 {
				task := w.Task(i)
				text, err := flaw(form, task.Reference, rand.New(rand.NewPCG(7, uint64(i))))
				if err != nil {
					t.Fatal(err)
				}
				v := checkTask(t, form, task, text)
				if v.Right || v.Valid || v.FirstWrong < 1 || v.FirstWrong > w.ops || strings.Join(cut(text), "") != text {
					t.Fatalf("%s %s: %+v", task.Text(), text, v)
				}
				if form == Apply {
					continue
				}
				text, err = variant(form, task.Reference, rand.New(rand.NewPCG(7, uint64(i))))
				if err != nil {
					t.Fatal(err)
				}
				if v := checkTask(t, form, task, text); !v.Valid || text == task.Ref().Solution {
					t.Fatalf("%s %s: %+v", task.Text(), text, v)
				}
				others++
			}
		}
		if form != Apply && others == 0 {
			t.Errorf("%s has no variants", form)
		}
	}
}

// What a flaw carries on after its mistake is right.
func TestFlawOfApplyHasOneMistake(t *testing.T) {
	p, err := parse("sort|add1|rev")
	if err != nil {
		t.Fatal(err)
	}
	l, err := toList([]int{3, 1, 4})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		now, slips := l, 0
		for k, text := range strings.Split(flawApply(rand.New(rand.NewPCG(1, uint64(i))), p, l), ";") {
			next, _, err := readList(text)
			if err != nil {
				t.Fatal(err)
			}
			if next != ops[p[k]].run(now) {
				slips++
			}
			now = next
		}
		if slips != 1 {
			t.Fatalf("flaw %d has %d mistakes", i, slips)
		}
	}
}

func TestPromptsFitAndReadBack(t *testing.T) {
	for _, form := range forms {
		for level := 1; level <= 5; level++ {
			w, err := New(form, Config{Level: level, Split: "train", Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			limit := []int{0, 110, 110, 110, 160, 250}[level]
			known := strings.Join(w.Vocabulary(), "")
			for i := range 150 {
				task := w.Task(i)
				prompt, solution := task.Text(), task.Ref().Solution
				if len(prompt) > limit || len(solution) > limit {
					t.Errorf("level %d: %s %s is too long", level, prompt, solution)
				}
				if strings.Trim(prompt+solution, known) != "" {
					t.Errorf("%s %s has characters that are not in the vocabulary", prompt, solution)
				}
				again, err := rules(t, form).Read(prompt)
				if err != nil || string(again.Reference) != string(task.Reference) || again.Text() != prompt {
					t.Fatalf("%s reads as %s, %v, not %s", prompt, again.Reference, err, task.Reference)
				}
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ form, prompt, want string }{
		{Apply, "", "does not begin"},
		{Apply, "ls rev [1,2]", "colon"},
		{Apply, "ls rev [1,2] :", "follows the lists"},
		{Apply, "ls rev [01,2]:", `"01" is no number`},
		{Apply, "ls rev| [1,2]:", "no operation named"},
		{Apply, "ls rev|flip [1,2]:", `no operation named "flip"`},
		{Induce, "find 02 [1,2]>[2,1]:", "no number of operations"},
		{Induce, "find 2 [1,2][2,1]:", "no example"},
		{Induce, "find 2 [1,2]>:", "no list"},
		{Induce, "find 1 [1,2]>[3,3]:", "no program"},
		{Repair, "fix rev|rev [3,1,2]>[2,1,3]:", "fewer than 2"},
		{Repair, "fix rev [3,1,2]>[2,1,3]:", "nothing is wrong with rev"},
	} {
		if _, err := read(c.form, c.prompt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.prompt, err, c.want)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	for _, c := range []struct {
		form string
		cfg  Config
		want string
	}{
		{"listsort", Config{}, "there are listapply"},
		{Apply, Config{Dialect: "latin"}, "no dialect"},
		{Apply, Config{Split: "test"}, "no split"},
		{Apply, Config{Level: 6}, "no level 6; there are 1 to 5"},
		{Induce, Config{Ops: 4}, "from 1 to 3 are possible"},
		{Apply, Config{Length: 10}, "from 2 to 9 are possible"},
	} {
		if _, err := New(c.form, c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: %v, want %s", c.form, c.cfg, err, c.want)
		}
	}
}

func BenchmarkTask(b *testing.B) {
	for _, form := range forms {
		b.Run(form, func(b *testing.B) {
			w, err := New(form, Config{})
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				w.Task(i % w.Len())
			}
		})
	}
}

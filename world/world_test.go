package world_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
	"pawl/world/addition"
	"pawl/world/chain"
	"pawl/world/countdown"
)

// canonical is what splits keep apart, worked out from the reference alone.
func canonical(t core.Task, sorted bool) string {
	var r struct {
		World   string
		Numbers []int
		X, Y    string
	}
	if err := json.Unmarshal(t.Reference, &r); err != nil {
		panic(err)
	}
	switch {
	case r.World == "addition":
		return fmt.Sprint(min(r.X, r.Y), "+", max(r.X, r.Y))
	case sorted:
		slices.Sort(r.Numbers)
	}
	return fmt.Sprint(r.World, r.Numbers)
}

// all is one world of each kind and dialect.
func all(t *testing.T) map[string]world.World {
	ws := map[string]world.World{}
	add := func(name string, w world.World, err error) {
		if err != nil {
			t.Fatal(err)
		}
		ws[name] = w
	}
	for _, d := range []string{world.Compact, world.Chat} {
		for _, order := range []string{"free", "fixed"} {
			for table := range uint64(3) {
				w, err := chain.New(chain.Config{Order: order, Table: table, Dialect: d, Seed: 5})
				add(fmt.Sprintf("chain %s table %d %s", order, table, d), w, err)
			}
		}
		w, err := chain.New(chain.Config{Hinted: 0.5, Dialect: d, Seed: 5})
		add("hinted chain "+d, w, err)
		w, err = chain.New(chain.Config{By: "multiset", Dialect: d, Seed: 5})
		add("multiset chain "+d, w, err)
		for _, order := range []string{"forward", "reversed"} {
			for _, digits := range []int{1, 3, 25} {
				w, err := addition.New(addition.Config{Order: order, Digits: digits, Dialect: d, Seed: 5})
				add(fmt.Sprintf("addition %s %d %s", order, digits, d), w, err)
			}
		}
		for _, n := range []int{3, 4} {
			w, err := countdown.New(countdown.Config{Numbers: n, Dialect: d, Seed: 5})
			add(fmt.Sprintf("countdown %d %s", n, d), w, err)
		}
	}
	return ws
}

func TestDemonstrationsAreRight(t *testing.T) {
	for name, w := range all(t) {
		t.Run(name, func(t *testing.T) {
			for i := range min(w.Len(), 40) {
				task := w.Task(i)
				if again := w.Task(i); !reflect.DeepEqual(task, again) {
					t.Fatalf("task %d differs the second time:\n%v\n%v", i, task, again)
				}
				ref := task.Ref()
				if ref.Answer == "" || ref.Solution == "" || len(task.Prompt) != 1 {
					t.Fatalf("task %d lacks a part: %+v", i, task)
				}
				v, err := world.Check(task, ref.Solution)
				if err != nil || !v.Right || !v.Valid || v.FirstWrong != 0 || v.Reason != "" {
					t.Fatalf("%q with solution %q: %+v, %v", task.Text(), ref.Solution, v, err)
				}
				if v.Answer != ref.Answer {
					t.Fatalf("answer read as %q, reference %q", v.Answer, ref.Answer)
				}
			}
		})
	}
}

func TestOraclesDoNotTrustTheReferenceAnswer(t *testing.T) {
	for name, w := range all(t) {
		task := w.Task(0)
		solution := task.Ref().Solution
		var fields map[string]any
		if err := json.Unmarshal(task.Reference, &fields); err != nil {
			t.Fatal(err)
		}
		fields["answer"], fields["solution"] = "garbage", "garbage"
		task.Reference, _ = json.Marshal(fields)
		if v, err := world.Check(task, solution); err != nil || !v.Valid {
			t.Errorf("%s: garbage in the reference answer changes the verdict: %+v, %v", name, v, err)
		}
	}
}

func TestVocabularyCoversEverything(t *testing.T) {
	for name, w := range all(t) {
		vocabulary := map[string]bool{}
		for _, v := range w.Vocabulary() {
			if vocabulary[v] {
				t.Errorf("%s: %q is listed twice", name, v)
			}
			vocabulary[v] = true
		}
		if strings.Contains(name, world.Chat) {
			if len(vocabulary) != 0 {
				t.Errorf("%s: the chat dialect has a vocabulary", name)
			}
			continue
		}
		for i := range min(w.Len(), 50) {
			task := w.Task(i)
			for _, text := range []string{task.Text(), task.Ref().Solution} {
				split := strings.Fields(text)
				if w.Unit() == core.UnitCharacters {
					split = strings.Split(text, "")
				}
				for _, token := range split {
					if !vocabulary[token] {
						t.Fatalf("%s: token %q of %q is not in the vocabulary", name, token, text)
					}
				}
			}
		}
	}
}

var _ core.Vocabularied = (*world.Source)(nil)

func TestSource(t *testing.T) {
	w, err := chain.New(chain.Config{Numbers: 2, Modulus: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := world.NewSource(w, w.Len()+1); err == nil || !strings.Contains(err.Error(), "only 40") {
		t.Errorf("more tasks than there are: %v", err)
	}
	s, err := world.NewSource(w, 7)
	if err != nil || s.Len() != 7 {
		t.Fatalf("a source of 7: %v, %v", s.Len(), err)
	}
	var got []string
	for task, err := range s.Tasks(t.Context(), 5) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, task.ID)
	}
	if want := []string{w.Task(5).ID, w.Task(6).ID}; !slices.Equal(got, want) {
		t.Errorf("from 5 on: %v, want %v", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Tasks(ctx, 0) {
		if err == nil {
			t.Error("a cancelled source yields a task")
		}
	}
}

func TestCheckNeedsAWorld(t *testing.T) {
	for _, ref := range []string{"", `{"answer":"7"}`, `{"world":"atlantis"}`, `{"world":"chain"}`,
		`{"world":"chain","numbers":[1,99],"modulus":20}`, `{"world":"addition","x":"1","y":"-"}`,
		`{"world":"countdown"}`, `{"world":"chain","numbers":"x"}`} {
		if _, err := world.Check(core.Task{ID: "t", Reference: json.RawMessage(ref)}, "7"); err == nil {
			t.Errorf("reference %s is judged", ref)
		}
	}
}

func FuzzCheck(f *testing.F) {
	var tasks []core.Task
	for _, d := range []string{world.Compact, world.Chat} {
		c, _ := chain.New(chain.Config{Dialect: d})
		a, _ := addition.New(addition.Config{Dialect: d})
		n, _ := countdown.New(countdown.Config{Dialect: d})
		for _, w := range []world.World{c, a, n} {
			tasks = append(tasks, w.Task(0))
			f.Add(w.Task(0).Ref().Solution)
		}
	}
	f.Add("Answer: ((1+2)*3)/(4-4) = 24")
	f.Add("1 / 0 = 3")
	f.Fuzz(func(t *testing.T, text string) {
		for _, task := range tasks {
			v, err := world.Check(task, text)
			if err != nil {
				t.Fatal(err)
			}
			if v.Valid && (!v.Right || v.FirstWrong != 0) {
				t.Fatalf("valid, yet %+v", v)
			}
			if !v.Valid && (v.FirstWrong == 0 || v.Reason == "") {
				t.Fatalf("not valid without a reason: %+v on %q", v, text)
			}
		}
	})
}

func TestSplitsShareNothing(t *testing.T) {
	make3 := map[string]func(split string, seed uint64) (world.World, error){
		"chain": func(split string, seed uint64) (world.World, error) {
			return chain.New(chain.Config{Split: split, Numbers: 3, Modulus: 8, Seed: seed})
		},
		"chain by multiset": func(split string, seed uint64) (world.World, error) {
			return chain.New(chain.Config{Split: split, Numbers: 3, Modulus: 10, By: "multiset", Seed: seed})
		},
		"long chain": func(split string, seed uint64) (world.World, error) {
			return chain.New(chain.Config{Split: split, Numbers: 30, Modulus: 20, Seed: seed})
		},
		"addition": func(split string, seed uint64) (world.World, error) {
			return addition.New(addition.Config{Split: split, Digits: 1, Seed: seed})
		},
		"long addition": func(split string, seed uint64) (world.World, error) {
			return addition.New(addition.Config{Split: split, Digits: 40, Seed: seed})
		},
		"countdown": func(split string, seed uint64) (world.World, error) {
			return countdown.New(countdown.Config{Split: split, Max: 12, Seed: seed})
		},
	}
	for name, build := range make3 {
		t.Run(name, func(t *testing.T) {
			owner := map[string]string{} // canonical form -> split
			for k, split := range world.Splits {
				w, err := build(split, uint64(k)) // other seeds must not matter
				if err != nil {
					t.Fatal(err)
				}
				ids := map[string]bool{}
				for i := range min(w.Len(), 500) {
					task := w.Task(i)
					if ids[task.ID] {
						t.Fatalf("%s repeats %s", split, task.ID)
					}
					ids[task.ID] = true
					c := canonical(task, name == "chain by multiset" || name == "countdown")
					if was, ok := owner[c]; ok && was != split {
						t.Fatalf("%s is in %s and in %s", c, was, split)
					}
					owner[c] = split
				}
			}
		})
	}
}

func TestSeedReordersOneSplit(t *testing.T) {
	set := func(seed uint64) (ids []string, all map[string]bool) {
		w, err := chain.New(chain.Config{Split: "gate", Numbers: 2, Modulus: 12, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		all = map[string]bool{}
		for i := range w.Len() {
			id := w.Task(i).ID
			ids, all[id] = append(ids, id), true
		}
		return ids, all
	}
	one, oneSet := set(1)
	two, twoSet := set(2)
	same := 0
	for i := range one {
		if !twoSet[one[i]] || !oneSet[two[i]] {
			t.Fatalf("seeds disagree on what belongs to the split: %s, %s", one[i], two[i])
		}
		if one[i] == two[i] {
			same++
		}
	}
	if same == len(one) {
		t.Error("the seed does not change the order")
	}
}

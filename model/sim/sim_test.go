package sim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/prompt"
)

func TestConformance(t *testing.T) {
	tasks := numbered(3, 3)
	var requests []core.Request
	for i, task := range tasks {
		requests = append(requests, core.Request{Path: task.Prompt, N: 5, Seed: uint64(i)},
			core.Request{Path: asks(t, prompt.Verify, shows(task, rightAt(i))), N: 3, Seed: 2})
	}
	coretest.Actor(t, func() (core.Actor, error) {
		m := New(doubling())
		name, err := m.ResolveFor(t.Context(), "default", tasks)
		if err != nil {
			return nil, err
		}
		return m.Actor(t.Context(), name, "solver", core.Options{})
	}, requests...)
}

// Asking for 16 after 8 gives the same 8; other seeds and samples are others, and
// at temperature 0 there is one answer.
func TestStreams(t *testing.T) {
	tasks := numbered(4, 1)
	ask := simulated(t, "spread: 0", tasks)
	sixteen := ask(tasks[0].Prompt, 1, 0, 16)
	if got := ask(tasks[0].Prompt, 1, 8, 8); !slices.Equal(got, sixteen[8:]) {
		t.Errorf("samples 8 to 15 asked for apart are others")
	}
	if slices.Equal(sixteen, ask(tasks[0].Prompt, 2, 0, 16)) {
		t.Errorf("two seeds give the same 16 answers")
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(sixteen)))); n < 4 {
		t.Errorf("16 samples are %d different ones", n)
	}
	m := New(doubling())
	name, err := m.ResolveFor(t.Context(), "default", tasks)
	if err != nil {
		t.Fatal(err)
	}
	zero := 0.0
	a, _ := m.Actor(t.Context(), name, "solver", core.Options{Temperature: &zero})
	x, _ := a.Act(t.Context(), core.Request{Path: tasks[0].Prompt, N: 3, Seed: 1})
	y, _ := a.Act(t.Context(), core.Request{Path: tasks[0].Prompt, N: 1, Seed: 9, First: 7})
	if x[0].Content != x[2].Content || x[0].Content != y[0].Content {
		t.Errorf("temperature 0 has several answers: %q, %q, %q", x[0].Content, x[2].Content, y[0].Content)
	}
}

// What a simulation is told shows nowhere but in its answers: neither prompts nor
// records of calls hold the hidden side.
func TestHiddenStaysHidden(t *testing.T) {
	tasks := numbered(3, 1)
	tasks[0].Reference = []byte(`{"answer":"secret-reference"}`)
	var calls []core.CallRecord
	ctx := core.WithCalls(t.Context(), func(c core.CallRecord) { calls = append(calls, c) })
	m := New(doubling())
	name, err := m.ResolveFor(ctx, "default", tasks)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := m.Actor(ctx, name, "solver", core.Options{})
	if _, err := a.Act(ctx, core.Request{Path: tasks[0].Prompt, N: 2}); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 1 || len(calls[0].Request.Hidden) != 0 || strings.Contains(string(name.Bytes()), "secret") {
		t.Fatalf("%+v", calls)
	}
	for _, n := range append(calls[0].Nodes, calls[0].Request.Path...) {
		if strings.Contains(n.Content+string(n.Data), "secret-reference") {
			t.Errorf("the reference is shown: %+v", n)
		}
	}
}

// Every role has its form, and what is not played is refused by name.
func TestRoles(t *testing.T) {
	tasks := numbered(3, 1)
	task := tasks[0]
	m := New(doubling())
	name, err := m.ResolveFor(t.Context(), "perfect", tasks)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := m.Actor(t.Context(), name, "solver", core.Options{})
	d := prompt.Data{
		Task: task.Prompt, Attempt: "#### 1", Attempts: []string{"#### 1", "#### 0"}, Steps: []string{"one", "#### 1"}, Step: 2, Level: 1, World: "x", Error: "e",
		Answer: "1", Confidence: "70%", Reference: "0", Criterion: "Is it right?", Remarks: []string{"#### yes", "#### no"},
	}
	for role, want := range map[string]string{
		prompt.Solve: "#### 0", prompt.AttemptOrAbstain: "#### 0", prompt.Plan: "what is given\nwhat is asked for\nwhat leads from one to the other",
		prompt.Revise: "#### 0", prompt.Aggregate: "#### 0", prompt.Rephrase: "<problem>\nPut in other words: Level 3, number 0: double it.\n</problem>",
		prompt.Verify: "There is a mistake in it.\n#### no", prompt.FollowUp: "#### yes", prompt.Know: "#### yes", prompt.Confidence: "#### 100%",
		prompt.Locate: "#### 2", prompt.CheckStep: "#### no", prompt.Compare: "#### B", prompt.Rank: "#### 2 > 1", prompt.CompareJudgements: "#### B",
		prompt.ErrorSpans: `[{"span":"#### 1","type":"logic","severity":"major","why":"It does not follow."}]`,
	} {
		nodes, err := a.Act(t.Context(), core.Request{Path: asks(t, role, d), N: 1})
		if err != nil || nodes[0].Content != want {
			t.Errorf("%s: %+v, %v; want %q", role, nodes, err, want)
		}
	}
	for _, role := range []string{prompt.Recover, prompt.Propose, prompt.WriteTests, prompt.WriteCheck, prompt.SolveByProgram} {
		_, err := a.Act(t.Context(), core.Request{Path: asks(t, role, d), N: 1})
		if unserved := (*core.UnservedError)(nil); !errors.As(err, &unserved) || !strings.Contains(err.Error(), role) {
			t.Errorf("%s: %v", role, err)
		}
	}
	for role := range roles {
		if role == "" {
			continue
		}
		if _, err := prompt.Get(role); err != nil {
			t.Error(err)
		}
	}
	// A restatement is the same problem, and a repair the same question.
	other := prompt.Turns("Put in other words: Level 3, number 0: double it.")
	if nodes, err := a.Act(t.Context(), core.Request{Path: other, N: 1}); err != nil || nodes[0].Content != "#### 0" {
		t.Errorf("restated: %+v, %v", nodes, err)
	}
	path := append(asks(t, prompt.Verify, d), core.Node{Role: core.RoleAssistant, Content: "Hm."})
	path = append(path, asks(t, prompt.Repair, prompt.Data{Error: "it says neither"})...)
	if nodes, err := a.Act(t.Context(), core.Request{Path: path, N: 1}); err != nil || !strings.HasSuffix(nodes[0].Content, "#### no") {
		t.Errorf("asked again: %+v, %v", nodes, err)
	}
}

// Of what it was never told it says so, and judges nothing.
func TestUnknown(t *testing.T) {
	m := New(doubling())
	name, _ := m.Resolve(t.Context(), "default", "")
	a, _ := m.Actor(t.Context(), name, "solver", core.Options{})
	nodes, err := a.Act(t.Context(), core.Request{Path: prompt.Turns("Who are you?"), N: 1})
	if err != nil || !strings.Contains(nodes[0].Content, "This is a simulation") || !strings.HasSuffix(nodes[0].Content, "#### ?") {
		t.Errorf("%+v, %v", nodes, err)
	}
	_, err = a.Act(t.Context(), core.Request{Path: asks(t, prompt.Verify, prompt.Data{Task: prompt.Turns("Who are you?"), Attempt: "me"}), N: 1})
	if unserved := (*core.UnservedError)(nil); !errors.As(err, &unserved) {
		t.Errorf("it judges what it knows nothing of: %v", err)
	}
}

func TestArithmetic(t *testing.T) {
	for text, want := range map[string]string{
		"What is 17 + 25?": "42", "17+25=": "42", "Calculate 2 * (3 + 4) - 1.": "13", "7 / 2": "7/2", "3 × 4": "12", "What is 12 − 20?": "-8",
	} {
		p, ok := sum(text)
		if !ok {
			t.Errorf("%q poses nothing", text)
			continue
		}
		right, err := p.Write(t.Context(), stream("", "", 1, 1), true, false)
		if err != nil || Final(right) != want {
			t.Errorf("%q: %q (%v), want %s", text, right, err, want)
		}
		if is, _ := p.Right(t.Context(), right); !is {
			t.Errorf("%q: its own answer %q is wrong", text, right)
		}
		for i := range 50 {
			wrong, err := p.Write(t.Context(), stream("", "", 1, i), false, i%2 == 0)
			if is, _ := p.Right(t.Context(), wrong); err != nil || is {
				t.Errorf("%q: the wrong answer %q is right (%v)", text, wrong, err)
			}
		}
	}
	for _, text := range []string{"", "Hello", "Ann has 3 apples and 4 pears.", "12", "1 / 0", "3 + 4 or 5 + 6?", "1e9 + 1", strings.Repeat("1+", 200) + "1", "4 5 6 10", "(1", "()", "1//2"} {
		if p, ok := sum(text); ok {
			answer, _ := p.Write(context.Background(), stream("", "", 1, 1), true, false)
			t.Errorf("%q is taken for a sum: %q", text, answer)
		}
	}
}

func TestMaxTokensAndLatency(t *testing.T) {
	tasks := numbered(1, 1)
	m := New(doubling())
	name, _ := m.ResolveFor(t.Context(), "slow", tasks)
	a, _ := m.Actor(t.Context(), name, "solver", core.Options{MaxTokens: 3})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []core.CallRecord
	ctx = core.WithCalls(ctx, func(c core.CallRecord) { told = append(told, c) })
	pieces := 0
	_, err := a.(core.Streamer).Stream(ctx, core.Request{Path: tasks[0].Prompt, N: 1}, func(core.Delta) error {
		pieces++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || pieces != 1 || len(told) != 1 || told[0].Err == "" {
		t.Errorf("cancelled after a piece: %v, %d pieces, %+v", err, pieces, told)
	}
	began := time.Now()
	nodes, err := a.Act(t.Context(), core.Request{Path: tasks[0].Prompt, N: 1})
	if err != nil || nodes[0].Finish != "length" || nodes[0].Content != "Let me work" {
		t.Errorf("%+v, %v", nodes, err)
	}
	if took := time.Since(began); took < 300*time.Millisecond { // a floor: it may take longer, never less
		t.Errorf("an answer that takes 360 ms came after %v", took)
	}
}

func TestProfiles(t *testing.T) {
	for _, name := range Names() {
		p, _, err := Load(name)
		if err != nil || p.About == "" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	file := filepath.Join(t.TempDir(), "mine.yaml")
	for text, want := range map[string]string{
		"accuracy: [1, 1]":                     "mine.yaml:1: accuracy: has 2 values; it has one for each of the levels 1 to 5",
		"about: x\nspread: 1.5":                "mine.yaml:2: spread: is 1.5; it must be from 0 to 1",
		"about: x\nverify:\n  sensitivity: -1": "mine.yaml:3: verify.sensitivity: is -1; it must be from 0 to 1",
		"accuracy: [.nan, 1, 1, 1, 1]":         "accuracy: is NaN; it must be from 0 to 1",
		"compare: {order: 1e9}":                "mine.yaml:1: compare.order: is 1e+09; it must be from -50 to 50",
		"words: [5, 1]":                        "words: is [5 1]; it must be the fewest and the most",
		"voice: \"a#b\"":                       "voice: \"a#b\" may hold neither",
		"acuracy: 1":                           "mine.yaml:1: unknown field \"acuracy\"",
		"spread: [1]":                          "mine.yaml:1: ",
		"latency: {first: 2h}":                 "latency: is 2h0m0s, then 0s a token",
		"\x00":                                 "mine.yaml",
	} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, _, err := Load("nobody"); err == nil || !strings.Contains(err.Error(), "there are biased, default,") {
		t.Errorf("%v", err)
	}
	if _, _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a file that is not there is a profile")
	}
	if err := os.WriteFile(file, []byte("spread: 0"), 0o666); err != nil {
		t.Fatal(err)
	}
	m := New(Hidden{})
	name, err := m.Resolve(t.Context(), file, "")
	if err != nil || name.Name != "mine.yaml" {
		t.Errorf("%+v, %v", name, err)
	}
	if !strings.Contains(m.Caveat(name), "SIMULATION") || m.Dialect(name) != prompt.Chat {
		t.Errorf("caveat %q", m.Caveat(name))
	}
	if _, err := New(Hidden{}).Actor(t.Context(), core.ModelName{Kind: "sim", Name: "default", Files: []core.Digest{"gone"}}, "s", core.Options{}); err == nil {
		t.Error("a profile that has changed is served")
	}
}

func FuzzProfile(f *testing.F) {
	for _, name := range Names() {
		text, _ := embedded.ReadFile("profiles/" + name + ".yaml")
		f.Add(string(text))
	}
	f.Add("accuracy: [1, 1, 1, 1, 1]\nwords: [0, 3]")
	tasks := numbered(2, 1)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("fuzz.yaml", []byte(text))
		if err != nil {
			return
		}
		p.Latency.First, p.Latency.Token = 0, 0
		p.Words = [2]int{min(p.Words[0], 20), min(p.Words[1], 20)}
		k := newKnowledge(doubling())
		k.learn(tasks)
		s := &source{Profile: p, digest: "d", known: k}
		if _, err := s.Answer(t.Context(), core.Request{Path: tasks[0].Prompt, N: 1, Seed: 1}, 0); err != nil {
			t.Error(err)
		}
		d := prompt.Data{Task: tasks[0].Prompt, Attempt: "#### 0", Attempts: []string{"#### 0", "#### 1"}}
		for _, role := range []string{prompt.Confidence, prompt.Rank} {
			if _, err := s.Answer(t.Context(), core.Request{Path: asks(t, role, d), N: 1, Seed: 1}, 0); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzArithmetic(f *testing.F) {
	f.Add("What is 17 + 25?")
	f.Add("((1+2)*3")
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := sum(text)
		if !ok {
			return
		}
		right, err := p.Write(t.Context(), stream("", "", 1, 1), true, false)
		if err != nil {
			t.Fatal(err)
		}
		if is, _ := p.Right(t.Context(), right); !is {
			t.Errorf("%q: its own answer %q is wrong", text, right)
		}
	})
}

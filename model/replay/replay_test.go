package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// plainRow is the format that these tests read; the real one is of package task.
type plainRow struct {
	ID, Prompt, Completion string
	Sample                 int
}

// files reads plain rows, a file of them at a path.
func files(tasks ...core.Task) Files {
	return Files{
		Rows: func(_ context.Context, path string, each func(Row) error) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			at, line := 0, 0
			for raw := range bytes.Lines(b) {
				var r plainRow
				if err := json.Unmarshal(raw, &r); err != nil {
					return err
				}
				line++
				row := Row{ID: r.ID, Sample: r.Sample, Line: line, Offset: int64(at), Size: int64(len(bytes.TrimSpace(raw)))}
				if r.Prompt != "" {
					row.Asked = core.Asked(asking(r.Prompt))
				}
				if err := each(row); err != nil {
					return err
				}
				at += len(raw)
			}
			return nil
		},
		Text: func(raw []byte) (string, string, error) {
			var r plainRow
			err := json.Unmarshal(raw, &r)
			return r.Completion, "", err
		},
		Tasks: func(context.Context, string) ([]core.Task, error) { return tasks, nil },
	}
}

func asking(text string) []core.Node { return []core.Node{{Role: core.RoleUser, Content: text}} }

func recorded(t *testing.T, rows ...plainRow) string {
	t.Helper()
	var b bytes.Buffer
	for _, r := range rows {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(raw, '\n'))
	}
	path := filepath.Join(t.TempDir(), "rec.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func samples(id string, from, n int) (rows []plainRow) {
	for i := range n {
		rows = append(rows, plainRow{ID: id, Sample: from + i, Completion: fmt.Sprintf("%s, sample %d", id, from+i)})
	}
	return rows
}

func seat(t *testing.T, m *Models, path string, tasks ...core.Task) core.Actor {
	t.Helper()
	name, err := m.ResolveFor(t.Context(), path, tasks)
	if err != nil {
		t.Fatal(err)
	}
	a, err := m.Actor(t.Context(), name, "solver", core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A recording behaves as any actor does.
func TestConformance(t *testing.T) {
	tasks := []core.Task{coretest.Task("a", "1 + 1", ""), coretest.Task("b", "2 + 2", "")}
	path := recorded(t, append(samples("a", 0, 8), samples("b", 0, 8)...)...)
	var requests []core.Request
	for _, task := range tasks {
		requests = append(requests, core.Request{Path: task.Prompt, N: 4, Seed: 3})
	}
	coretest.Actor(t, func() (core.Actor, error) { return seat(t, New(files()), path, tasks...), nil }, requests...)
}

// What is held is given by its index, however it is asked for; what is not held
// is an error that names task and index, and never a repeat.
func TestByTaskAndSample(t *testing.T) {
	rows := append(samples("a", 2, 3), plainRow{ID: "b", Sample: 0, Completion: "only"})
	rows = append(append(rows, samples("a", 0, 1)...), plainRow{ID: "elsewhere", Completion: "of no task here"})
	path := recorded(t, rows...)
	tasks := []core.Task{coretest.Task("a", "1 + 1", ""), coretest.Task("b", "2 + 2", ""), coretest.Task("c", "3 + 3", "")}
	a := seat(t, New(files()), path, tasks...)
	for _, c := range []struct {
		prompt   string
		first, n int
		want     string // contents, or the end of the error
		held     bool
	}{
		{"1 + 1", 2, 3, "a, sample 2|a, sample 3|a, sample 4", true},
		{"1 + 1", 0, 1, "a, sample 0", true},
		{"2 + 2", 0, 1, "only", true},
		{"1 + 1", 0, 2, "the recording holds samples 0, 2-4 of task a; sample 1 is asked for", false},
		{"1 + 1", 4, 2, "samples 0, 2-4 of task a; sample 5 is asked for", false},
		{"2 + 2", 1, 1, "the recording holds sample 0 of task b; sample 1 is asked for", false},
		{"3 + 3", 0, 1, "the recording holds no sample of task c; sample 0 is asked for", false},
		{"Is it right?", 0, 1, `does not hold what is asked: "Is it right?"; it answers what was recorded, word for word, and no judge or reviser unless that was recorded too`, false},
	} {
		nodes, err := a.Act(t.Context(), core.Request{Path: asking(c.prompt), First: c.first, N: c.n, Seed: 9})
		var got []string
		for _, n := range nodes {
			got = append(got, n.Content)
		}
		missing, unserved := (*MissingError)(nil), (*core.UnservedError)(nil)
		if c.held && (err != nil || strings.Join(got, "|") != c.want) {
			t.Errorf("%s from %d: %q, %v", c.prompt, c.first, got, err)
		}
		if !c.held && (err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &missing) || !errors.As(err, &unserved)) {
			t.Errorf("%s from %d: %v", c.prompt, c.first, err)
		}
	}
}

// Rows that say what was asked need no tasks, and answer it whole path alone.
func TestByRequest(t *testing.T) {
	path := recorded(t, plainRow{ID: "x", Prompt: "Is it right?", Completion: "#### yes"}, plainRow{ID: "x", Prompt: "Is it right?", Sample: 1, Completion: "#### no"})
	m := New(files())
	name, err := m.Resolve(t.Context(), path, "")
	if err != nil || name.Name != "rec.jsonl" || len(name.Files) != 2 {
		t.Fatalf("%+v, %v", name, err)
	}
	a, _ := m.Actor(t.Context(), name, "judge", core.Options{})
	nodes, err := a.Act(t.Context(), core.Request{Path: asking("Is it right?"), N: 2})
	if err != nil || nodes[0].Content != "#### yes" || nodes[1].Content != "#### no" {
		t.Errorf("%+v, %v", nodes, err)
	}
	longer := append([]core.Node{{Role: core.RoleSystem, Content: "Be strict."}}, asking("Is it right?")...)
	if _, err := a.Act(t.Context(), core.Request{Path: longer, N: 1}); err == nil {
		t.Error("another path is answered with what was recorded of this one")
	}
}

// What a recording leaves in doubt is an error, at once or when it is asked.
func TestDoubt(t *testing.T) {
	two := []core.Task{coretest.Task("a", "1 + 1", ""), coretest.Task("b", "1 + 1", "")}
	for _, c := range []struct {
		name  string
		rows  []plainRow
		tasks []core.Task
		want  string
	}{
		{"tasks unknown", samples("a", 0, 1), nil, `its rows name tasks (the first "a") and not what was asked; say which tasks these are`},
		{"other tasks", samples("z", 0, 2), two, `none of its 2 rows is of one of the 2 tasks: the first names "z"`},
		{"a sample twice", []plainRow{{ID: "x", Prompt: "p", Completion: "1"}, {ID: "y", Prompt: "p", Completion: "2"}}, nil, "lines 1 and 2 are both sample 0 of one prompt"},
	} {
		_, err := New(files()).ResolveFor(t.Context(), recorded(t, c.rows...), c.tasks)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	a := seat(t, New(files()), recorded(t, append(samples("a", 0, 1), samples("b", 0, 1)...)...), two...)
	if _, err := a.Act(t.Context(), core.Request{Path: two[0].Prompt, N: 1}); err == nil || !strings.Contains(err.Error(), "tasks a and b ask the same") {
		t.Errorf("two tasks of one prompt: %v", err)
	}
	path := recorded(t, samples("a", 0, 1)...)
	a = seat(t, New(files()), path, two[0])
	if err := os.WriteFile(path, []byte("something else that is longer than the row was before it was written over\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Act(t.Context(), core.Request{Path: two[0].Prompt, N: 1}); err == nil || !strings.Contains(err.Error(), "answering from ") {
		t.Errorf("a file that has changed: %v", err)
	}
	if _, err := New(files()).Actor(t.Context(), core.ModelName{Kind: "replay", Client: client, Name: "gone"}, "solver", core.Options{}); err == nil || !strings.Contains(err.Error(), "is not open here") {
		t.Errorf("a recording that was never opened: %v", err)
	}
}

// What no recording can keep is refused, and what it can keep is kept.
func TestOptions(t *testing.T) {
	task := coretest.Task("a", "1 + 1", "")
	path := recorded(t, plainRow{ID: "a", Completion: "one STOP two"})
	a := seat(t, New(files()), path, task)
	hot := 1.5
	for name, o := range map[string]core.Options{
		"log-probs": {Logprobs: true}, "tools": {Tools: json.RawMessage(`[{"type":"function"}]`)}, "a schema": {Schema: json.RawMessage(`{}`)},
		"regular": {Regex: "a"}, "grammar": {Grammar: "root ::= \"a\""}, "min-p": {MinP: 0.1}, "biases": {BiasText: map[string]float64{"a": 1}}, "interventions": {Interventions: []string{"x"}},
	} {
		_, err := a.Act(t.Context(), core.Request{Path: task.Prompt, N: 1, Options: o})
		if unserved := (*core.UnservedError)(nil); !errors.As(err, &unserved) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var calls []core.CallRecord
	ctx := core.WithCalls(t.Context(), func(c core.CallRecord) { calls = append(calls, c) })
	nodes, err := a.Act(ctx, core.Request{Path: task.Prompt, N: 1, Options: core.Options{Temperature: &hot, TopP: 0.9, Stop: []string{" STOP"}, Tools: json.RawMessage("[]")}})
	if err != nil || nodes[0].Content != "one" || nodes[0].Finish != "stop" {
		t.Errorf("%+v, %v", nodes, err)
	}
	want := core.Usage{Calls: 1, PromptTokens: 3, CompletionTokens: 1} // 1, +, 1; one
	if len(calls) != 1 || calls[0].Usage != want || calls[0].Model != "replay:rec.jsonl" || calls[0].Seat != "solver" || calls[0].Attempts != 1 {
		t.Errorf("calls %+v", calls)
	}
}

// The name of a model is its content: the same rows and tasks elsewhere are the
// same model, others are not.
func TestName(t *testing.T) {
	task, other := coretest.Task("a", "1 + 1", ""), coretest.Task("a", "one and one", "")
	named := func(rows []plainRow, tasks ...core.Task) string {
		name, err := New(files()).ResolveFor(t.Context(), recorded(t, rows...), tasks)
		if err != nil {
			t.Fatal(err)
		}
		return string(name.Bytes())
	}
	here := named(samples("a", 0, 2), task)
	if named(samples("a", 0, 2), task) != here {
		t.Error("a moved recording is another model")
	}
	if named(samples("a", 0, 3), task) == here || named(samples("a", 0, 2), other) == here {
		t.Error("other contents are the same model")
	}
}

// Streams say what nodes say, and end with their sink.
func TestStream(t *testing.T) {
	task := coretest.Task("a", "1 + 1", "")
	a := seat(t, New(files()), recorded(t, plainRow{ID: "a", Completion: "It is 12345,\n\n  so #### 2 "}), task).(core.Streamer)
	var b strings.Builder
	pieces := 0
	n, err := a.Stream(t.Context(), core.Request{Path: task.Prompt, N: 1}, func(d core.Delta) error {
		b.WriteString(d.Content)
		pieces++
		return nil
	})
	if err != nil || b.String() != n.Content || pieces < 5 {
		t.Errorf("streamed %q in %d pieces, the node says %q (%v)", b.String(), pieces, n.Content, err)
	}
	full := errors.New("nobody listens")
	if _, err := a.Stream(t.Context(), core.Request{Path: task.Prompt, N: 1}, func(core.Delta) error { return full }); !errors.Is(err, full) {
		t.Errorf("an error of the sink: %v", err)
	}
	if _, err := a.Stream(t.Context(), core.Request{Path: task.Prompt, N: 2}, func(core.Delta) error { return nil }); err == nil {
		t.Error("two alternatives are streamed as one")
	}
}

// Many ask at once, while others open more.
func TestConcurrent(t *testing.T) {
	task := coretest.Task("a", "1 + 1", "")
	m, path := New(files()), recorded(t, samples("a", 0, 50)...)
	a := seat(t, m, path, task)
	var all sync.WaitGroup
	for k := range 8 {
		all.Go(func() {
			if k%2 == 0 {
				seat(t, m, path, task)
			}
			for i := range 50 {
				nodes, err := a.Act(t.Context(), core.Request{Path: task.Prompt, First: i, N: 1})
				if want := fmt.Sprintf("a, sample %d", i); err != nil || nodes[0].Content != want {
					t.Errorf("%v, %v; want %s", nodes, err, want)
				}
			}
		})
	}
	all.Wait()
}

// Tasks named with the recording stand in for those that are asked.
func TestTasksInTheName(t *testing.T) {
	task := coretest.Task("a", "1 + 1", "")
	path := recorded(t, samples("a", 0, 1)...)
	m := New(files(task))
	name, err := m.ResolveFor(t.Context(), path+",tasks.jsonl", []core.Task{coretest.Task("question", "1 + 1", "")})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := m.Actor(t.Context(), name, "solver", core.Options{})
	if nodes, err := a.Act(t.Context(), core.Request{Path: asking("1 + 1"), N: 1}); err != nil || nodes[0].Content != "a, sample 0" {
		t.Errorf("%+v, %v", nodes, err)
	}
}

// No row makes an index panic, or answer with anything but a row's own text.
func FuzzRecording(f *testing.F) {
	f.Add("a", "1 + 1", "two", 0, 0)
	f.Add("", "x", "", -1, 7)
	f.Fuzz(func(t *testing.T, id, prompt, text string, sample, ask int) {
		raw, err := json.Marshal(plainRow{ID: id, Prompt: prompt, Sample: sample, Completion: text})
		if err != nil {
			t.Skip()
		}
		path := filepath.Join(t.TempDir(), "r")
		if err := os.WriteFile(path, append(raw, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
		m := New(files())
		name, err := m.ResolveFor(t.Context(), path, []core.Task{{ID: id, Prompt: asking(prompt)}})
		if err != nil {
			return
		}
		a, err := m.Actor(t.Context(), name, "s", core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var want plainRow
		_ = json.Unmarshal(raw, &want)
		nodes, err := a.Act(t.Context(), core.Request{Path: asking(prompt), First: ask, N: 1})
		if err == nil && (ask != want.Sample || nodes[0].Content != want.Completion) {
			t.Errorf("sample %d gives %q of %+v", ask, nodes[0].Content, want)
		}
	})
}

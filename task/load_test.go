package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pawl/core"
	"pawl/coretest"
	"pgregory.net/rapid"
)

func file(t interface {
	TempDir() string
	Fatal(...any)
}, content string) string {
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func lines(rows ...string) string { return strings.Join(rows, "\n") + "\n" }

func TestRows(t *testing.T) {
	user := func(text string) []core.Node { return []core.Node{{Role: core.RoleUser, Content: text}} }
	for _, c := range []struct {
		row    string
		prompt []core.Node
		ref    string // JSON; "" for none
	}{
		{`{"id":"x","prompt":"p"}`, user("p"), ``},
		{`{"id":"x","question":"q","answer":"7"}`, user("q"), `{"answer":"7"}`},
		{`{"id":"x","problem":"q","answer":7.50}`, user("q"), `{"answer":"7.50"}`},
		{`{"id":"x","prompt":"q","answer":true,"solution":null}`, user("q"), `{"answer":"true"}`},
		{`{"id":"x","prompt":"q","answer":"1+1=2\n#### 2"}`, user("q"), `{"answer":"2","solution":"1+1=2\n#### 2"}`},
		{`{"id":"x","prompt":"q","solution":"1+1=2\n#### 2"}`, user("q"), `{"answer":"2","solution":"1+1=2\n#### 2"}`},
		{`{"id":"x","prompt":"q","solution":"because"}`, user("q"), `{"solution":"because"}`},
		{`{"id":"x","prompt":"q","answer":"2","solution":"work #### 3"}`, user("q"), `{"answer":"2","solution":"work #### 3"}`},
		{`{"id":"x","prompt":"q","reference":"2"}`, user("q"), `{"answer":"2"}`},
		{`{"id":"x","prompt":"q","reference":{"world":"chain","answer":"2","table":5}}`, user("q"), `{"answer":"2","table":5,"world":"chain"}`},
		{`{"id":"x","prompt":"first","question":"second"}`, user("first"), ``},
		{`{"id":"x","prompt":"4 5 6 10","numbers":[4,5,6,10],"target":24}`, user("4 5 6 10"), `{"world":"countdown","numbers":[4,5,6,10],"target":24}`},
		{`{"id":"x","prompt":"label it","target":"yes"}`, user("label it"), ``},
		{`{"id":"x","prompt":"def f","language":"python","entry_point":"f","cases":[{"input":[1],"output":2}]}`, user("def f"),
			`{"language":"python","entry_point":"f","cases":[{"input":[1],"output":2}]}`},
		{`{"id":"x","prompt":"def f","entry_point":"f","test":"def check(c): pass","solution":"  return 1"}`, user("def f"),
			`{"solution":"  return 1","entry_point":"f","test":"def check(c): pass"}`},
		{`{"id":"x","question":"q","choices":["a","b"],"answer":"b"}`, user("q"), `{"answer":"b","choices":["a","b"]}`},
		{`{"id":"x","question":"q","choices":["a",1.50],"answer":1}`, user("q"), `{"answer":"1","choices":["a","1.50"],"choice":"B"}`},
		{`{"id":"x","question":"q","choices":{"text":["x","y"],"label":["1","2"]},"answerKey":"2"}`, user("q"), `{"choices":["x","y"],"choice":"B"}`},
		{`{"id":"x","question":"q","choices":[],"answer":1}`, user("q"), `{"answer":"1"}`},
		{`{"id":"x","question":"q","references":["one","two"]}`, user("q"), `{"references":["one","two"]}`},
		{`{"id":"x","question":"q","json_schema":{"type":"object"}}`, user("q"), `{"json_schema":{"type":"object"}}`},
		{`{"id":"x","question":"q","json_schema":"{\"type\":\"object\"}"}`, user("q"), `{"json_schema":{"type":"object"}}`},
		{`{"id":"x","prompt":"q","instructions":{"no_commas":true}}`, user("q"), `{"instructions":{"no_commas":true}}`},
		{`{"id":"x","prompt":"q","instructions":"be short"}`, user("q"), ``},
		{`{"key":1001,"id":"x","prompt":"q","instruction_id_list":["punctuation:no_comma"],"kwargs":[{}]}`, user("q"),
			`{"instructions":{"instruction_id_list":["punctuation:no_comma"],"kwargs":[{}]}}`},
		{`{"id":"x","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}]}`,
			[]core.Node{{Role: "system", Content: "s"}, {Role: "user", Content: "u"}}, ``},
		{`{"id":"x","messages":[{"role":"user","content":[{"type":"text","text":"u"}]},{"role":"assistant","content":"so #### 4"}]}`,
			user("u"), `{"answer":"4","solution":"so #### 4"}`},
		{`{"id":"x","prompt":[{"role":"user","content":"u"}],"answer":"1"}`, user("u"), `{"answer":"1"}`},
	} {
		got, err := Open(file(t, c.row), Options{})
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v", c.row, err)
			continue
		}
		if got[0].ID != "x" || !cmp.Equal(got[0].Prompt, c.prompt) || string(got[0].Reference) != c.ref {
			t.Errorf("%s\ngives %s %v %s\nwant  x %v %s", c.row, got[0].ID, got[0].Prompt, got[0].Reference, c.prompt, c.ref)
		}
	}
}

func TestPuzzleWithoutPrompt(t *testing.T) {
	got, err := Open(file(t, `{"numbers":[1,2,3],"target":6}`), Options{Require: "answer"})
	if err != nil || !strings.Contains(got[0].Text(), "1, 2, 3") || got[0].ID != "rows.jsonl:1" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBadRows(t *testing.T) {
	good := `{"id":"good","prompt":"p","answer":"1"}`
	for _, c := range []struct{ rows, want string }{
		{``, "the file has no rows"},
		{"\n\n  \n", "the file has no rows"},
		{"\x00\x01\x02", "the file is binary"},
		{"\x1f\x8b\x08rest", "compressed by gzip"},
		{"\xff\xfe{\x00", "UTF-16"},
		{lines(good, `{"id":"a"`), "rows.jsonl:2: the row is not JSON"},
		{lines(good, `[1]`), "rows.jsonl:2: a row is a JSON object, this one is a list"},
		{lines(good, `{"prompt":"p\xff"}`), "rows.jsonl:2: the row is not JSON"},
		{lines(good, "{\"prompt\":\"p\xff\"}"), "rows.jsonl:2: the row is not UTF-8"},
		{lines(good, ``, `{"answer":"1"}`), "rows.jsonl:3: prompt: is missing"},
		{lines(`{"prompt":" \n"}`), "rows.jsonl:1: prompt: is empty"},
		{lines(`{"prompt":7}`), "rows.jsonl:1: prompt: wants text, not a number"},
		{lines(`{"messages":"hi"}`), "messages: wants a list of messages, not text"},
		{lines(`{"messages":[]}`), "messages: has no message of the user's"},
		{lines(`{"messages":[{"role":"boss","content":"x"}]}`), `messages[0].role: "boss" is none of`},
		{lines(`{"messages":[{"role":"user","content":7}]}`), "messages[0].content: wants text, not a number"},
		{lines(`{"messages":[{"role":"user"}]}`), "messages[0].content: wants text, not nothing"},
		{lines(`{"id":"","prompt":"p"}`), "id: is empty"},
		{lines(`{"id":["x"],"prompt":"p"}`), "id: wants text or a number, not a list"},
		{lines(good, `{"id":"other","prompt":"p"}`, good), `rows.jsonl:3: id: "good" is taken by line 1`},
		{lines(`{"prompt":"p","answer":{"a":1}}`), "answer: wants text or a number, not an object"},
		{lines(`{"prompt":"p","reference":{"answer":7}}`), "reference: wants text for answer"},
		{lines(`{"prompt":"p","numbers":[1.5],"target":3}`), "numbers: wants a list of whole numbers"},
		{lines(`{"prompt":"p","numbers":[1]}`), "target: is missing"},
		{lines(`{"prompt":"p","numbers":[1],"target":"3"}`), "target: wants a whole number, not text"},
		{lines(good, `{"prompt":"p","choices":["a"]}`), "rows.jsonl:2: choices: has 1 options; 2 to 26"},
		{lines(`{"prompt":"p","choices":"a or b"}`), "choices: wants a list of texts, not text"},
		{lines(`{"prompt":"p","choices":["a",["b"]]}`), "choices: item 2 wants text, not a list"},
		{lines(`{"prompt":"p","choices":["a"," "]}`), "choices: item 2 is empty"},
		{lines(`{"prompt":"p","choices":["a","b"],"answer":2}`), "answer: 2 is no index of the 2 choices"},
		{lines(`{"prompt":"p","choices":[1,2],"answer":1}`), "answer: 1 may be an index or one of the choices"},
		{lines(`{"prompt":"p","choices":{"text":["a","b"],"label":["1"]}}`), "choices: wants a list of texts, or {text, label}"},
		{lines(`{"prompt":"p","choices":{"text":["a","b"],"label":["1","2"]},"answerKey":"C"}`), `answerKey: "C" is none of the labels`},
		{lines(`{"prompt":"p","references":"a"}`), "references: wants a list of texts, not text"},
		{lines(`{"prompt":"p","json_schema":[]}`), "json_schema: wants an object, not a list"},
		{lines(`{"prompt":"p","json_schema":"{"}`), "json_schema: the text is not JSON"},
		{lines(`{"prompt":"p","instruction_id_list":["a"],"kwargs":[]}`), "kwargs: wants a list of 1 objects"},
		{lines(`{"prompt":"p","instruction_id_list":["a"]}`), "kwargs: wants a list of 1 objects, one for each of instruction_id_list, not nothing"},
		{lines(`{"prompt":"p","instruction_id_list":["a"],"kwargs":[7]}`), "kwargs: item 1 wants an object, not a number"},
		{lines(`{"prompt":"p","instruction_id_list":["a"],"kwargs":[{}],"instructions":{}}`), "instructions: stands beside"},
		{lines(`{"prompt":"p","cases":[{"input":1,"output":2}],"entry_point":"f"}`), "cases: case 1 wants an input"},
		{lines(`{"prompt":"p","cases":[{"input":[1],"output":2}]}`), "entry_point: is missing"},
		{lines(`{"prompt":"p","test":"x"}`), "entry_point: is missing"},
		{lines(`{"prompt":"p","test":7}`), "test: wants text, not a number"},
		{lines(good, `{"prompt":"`+strings.Repeat("x", maxRow)+`"}`), "rows.jsonl:2: the row is longer than 8 MiB"},
		{"PAR1 and then nothing of the kind", "reading Parquet"},
	} {
		_, err := Open(file(t, c.rows), Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "rows.jsonl") {
			t.Errorf("%.80q: %v\nwant %q", c.rows, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "missing.jsonl"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
}

func TestRequire(t *testing.T) {
	rows := file(t, lines(`{"prompt":"p","answer":"1"}`, `{"prompt":"q"}`))
	if _, err := Open(rows, Options{}); err != nil {
		t.Errorf("nothing required: %v", err)
	}
	if _, err := Open(rows, Options{Require: "answer"}); err == nil || !strings.Contains(err.Error(), "rows.jsonl:2: answer: is missing") {
		t.Errorf("answers required: %v", err)
	}
	if _, err := Open(rows, Options{Require: "solution"}); err == nil || !strings.Contains(err.Error(), "rows.jsonl:1: solution: is missing") {
		t.Errorf("solutions required: %v", err)
	}
	for _, o := range []Options{{Require: "x"}, {Split: "x"}, {N: -1}, {SkipBad: -1}} {
		if _, err := Open(rows, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

func TestSkipBad(t *testing.T) {
	rows := file(t, lines(`{"prompt":"a"}`, `{`, `{"prompt":"`+strings.Repeat("x", maxRow)+`"}`, `{"prompt":"b"}`))
	s, err := Load(t.Context(), rows, Options{SkipBad: 2})
	if err != nil || s.Len() != 2 || len(s.Skipped) != 2 || s.Skipped[0].Line != 2 || s.Skipped[1].Line != 3 {
		t.Fatalf("two bad rows tolerated: %+v, %v", s, err)
	}
	_, err = Load(t.Context(), rows, Options{SkipBad: 1})
	if err == nil || !strings.Contains(err.Error(), "rows.jsonl:2") || !strings.Contains(err.Error(), "rows.jsonl:3") || !strings.Contains(err.Error(), "1 bad rows were to be tolerated") {
		t.Errorf("one tolerated: %v", err)
	}
	var many []string
	for range 50 {
		many = append(many, "{")
	}
	_, err = Load(t.Context(), file(t, lines(many...)), Options{})
	if err == nil || strings.Count(err.Error(), "rows.jsonl:") != 10 || !strings.Contains(err.Error(), "perhaps more") {
		t.Errorf("fifty bad rows: %v", err)
	}
	if _, err = Load(t.Context(), file(t, "{\n"), Options{SkipBad: 5}); err == nil || !strings.Contains(err.Error(), "none of its 1 rows can be used") {
		t.Errorf("nothing but bad rows: %v", err)
	}
	h := coretest.NewHost(nil)
	if _, err := newJSONL(t.Context(), h, JSONL{Path: rows, SkipBad: 2}); err != nil || len(h.Notes()) != 2 || !strings.Contains(h.Notes()[0].Note, "rows.jsonl:2") {
		t.Errorf("the source does not say what it skips: %v, %v", h.Notes(), err)
	}
}

func TestLineEndingsAndMark(t *testing.T) {
	want, err := Open(file(t, "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		"\ufeff{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}",
		"{\"prompt\":\"a\"}\r\n{\"prompt\":\"b\"}\r\n",
	} {
		got, err := Open(file(t, content), Options{})
		if err != nil || len(got) != 2 {
			t.Fatalf("%q: %v", content, err)
		}
		for i := range got {
			if got[i].ID != want[i].ID || got[i].Text() != want[i].Text() {
				t.Errorf("%q: task %d is %v", content, i, got[i])
			}
		}
	}
}

func many(n int) string {
	var rows []string
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"id":"t%d","prompt":"question %d","answer":"%d"}`, i, i, i))
	}
	return lines(rows...)
}

func TestSplits(t *testing.T) {
	path := file(t, many(2000))
	owner := map[string]string{}
	for split, percent := range Splits {
		got, err := Open(path, Options{Split: split})
		if err != nil {
			t.Fatal(err)
		}
		if want := 20 * percent; len(got) < want-120 || len(got) > want+120 { // over five standard deviations
			t.Errorf("%s has %d tasks, want about %d", split, len(got), want)
		}
		for _, task := range got {
			if was, ok := owner[task.ID]; ok {
				t.Fatalf("%s is in %s and %s", task.ID, was, split)
			}
			owner[task.ID] = split
		}
	}
	if len(owner) != 2000 {
		t.Errorf("the splits hold %d of 2000 tasks", len(owner))
	}
	few, err := Open(path, Options{Split: "gate", N: 5})
	if err != nil || len(few) != 5 {
		t.Errorf("five of the gate split: %d, %v", len(few), err)
	}
	if _, err := Open(file(t, many(1)), Options{Split: "audit"}); err == nil {
		if _, err = Open(file(t, many(1)), Options{Split: "gate"}); err == nil {
			t.Error("one row is in two splits")
		}
	} else if !strings.Contains(err.Error(), "none of its 1 rows falls into the split audit") {
		t.Errorf("an empty split: %v", err)
	}
}

func TestSplitLooksThroughSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-zé]{1,8}`)
		words := rapid.SliceOfN(word, 1, 5).Draw(t, "words")
		a := coretest.Task("a", strings.Join(words, " "), "")
		b := coretest.Task("b", "  "+strings.ToUpper(strings.Join(words, " \n\t"))+"\n", "")
		if splitOf(a) != splitOf(b) {
			t.Fatalf("%q and %q part", a.Text(), b.Text())
		}
	})
	if Normalise("Caf\u00e9") != Normalise("cafe\u0301") {
		t.Error("composed and decomposed letters differ")
	}
}

func TestSourceConforms(t *testing.T) {
	path := file(t, many(30))
	coretest.TaskSource(t, func(h *coretest.Host) (core.TaskSource, error) {
		return newJSONL(t.Context(), h, JSONL{Path: path})
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled load: %v", err)
	}
	a, _ := Load(t.Context(), path, Options{})
	b, _ := Load(t.Context(), file(t, many(30)), Options{})
	c, _ := Load(t.Context(), file(t, many(31)), Options{})
	if a.Digest() != b.Digest() || a.Digest() == c.Digest() {
		t.Error("the digest does not follow the content")
	}
}

func TestDisjoint(t *testing.T) {
	load := func(content string) *Set {
		s, err := Load(t.Context(), file(t, content), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	train := load(lines(`{"prompt":"One"}`, `{"prompt":"Two"}`, `{"prompt":"two"}`))
	gate := load(lines(`{"prompt":"three"}`, `{"prompt":"four"}`))
	audit := load(lines(`{"prompt":"five"}`, `{"prompt":" TWO "}`))
	if err := Disjoint(t.Context(), Named{"train", train}, Named{"gate", gate}); err != nil {
		t.Errorf("disjoint sets: %v", err)
	}
	err := Disjoint(t.Context(), Named{"train", train}, Named{"gate", gate}, Named{"audit", audit})
	if err == nil || !strings.Contains(err.Error(), "audit ("+audit.List[1].Origin[0]+")") || !strings.Contains(err.Error(), "train ("+train.List[1].Origin[0]+")") {
		t.Errorf("overlap: %v", err)
	}
}

// completions reads a whole file.
func completions(t *testing.T, path string, o CompletionOptions) ([]Completion, []*RowError, error) {
	t.Helper()
	var all []Completion
	skipped, err := EachCompletion(t.Context(), path, o, func(c Completion) error {
		all = append(all, c)
		return nil
	})
	return all, skipped, err
}

// Where a row stands is where it can be read again, whatever stands around it.
func TestCompletionsByOffset(t *testing.T) {
	const content = "\ufeff  {\"id\":\"a\",\"completion\":\"ä\"} \r\n\n\t{\"prompt\":\"How many?\",\"completion\":\"3\",\"finish\":\"length\"}\n" +
		"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"}],\"completion\":\"last\"}"
	got, _, err := completions(t, file(t, content), CompletionOptions{Prompts: true})
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range []struct {
		text, finish string
		asked        core.Digest
	}{
		{"ä", "", ""},
		{"3", "length", core.Asked([]core.Node{{Role: core.RoleUser, Content: "How many?"}})},
		{"last", "", core.Asked([]core.Node{{Role: core.RoleSystem, Content: "s"}, {Role: core.RoleUser, Content: "u"}})},
	} {
		text, finish, err := CompletionText([]byte(content[got[i].Offset : got[i].Offset+got[i].Size]))
		if err != nil || text != want.text || finish != want.finish || got[i].Asked != want.asked || got[i].Text != want.text {
			t.Errorf("row %d: %q, %q, %v of %+v", i, text, finish, err, got[i])
		}
	}
	if _, _, err := completions(t, file(t, content), CompletionOptions{}); err == nil {
		t.Error("rows without id are taken where prompts are not looked at")
	}
}

func TestCompletions(t *testing.T) {
	got, _, err := completions(t, file(t, lines(
		`{"id":"a","completion":"x","correct":true}`, `{"id":"a","completion":"","correct":"whatever stands there"}`, `{"id":"b","sample":3,"completion":"y","scores":[1e999]}`)), CompletionOptions{})
	want := []Completion{{ID: "a", Text: "x", Line: 1}, {ID: "a", Sample: 1, Line: 2}, {ID: "b", Sample: 3, Text: "y", Line: 3}}
	for i := range got {
		got[i].Offset, got[i].Size = 0, 0 // see TestCompletionsByOffset
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range []struct{ rows, want string }{
		{"", "no rows"},
		{lines(`{"completion":"x"}`), "rows.jsonl:1: id: is missing"},
		{lines(`{"id":"a"}`), "completion: is missing"},
		{lines(`{"id":"a","completion":7}`), "completion: wants text"},
		{lines(`{"id":"a","completion":"x","sample":-1}`), "sample: wants a whole number"},
		{lines(`{"id":"a","completion":"x","sample":9223372036854775807}`), "sample: wants a whole number from 0 to 2^53"},
		{lines("not json"), "rows.jsonl:1: the row is not JSON: column"},
		{lines("null"), "a row is a JSON object, this one is null"},
		{lines(`{"id":"a","completion":"x","sample":1}`, `{"id":"a","completion":"x","sample":1}`), "rows.jsonl:2: sample: sample 1 of \"a\" is taken by line 1"},
		{lines(`{"id":"a","completion":"x","sample":5}`, `{"id":"b","completion":"x"}`, `{"id":"a","completion":"x"}`, `{"id":"a","completion":"x","sample":6}`), "rows.jsonl:4: sample: sample 6 of \"a\" is taken by line 3"},
		{lines(`{"id":"a","completion":"x","sample":2}`, `{"id":"a","completion":"x","sample":1}`, `{"id":"a","completion":"x"}`), "rows.jsonl:3: sample: sample 2 of \"a\" is taken by line 1"},
		{lines(`{"id":"c","completion":"x"}`), "rows.jsonl:1: id: no such task"},
		{lines("{\"id\":\"a\",\"completion\":\"x" + strings.Repeat("y", 5000) + "\x00\"}"), "rows.jsonl:1: the row is not JSON: column 502"},
		{lines(`{"id":"a","completion":"x"`), "rows.jsonl:1: the row is not JSON"},
		{lines(`{"id":"a","completion":"` + strings.Repeat("x", maxRow) + `"}`), "rows.jsonl:1: the row is longer than 8 MiB"},
	} {
		known := func(id string) error {
			if id == "c" {
				return errors.New("no such task")
			}
			return nil
		}
		if _, _, err := completions(t, file(t, c.rows), CompletionOptions{Known: known}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.rows, err, c.want)
		}
	}
	got, skipped, err := completions(t, file(t, lines(`{"id":"a"}`, `{"id":"a","completion":"x"}`)), CompletionOptions{SkipBad: 1})
	if err != nil || len(got) != 1 || len(skipped) != 1 {
		t.Errorf("one bad row tolerated: %v, %v, %v", got, skipped, err)
	}
}

// Whatever the order, a sample is taken exactly when it was there before, and
// the line of it is told.
func TestSamplesSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, lines := &samples{}, map[int]int{}
		for i, n := range rapid.SliceOf(rapid.IntRange(0, 12)).Draw(t, "samples") {
			before, taken := s.add(n, i+1)
			if want, was := lines[n]; was != taken || taken && before != want {
				t.Fatalf("sample %d at line %d: taken %v by line %d, want %v, line %d", n, i+1, taken, before, was, want)
			}
			if !taken {
				lines[n] = i + 1
			}
		}
	})
}

// TestRecordedData reads the public files that other tests judge.
func TestRecordedData(t *testing.T) {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the data is in openai/grade-school-math, openai/human-eval and princeton-nlp/tree-of-thought-llm")
	}
	for name, want := range map[string]int{"gsm8k": 1319, "humaneval": 164, "game24": 100} {
		tasks, err := Open(filepath.Join(dir, name, "tasks.jsonl"), Options{Require: "answer"})
		if err != nil || len(tasks) != want {
			t.Errorf("%s: %d tasks, want %d (%v)", name, len(tasks), want, err)
		}
	}
	for name, want := range map[string]int{"gsm8k/6b-finetuning": 1319, "humaneval/codegen-16b": 16400, "game24/gpt-4-direct": 10000} {
		rows, _, err := completions(t, filepath.Join(dir, name+".jsonl"), CompletionOptions{})
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d completions, want %d (%v)", name, len(rows), want, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{many(2), "\ufeff{}", "PAR1", `{"prompt":[{"role":"user","content":[{"type":"text"}]}],"cases":[{}]}`,
		`{"numbers":[1,2],"target":3,"reference":{"x":1}}`, "{\"prompt\":\"\x00\"}", `{"id":1e999,"prompt":"p","answer":-0}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := file(t, string(content))
		tasks, err := Open(path, Options{})
		if err != nil && (len(tasks) > 0 || !strings.Contains(err.Error(), path)) {
			t.Fatalf("%d tasks and the error %v", len(tasks), err)
		}
		for _, task := range tasks {
			if task.ID == "" || len(task.Prompt) == 0 || task.Reference != nil && !json.Valid(task.Reference) {
				t.Fatalf("a broken task: %+v", task)
			}
		}
		if _, _, err := completions(t, path, CompletionOptions{SkipBad: 1}); err != nil && !strings.Contains(err.Error(), path) {
			t.Fatal(err)
		}
	})
}

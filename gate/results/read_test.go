package results

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// parseBytes reads results from memory, under small limits.
func parseBytes(b []byte, by string) (*Results, error) {
	small := limits{line: 1 << 20, whole: 1 << 20, records: 1000, entries: 100, entry: 1 << 16, total: 1 << 18}
	return parse("f", bytes.NewReader(b), int64(len(b)), Options{By: by}, small)
}

func values(r *Results) map[string]float64 {
	v := map[string]float64{}
	for _, it := range r.Items {
		v[strings.TrimSuffix(it.ID+"/"+it.Sample, "/")] = it.Value
	}
	return v
}

func TestReadRows(t *testing.T) {
	for _, c := range []struct {
		name, in, by string
		want         map[string]float64
		score        string
	}{
		{"correct", `{"id": "a", "correct": true, "completion": "x"}` + "\n\n" + `{"id": 7, "correct": false}`, "", map[string]float64{"a": 1, "7": 0}, "correct"},
		{"windows", "\xef\xbb\xbf{\"id\": \"a\", \"correct\": 1}\r\n{\"id\": \"b\", \"correct\": 0}\r\n", "", map[string]float64{"a": 1, "b": 0}, "correct"},
		{"score", `{"id": "a", "score": 0.25}`, "", map[string]float64{"a": 0.25}, "score"},
		{"correct before score", `{"id": "a", "score": 0.25, "correct": true}`, "", map[string]float64{"a": 1}, "correct"},
		{"asked for", `{"id": "a", "score": 0.25, "correct": true}`, "score", map[string]float64{"a": 0.25}, "score"},
		{"scores", `{"id": "a", "scores": [{"by": "exact", "value": 1}, {"by": "vote", "value": 0.7, "confidence": 0.7}]}`, "vote", map[string]float64{"a": 0.7}, "vote"},
		{"abstention", `{"id": "a", "scores": [{"by": "exact", "abstain": true}]}`, "", map[string]float64{"a": 0}, "exact"},
		{"map", `{"id": "a", "scores": {"judge": 0.5, "exact": true}}`, "exact", map[string]float64{"a": 1}, "exact"},
		{"comma in a name", `{"id": "a", "scores": {"x,y": 0.5}}`, "", map[string]float64{"a": 0.5}, "x,y"},
		{"samples", `{"id": "a", "sample": 0, "correct": true}` + "\n" + `{"id": "a", "sample": 1, "correct": false}`, "", map[string]float64{"a/0": 1, "a/1": 0}, "correct"},
		{"array", `[{"id": "a", "correct": true},` + "\n" + ` {"id": "b", "correct": false}]`, "", map[string]float64{"a": 1, "b": 0}, "correct"},
		{"words in strings", `{"id": "NaN \" Infinity", "score": -0.5, "x": NaN, "y": [-Infinity]}`, "", map[string]float64{`NaN " Infinity`: -0.5}, "score"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := parseBytes([]byte(c.in), c.by)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, values(r)); diff != "" || r.By != c.score || r.Format != "rows" {
				t.Errorf("%s by %q as %s", diff, r.By, r.Format)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	two := `{"id": "a", "correct": true}` + "\n"
	for _, c := range []struct{ name, in, by, want string }{
		{"empty", "", "", "reading results f: it is empty"},
		{"blank", "\n \n", "", "it is empty"},
		{"binary", "\x00\x01\x02\x03\n", "", "f:1: it is neither JSON lines"},
		{"gzip", "\x1f\x8b\x08\x00", "", "it is compressed; unpack it first"},
		{"prose", "hello", "", "it is neither JSON lines"},
		{"not utf-8", two + "{\"id\": \"\xff\xfe\"}", "", "f:2: it is not text in UTF-8"},
		{"torn", two + `{"id": "b", "corr`, "", "f:2: it is not a JSON object"},
		{"no object", two + `17`, "", "f:2: it is not a JSON object"},
		{"null", two + `null`, "", "f:2: it is not a JSON object but null"},
		{"no id", `{"correct": true}`, "", "f:1: id: missing"},
		{"odd id", `{"id": [1], "correct": true}`, "", "f:1: id: want a string or a whole number, not [1]"},
		{"odd sample", `{"id": 1, "sample": 1.5, "correct": true}`, "", "f:1: sample: want a string"},
		{"nothing judged", `{"id": "a", "completion": "x"}`, "", `f:1: item "a" has none of correct, score and scores`},
		{"odd correct", two + `{"id": "b", "correct": "yes"}`, "", `f:2: correct: want true or false, not "yes"`},
		{"half correct", `{"id": "b", "correct": 0.5}`, "", "f:1: correct: want true or false, not 0.5"},
		{"odd score", `{"id": "b", "score": "high"}`, "", `f:1: score: want a number, not "high"`},
		{"huge score", `{"id": "b", "score": 1e999}`, "", `f:1: score: want a number, not 1e999`},
		{"odd scores", `{"id": "b", "scores": 3}`, "", `f:1: scores: want a list`},
		{"nameless score", `{"id": "b", "scores": [{"value": 3}]}`, "", `f:1: scores[0].by: missing`},
		{"no value", `{"id": "b", "scores": [{"by": "x"}]}`, "", `f:1: scores[0].value: missing`},
		{"score twice", `{"id": "b", "scores": [{"by": "x", "value": 1}, {"by": "x", "value": 0}]}`, "", `f:1: scores[1].by: "x" is there twice`},
		{"several scores", `{"id": "b", "scores": {"x": 1, "y": 2}}`, "", `choose one with --by: "x", "y"`},
		{"unknown score", `{"id": "b", "scores": {"x": 1, "y": 2}}`, "z", `it has no score "z"; it has "x", "y"`},
		{"score missing", `{"id": "a", "scores": {"x": 1}}` + "\n" + `{"id": "b", "scores": {"y": 1}}`, "x", `f:2: item "b" has no score "x"`},
		{"twice", two + two, "", `f:2: id: "a" was already at 1`},
		{"array cut", `[{"id": "a", "correct": true},`, "", "JSON array"},
		{"array and more", `[{"id": "a", "correct": true}] []`, "", "something follows the JSON array"},
		{"array row", "[{\"id\": \"a\", \"correct\": true},\n\n{\"correct\": true}]", "", "f:3: id: missing"},
		{"empty array", "[]", "", "there are no results in it"},
		{"mixed", two + fmt.Sprintf(harnessLine, 1, "none", "h", "t", 1), "", "f:2: the row is of another form"},
		{"long line", `{"id": "` + strings.Repeat("x", 1<<20) + `"}`, "", "f:1: the line is longer than 1 MiB"},
		{"many rows", strings.Repeat("{\"id\": 1, \"score\": 1}\n", 1001), "", "f:1001: more than 1000 rows"},
		{"harness id", `{"doc_id": "x", "resps": [], "metrics": ["acc"]}`, "", "f:1: acc: it is listed in metrics but missing"},
		{"harness value", `{"doc_id": 1, "resps": [], "metrics": ["acc"], "acc": [1, 2]}`, "", `f:1: score "acc": want a number, not [1, 2]`},
		{"header only", `{"version": 2, "status": "success", "eval": {}}`, "", "samples: the log has none"},
		{"inspect value", `{"eval": {}, "samples": [{"id": 1, "epoch": 1, "scores": {"m": {"value": "X"}}}]}`, "", `f:samples[0]: score "m": want C, P, I, N`},
		{"inspect unscored", `{"eval": {}, "samples": [{"id": 1, "epoch": 1}]}`, "", `no answer in it has a score`},
		{"no archive", "PK\x03\x04 and nothing else", "", "opening it as an .eval archive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := parseBytes([]byte(c.in), c.by)
			if err == nil {
				t.Fatalf("no error: %+v", r)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "reading results f") || len(err.Error()) > 600 {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := Read(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), Options{}); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("no file: %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		if _, path := err.(*os.PathError); path {
			return err
		}
		err = u.Unwrap()
	}
}

// samples of an inspect_ai log: two epochs of a task, every kind of value.
var evalSamples = []string{
	`{"id": "q1", "epoch": 1, "target": "4", "messages": [], "scores": {"match": {"value": "C", "answer": "4"}, "judge": {"value": {"style": 0.5, "depth": 2}}}}`,
	`{"id": "q1", "epoch": 2, "target": "4", "scores": {"match": {"value": "I"}, "judge": {"value": {"style": 1, "depth": 1}}}}`,
	`{"id": 2, "epoch": 1, "target": ["a", "b"], "scores": {"match": {"value": "P"}, "judge": {"value": {"style": "yes", "depth": "2.5"}}}}`,
	`{"id": 2, "epoch": 2, "target": ["a", "b"], "scores": {"match": {"value": NaN}, "judge": {"value": {"style": false, "depth": 0}}}}`,
	`{"id": 3, "epoch": 1, "target": "x", "error": {"message": "limit"}}`,
}

func evalLog(status string) []byte {
	return []byte("{\n \"version\": 2,\n \"status\": \"" + status + "\",\n \"eval\": {\"task\": \"t\"},\n \"samples\": [\n" + strings.Join(evalSamples, ",\n") + "\n ]\n}\n")
}

// entry is one file of an archive.
type entry struct {
	name, content string
	method        uint16
}

func archiveOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor())
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func evalArchive(t testing.TB) []byte {
	entries := []entry{{"_journal/start.json", "{}", zip.Deflate}, {"summaries.json", "[]", zip.Deflate}, {"header.json", `{"status": "success"}`, zip.Deflate}}
	for i, s := range evalSamples {
		method := zip.Deflate
		if i%2 == 1 {
			method = zstd.ZipMethodWinZip
		}
		entries = append(entries, entry{fmt.Sprintf("samples/%d.json", i), s, method})
	}
	return archiveOf(t, entries...)
}

func TestReadInspect(t *testing.T) {
	match := map[string]float64{"q1/1": 1, "q1/2": 0, "2/1": 0.5}
	for name, b := range map[string][]byte{
		"json":     evalLog("success"),
		"one line": bytes.ReplaceAll(evalLog("success"), []byte("\n"), nil),
		"archive":  evalArchive(t),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parseBytes(b, "match")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(match, values(r)); diff != "" || r.Format != "inspect_ai" || len(r.Unscored) != 2 || len(r.Notes) != 1 ||
				!strings.Contains(r.Notes[0], "2 of 5 answers have no score") {
				t.Errorf("%s as %s, notes %q", diff, r.Format, r.Notes)
			}
			r, err = parseBytes(b, "judge/depth")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]float64{"q1/1": 2, "q1/2": 1, "2/1": 2.5, "2/2": 0}, values(r)); diff != "" {
				t.Error(diff)
			}
			if _, err := parseBytes(b, ""); err == nil || !strings.Contains(err.Error(), `"judge/depth", "judge/style", "match"`) {
				t.Errorf("several scorers: %v", err)
			}
			// A run against itself, tasks being the unit.
			c, err := Compare(r, r, CompareOptions{})
			if err != nil || c.Verdict.N != 2 || c.Verdict.Outcome != "not_proven" {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
	r, err := parseBytes(evalLog("cancelled"), "match")
	if err != nil || !strings.Contains(r.Notes[0], `status is "cancelled"`) {
		t.Errorf("%+v, %v", r, err)
	}
	other := bytes.ReplaceAll(evalLog("success"), []byte(`"target": "4"`), []byte(`"target": "5"`))
	changed, err := parseBytes(other, "match")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compare(r, changed, CompareOptions{}); err == nil || !strings.Contains(err.Error(), "the reference answers of 2 items differ") {
		t.Errorf("other targets: %v", err)
	}
}

func TestReadHostileArchives(t *testing.T) {
	zeros := strings.Repeat("0", 1<<17)
	many := make([]entry, 101)
	for i := range many {
		many[i] = entry{fmt.Sprintf("samples/%d.json", i), "{}", zip.Store}
	}
	long := evalSamples[0][:len(evalSamples[0])-1] + `, "x": "` + strings.Repeat("y", 60_000) + `"}`
	var sum []entry
	for i := range 6 {
		sum = append(sum, entry{fmt.Sprintf("samples/%d.json", i), strings.Replace(long, "q1", fmt.Sprint("q", i), 1), zip.Deflate})
	}
	truncated := evalArchive(t)
	for _, c := range []struct {
		name string
		in   []byte
		want string
	}{
		{"bomb", archiveOf(t, entry{"samples/a.json", zeros, zip.Deflate}), "unpacks to more than is allowed"},
		{"zstd bomb", archiveOf(t, entry{"samples/a.json", zeros, zstd.ZipMethodWinZip}), "unpacks to more than is allowed"},
		{"many bombs", archiveOf(t, sum...), "unpacks to more than is allowed"},
		{"many entries", archiveOf(t, many...), "the archive has 101 entries"},
		{"no samples", archiveOf(t, entry{"header.json", "{}", zip.Store}), "no entries samples/*.json"},
		{"empty", archiveOf(t), "no entries samples/*.json"},
		{"bad sample", archiveOf(t, entry{"samples/a.json", "[", zip.Store}), "f:samples/a.json: "},
		{"bad header", archiveOf(t, entry{"header.json", "[", zip.Store}), "f:header.json: "},
		{"cut", truncated[:len(truncated)-30], "opening it as an .eval archive"},
		{"corrupt", bytes.Replace(archiveOf(t, entry{"samples/a.json", evalSamples[0], zip.Store}), []byte(`"epoch": 1`), []byte(`"epoch": 3`), 1), "checksum"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r, err := parseBytes(c.in, ""); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want %q", r, err, c.want)
			}
		})
	}
}

// Whatever the bytes: no panic, no unbounded work, and what is read is usable.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"id": "a", "correct": true}`, `[{"id": 1, "score": 0.5}]`, `{"id": "a", "sample": 2, "scores": [{"by": "x", "value": 1}]}`,
		`{"id": "a", "scores": {"x": NaN}}`, fmt.Sprintf(harnessLine, 1, "none", "h", "t", 1), "", "PK\x03\x04", "{", "[", "\"", "\\NaN",
	} {
		f.Add([]byte(s), "")
	}
	f.Add([]byte(`{"id": "a", "correct": true}`), strings.Repeat("\xf1", 1000))
	f.Add(evalLog("success"), "match")
	f.Add(evalArchive(f), "match")
	f.Fuzz(func(t *testing.T, b []byte, by string) {
		r, err := parseBytes(b, by)
		if err != nil {
			if len(err.Error()) > 2000 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if len(r.Items) == 0 || r.By == "" && by != "" {
			t.Fatalf("%+v", r)
		}
		for _, it := range r.Items {
			if it.Value-it.Value != 0 {
				t.Fatalf("not finite: %+v", it)
			}
		}
		if len(r.Items) < 200 {
			if _, err := Compare(r, r, CompareOptions{}); err != nil && !strings.Contains(err.Error(), "score") {
				t.Fatal(err)
			}
			r.Estimates()
		}
	})
}

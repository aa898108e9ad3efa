package task

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

type message struct {
	Role    string `parquet:"role"`
	Content string `parquet:"content"`
}

type parquetRow struct {
	ID       string    `parquet:"id"`
	Question string    `parquet:"question,optional"`
	Messages []message `parquet:"messages,list"`
	Numbers  []int64   `parquet:"numbers,list"`
	Target   *int64    `parquet:"target,optional"`
	Answer   []byte    `parquet:"answer,optional"` // no logical type: bytes
	Extra    float64   `parquet:"extra"`
}

func writeParquet(t testing.TB, rows ...parquetRow) string {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetRow](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestParquetEqualsJSONL reads the same rows in both forms.
func TestParquetEqualsJSONL(t *testing.T) {
	n := int64(24)
	content := writeParquet(t,
		parquetRow{ID: "a", Question: "q", Answer: []byte("work\n#### 7"), Extra: 1.5},
		parquetRow{ID: "b", Messages: []message{{"user", "u"}, {"assistant", "so #### 4"}}},
		parquetRow{ID: "c", Question: "puzzle", Numbers: []int64{4, 5, 6, 10}, Target: &n})
	got, err := Open(file(t, content), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Open(file(t, lines(
		`{"id":"a","question":"q","answer":"work\n#### 7"}`,
		`{"id":"b","messages":[{"role":"user","content":"u"},{"role":"assistant","content":"so #### 4"}]}`,
		`{"id":"c","question":"puzzle","numbers":[4,5,6,10],"target":24}`)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		got[i].Origin, want[i].Origin = nil, nil
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Parquet differs from JSON lines (-jsonl +parquet):\n%s", d)
	}
}

func TestParquetBadRow(t *testing.T) {
	content := writeParquet(t, parquetRow{ID: "a", Question: "q"}, parquetRow{ID: "a", Question: "r"}, parquetRow{ID: "c"})
	_, err := Open(file(t, content), Options{})
	if err == nil || !strings.Contains(err.Error(), `rows.jsonl:2: id: "a" is taken by line 1`) || !strings.Contains(err.Error(), "rows.jsonl:3: ") {
		t.Errorf("bad rows: %v", err)
	}
	if _, err := Open(file(t, writeParquet(t)), Options{}); err == nil || !strings.Contains(err.Error(), "no rows") {
		t.Errorf("a file without rows: %v", err)
	}
}

// TestDamagedParquet flips bytes: whatever happens, it is an error or tasks,
// never a panic.
func TestDamagedParquet(t *testing.T) {
	content := []byte(writeParquet(t, parquetRow{ID: "a", Question: "q"}, parquetRow{ID: "b", Question: "r", Numbers: []int64{1}}))
	rng := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range 300 {
		b := bytes.Clone(content)
		for range 1 + rng.IntN(3) {
			b[4+rng.IntN(len(b)-4)] = byte(rng.IntN(256))
		}
		_, err := Load(context.Background(), file(t, string(b)), Options{})
		if err != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no damage is noticed")
	}
}

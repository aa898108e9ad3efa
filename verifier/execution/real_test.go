package execution

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pawl/coretest"
)

type row struct {
	ID, Prompt, Test, Solution, Completion string
	EntryPoint                             string `json:"entry_point"`
	Sample                                 int
}

func rows(t *testing.T, name string) []row {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the data is in openai/human-eval and microsoft/CodeT")
	}
	f, err := os.Open(filepath.Join(dir, "humaneval", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<24)
	var out []row
	for s.Scan() {
		var r row
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestSolutions(t *testing.T) {
	limits := Limits{Time: 10 * time.Second, Memory: 1 << 30}
	slots := make(chan bool, 2)
	var wg sync.WaitGroup
	for _, r := range rows(t, "tasks.jsonl") {
		slots <- true
		wg.Go(func() {
			defer func() { <-slots }()
			v, err := Check(t.Context(), coretest.HonestBox{}, ReadCompletion(r.Solution, r.Prompt, r.EntryPoint), r.Test, limits)
			if err != nil || !v.Pass {
				t.Errorf("%s: %+v, %v", r.ID, v, err)
			}
		})
	}
	wg.Wait()
}

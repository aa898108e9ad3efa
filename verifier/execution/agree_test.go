package execution

import (
	"testing"
	"time"

	"pawl/coretest"
)

func TestAgreeTry(t *testing.T) {
	tests := map[string][]string{}
	for _, r := range rows(t, "codegen-16b-tests.jsonl") {
		tests[r.ID] = append(tests[r.ID], r.Completion)
	}
	progs := map[string][]string{}
	for _, r := range rows(t, "codegen-16b.jsonl") {
		progs[r.ID] = append(progs[r.ID], r.Completion)
	}
	l := Limits{Time: 5 * time.Second, Memory: 1 << 30}
	for _, r := range rows(t, "tasks.jsonl")[:6] {
		start := time.Now()
		a, err := Collect(t.Context(), coretest.HonestBox{}, r.Prompt, r.EntryPoint, tests[r.ID], 5, 100, l, time.Second)
		if err != nil {
			t.Errorf("%s: %v", r.ID, err)
			continue
		}
		n := 0
		for _, c := range a.Count {
			n += c
		}
		t.Log(r.ID, len(a.Text), n, len(a.Inputs), time.Since(start))
		start = time.Now()
		for _, c := range progs[r.ID][:5] {
			h, ans, err := a.Judge(t.Context(), coretest.HonestBox{}, ReadCompletion(c, r.Prompt, r.EntryPoint), l, time.Second)
			k := 0
			for _, b := range h {
				if b {
					k++
				}
			}
			t.Log(k, err, len(ans), time.Since(start))
		}
		h, _, err := a.Judge(t.Context(), coretest.HonestBox{}, ReadCompletion(r.Solution, r.Prompt, r.EntryPoint), l, time.Second)
		k := 0
		for _, b := range h {
			if b {
				k++
			}
		}
		t.Log("solution", k, err)
		a.Close()
	}
}

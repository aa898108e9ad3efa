package main

import (
	"bytes"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pawl/nn"
	"pawl/tensor"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		if got := median(slices.Clone(c.in)); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.in, got, c.want)
		}
	}
}

// TestLines pins the form that other programs read.
func TestLines(t *testing.T) {
	var lines, file bytes.Buffer
	r := reporter{lines: &lines, notes: new(bytes.Buffer), file: &file}
	r.machine(map[string]any{"cpu": "x", "isa": "avx2"})
	r.add("train", "tokens/s", 123456.7, 61728.35)
	r.add("calls", "calls/s", 8060.04, 0)
	r.figure(figure{what: "memory", unit: "MB", less: true, ours: 100, theirs: 250, theirsBy: "2 threads"})
	isa := tensor.ISA()
	want := `{"what":"train","ours":123500,"theirs":61730,"unit":"tokens/s","ratio":2,"isa":"` + isa + `"}
{"what":"calls","ours":8060,"theirs":null,"unit":"calls/s","ratio":null,"isa":"` + isa + `"}
{"what":"memory","ours":100,"theirs":250,"unit":"MB","ratio":2.5,"isa":"` + isa + `","theirs_by":"2 threads"}
`
	if lines.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", lines.String(), want)
	}
	first, rest, _ := strings.Cut(file.String(), "\n")
	var m struct{ Machine map[string]any }
	if err := json.Unmarshal([]byte(first), &m); err != nil || m.Machine["cpu"] != "x" {
		t.Errorf("the file begins with %q, not with the machine", first)
	}
	if rest != want || r.err != nil {
		t.Errorf("the file goes on with\n%s\nerror %v", rest, r.err)
	}
}

// TestApart: contenders that are set apart are beside our best in a line of
// their own, and never in that of the others, however fast they are.
func TestApart(t *testing.T) {
	takes := func(seconds float64) side {
		return func(n int) (float64, error) { return seconds * float64(n), nil }
	}
	var lines bytes.Buffer
	rep := &reporter{lines: &lines, notes: new(bytes.Buffer)}
	o := &options{turns: 3, slice: 4 * time.Second}
	ours := []contender{{threads: 1, run: takes(1)}, {threads: 2, run: takes(0.5)}}
	theirs := []contender{
		{how: "slow", threads: 1, run: takes(2)},
		{how: "quick", threads: 1, run: takes(1)},
		{how: "slow", apart: "peer awake", threads: 2, run: takes(0.5)},
		{how: "quick", apart: "peer awake", threads: 2, run: takes(0.25)},
	}
	if err := compare(t.Context(), o, rep, workload{what: "product", unit: "products/s", amount: 1}, ours, theirs); err != nil {
		t.Fatal(err)
	}
	isa := tensor.ISA()
	want := `{"what":"product","ours":2,"theirs":1,"unit":"products/s","ratio":2,"isa":"` + isa + `","ours_by":"2 threads","theirs_by":"quick, 1 thread"}
{"what":"product, peer awake","ours":2,"theirs":4,"unit":"products/s","ratio":0.5,"isa":"` + isa + `","ours_by":"2 threads","theirs_by":"quick, 2 threads"}
`
	if lines.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", lines.String(), want)
	}
}

func TestThreads(t *testing.T) {
	if got, err := parseThreads("1"); err != nil || !slices.Equal(got, []int{1}) {
		t.Errorf("1 gives %v, %v", got, err)
	}
	// More threads than cores would measure nothing.
	if got, err := parseThreads("1,1000000"); err != nil || !slices.Equal(got, []int{1}) {
		t.Errorf("%d cores: 1,1000000 gives %v, %v", runtime.NumCPU(), got, err)
	}
	for _, bad := range []string{"", "0", "two", "1,"} {
		if _, err := parseThreads(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{{}, {"engin"}, {"engine", "loop"}, {"-isa", "sse", "ledger"}, {"-turns", "0", "ledger"}} {
		if err := run(args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// TestLoopRate keeps the no-op round working; its speed is for people.
func TestLoopRate(t *testing.T) {
	registerNoop()
	attempts, steps, err := loopRate(t.Context(), 300, 4, 1)
	if err != nil || !(attempts > 0 && steps > 0) {
		t.Errorf("%v attempts/s, %v steps/s, error %v", attempts, steps, err)
	}
}

// BenchmarkLoop is attempts and finished steps a second through whole rounds.
func BenchmarkLoop(b *testing.B) {
	registerNoop()
	attempts, steps, err := loopRate(b.Context(), b.N, 1, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(attempts, "attempts/s")
	b.ReportMetric(steps, "steps/s")
}

// Adapters are measured on a frozen base, which a step leaves as it was.
func TestAdaptersTrain(t *testing.T) {
	z := sizes[0]
	m, err := nn.New(z.config, 1)
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(m.Params())
	step, err := trainingAdapters(m, randomBatch(z.config.Vocab, 2, 8))
	if err != nil {
		t.Fatal(err)
	}
	if seconds, err := step(2); err != nil || !(seconds > 0) {
		t.Errorf("two steps take %v s, error %v", seconds, err)
	}
	if !slices.Equal(before, m.Params()) {
		t.Error("the base changes")
	}
}

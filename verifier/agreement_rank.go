package verifier

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pawl/verifier/execution"
)

// matrix is programs against tests. Programs of one text share a row, tests of
// one text a column; what counts is how often each was written.
type matrix struct {
	row   []int    // of each program
	count []int    // programs of each row
	holds [][]bool // which tests each row passes
	does  []string // what each row answers to the inputs of all tests; "" where it answers none
	wrote []int    // how often each test was written
}

// run runs each program once on all tests. It says why there is nothing to
// run, "" where there is.
func (a agreement) run(ctx context.Context, task codeTask, programs, samples []string) (*matrix, string, error) {
	m := &matrix{}
	var texts []execution.Program
	rows := map[execution.Program]int{}
	for _, text := range programs {
		p := task.program(text)
		p.Source = strings.TrimRight(p.Source, " \t\r\n\f") + "\n"
		i, ok := rows[p]
		if !ok {
			i = len(texts)
			rows[p] = i
			texts, m.count = append(texts, p), append(m.count, 0)
		}
		m.row, m.count[i] = append(m.row, i), m.count[i]+1
	}
	m.holds, m.does = make([][]bool, len(texts)), make([]string, len(texts))
	perCall := a.cfg.Call
	if perCall <= 0 {
		perCall = time.Second
	}
	most := a.cfg.Most
	if most <= 0 {
		most = 5
	}
	limits := a.cfg.limits()
	collect := func(ctx context.Context) (*execution.Asserts, error) {
		return execution.Collect(ctx, a.box, task.prompt, task.EntryPoint, samples, most, len(texts), limits, perCall)
	}
	first, err := collect(ctx)
	broken := (*execution.Broken)(nil)
	if errors.As(err, &broken) {
		return nil, broken.Error(), nil
	}
	if err != nil {
		return nil, "", err
	}
	m.wrote = first.Count
	if len(first.Text) == 0 {
		first.Close()
		return nil, "none of the tests is an assert that names " + task.EntryPoint, nil
	}
	var next atomic.Int64
	work := func(ctx context.Context, tests *execution.Asserts) (err error) {
		defer func() {
			if tests != nil {
				tests.Close()
			}
		}()
		for {
			i := int(next.Add(1)) - 1
			if i >= len(texts) {
				return nil
			}
			if tests == nil {
				if tests, err = collect(ctx); err != nil {
					return err
				}
			}
			holds, answers, err := tests.Judge(ctx, a.box, texts[i], limits, perCall)
			if broken := (*execution.Broken)(nil); errors.As(err, &broken) {
				// What the program answered was too much for the tests: it passes none.
				tests.Close()
				tests, holds, answers = nil, make([]bool, len(m.wrote)), nil
			} else if err != nil {
				return err
			}
			m.holds[i], m.does[i] = holds, behaviour(answers)
		}
	}
	workers := min(runtime.GOMAXPROCS(0), len(texts))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		tests := first
		if w > 0 {
			tests = nil
		}
		wg.Go(func() {
			if errs[w] = work(ctx, tests); errs[w] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, "", err
		}
	}
	return m, "", errors.Join(errs...)
}

// behaviour is one text for all answers of a program, "" where none is a value.
func behaviour(answers []execution.Answer) string {
	var b strings.Builder
	some := false
	for _, a := range answers {
		if wrong := a.Wrong(); wrong != "" {
			b.WriteString("!" + wrong)
		} else {
			some = true
			b.WriteString(a.Value.Key())
		}
		b.WriteByte('\n')
	}
	if !some {
		return ""
	}
	return b.String()
}

// tests counts all tests written; passed those that program i passes.
func (m *matrix) tests() (n int) {
	for _, w := range m.wrote {
		n += w
	}
	return n
}

func (m *matrix) passed(i int) int { return m.passes(m.row[i]) }

func (m *matrix) passes(row int) (n int) {
	for t, holds := range m.holds[row] {
		if holds {
			n += m.wrote[t]
		}
	}
	return n
}

// rank gives each program its worth, and how many programs, itself among them,
// do as it does.
func (m *matrix) rank(c AgreementConfig) (worth []float64, group []int) {
	keys, sizes := make([]string, len(m.holds)), map[string]int{}
	for r := range m.holds {
		if keys[r] = m.does[r]; c.Rank != "plurality" {
			keys[r] = fmt.Sprint(m.holds[r])
		}
		sizes[keys[r]] += m.count[r]
	}
	var mutual []float64
	if c.Rank == "mutual" {
		mutual = m.mutual(c.Damping, c.Rounds)
	}
	for _, r := range m.row {
		n := float64(sizes[keys[r]])
		w := 0.0
		switch {
		case c.Rank == "mutual":
			w = mutual[r]
		case c.Rank == "plurality" && keys[r] != "":
			w = n
		case c.Rank != "plurality" && c.Weight == "root":
			w = math.Sqrt(n) * float64(m.passes(r))
		case c.Rank != "plurality":
			w = n * float64(m.passes(r))
		}
		worth, group = append(worth, w), append(group, int(n))
	}
	return worth, group
}

// mutual scores rows as CodeDPO does: programs and tests begin with 1; in each
// round a program's score becomes 1-d of itself and d of the sum over the tests
// that it passes, a test's the same over the programs that pass it, both of the
// round before. Scores are scaled by their common maximum, which changes no
// order.
func (m *matrix) mutual(d float64, rounds int) []float64 {
	programs, tests := make([]float64, len(m.holds)), make([]float64, len(m.wrote))
	for i := range programs {
		programs[i] = 1
	}
	for t := range tests {
		tests[t] = 1
	}
	for range rounds {
		p, q := make([]float64, len(programs)), make([]float64, len(tests))
		top := 0.0
		for i := range p {
			p[i] = (1 - d) * programs[i]
			for t, holds := range m.holds[i] {
				if holds {
					p[i] += d * tests[t] * float64(m.wrote[t])
				}
			}
			top = max(top, p[i])
		}
		for t := range q {
			q[t] = (1 - d) * tests[t]
			for i := range programs {
				if m.holds[i][t] {
					q[t] += d * programs[i] * float64(m.count[i])
				}
			}
			top = max(top, q[t])
		}
		if top == 0 {
			break
		}
		for i := range p {
			programs[i] = p[i] / top
		}
		for t := range q {
			tests[t] = q[t] / top
		}
	}
	return programs
}

// readTests reads rows of id and completion.
func readTests(path string) (map[string][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading recorded tests: %w", err)
	}
	defer f.Close()
	tests := map[string][]string{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	for line := 1; s.Scan(); line++ {
		if strings.TrimSpace(s.Text()) == "" {
			continue
		}
		var row struct{ ID, Completion *string }
		if err := json.Unmarshal(s.Bytes(), &row); err != nil || row.ID == nil || row.Completion == nil {
			return nil, fmt.Errorf("reading recorded tests: %s:%d: the row has no id and completion", path, line)
		}
		tests[*row.ID] = append(tests[*row.ID], *row.Completion)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("reading recorded tests: %s: %w", path, err)
	}
	return tests, nil
}

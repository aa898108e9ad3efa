package execution

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pawl/core"
)

// Matrix is programs against tests. Programs of one text share a row, tests of
// one text a column; what counts is how often each was written.
type Matrix struct {
	row   []int    // of each program
	count []int    // programs of each row
	holds [][]bool // which tests each row passes
	does  []string // what each row answers to the inputs of all tests; "" where it answers none
	wrote []int    // how often each test was written
}

// Round is what Compare runs: programs as models wrote them, and samples of
// tests, of one task.
type Round struct {
	Prompt, Entry string
	Programs      []string
	Samples       []string // each goes on after "assert "
	Most          int      // asserts of each sample, the first
	Limits        Limits
	Call          time.Duration // of processor, for one call
}

// Compare runs each program once on all tests. It says why there is nothing to
// run, "" where there is. Errors are the sandbox's.
func Compare(ctx context.Context, box core.Sandbox, in Round) (*Matrix, string, error) {
	m := &Matrix{}
	var texts []Program
	texts, m.row, m.count = Texts(in.Programs, in.Prompt, in.Entry)
	m.holds, m.does = make([][]bool, len(texts)), make([]string, len(texts))
	collect := func(ctx context.Context) (*Asserts, error) {
		return Collect(ctx, box, in.Prompt, in.Entry, in.Samples, in.Most, len(texts), in.Limits, in.Call)
	}
	first, err := collect(ctx)
	broken := (*Broken)(nil)
	if errors.As(err, &broken) {
		return nil, broken.Error(), nil
	}
	if err != nil {
		return nil, "", err
	}
	m.wrote = first.Count
	if len(first.Text) == 0 {
		first.Close()
		return nil, "none of the tests is an assert that names " + in.Entry, nil
	}
	var next atomic.Int64
	work := func(ctx context.Context, tests *Asserts) (err error) {
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
			holds, answers, err := tests.Judge(ctx, box, texts[i], in.Limits, in.Call)
			if broken := (*Broken)(nil); errors.As(err, &broken) {
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

// Texts reads programs, as models wrote them: those that are not word for word
// the same, which of them each program is, and how many programs each is.
func Texts(programs []string, prompt, entry string) (texts []Program, row, count []int) {
	rows := map[Program]int{}
	for _, text := range programs {
		p := ReadCompletion(text, prompt, entry)
		p.Source = strings.TrimRight(p.Source, " \t\r\n\f") + "\n"
		i, ok := rows[p]
		if !ok {
			i = len(texts)
			rows[p] = i
			texts, count = append(texts, p), append(count, 0)
		}
		row, count[i] = append(row, i), count[i]+1
	}
	return texts, row, count
}

// behaviour is one text for all answers of a program, "" where none is a value.
func behaviour(answers []Answer) string {
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

// Tests counts all tests written.
func (m *Matrix) Tests() (n int) {
	for _, w := range m.wrote {
		n += w
	}
	return n
}

// Copies counts the programs that are, word for word, program i.
func (m *Matrix) Copies(i int) int { return m.count[m.row[i]] }

// tie is the most that the number of copies adds to a share.
const tie = 1e-3

// Shares are the worths of programs as Shares orders them.
func (m *Matrix) Shares(worth []float64) []float64 {
	copies := make([]int, len(worth))
	for i := range worth {
		copies[i] = m.Copies(i)
	}
	return Shares(worth, copies)
}

// Shares are the worths of programs as shares of the best. Of those of equal
// worth the text that was written most often comes first: a likelier program is
// likelier right, also among those that no test tells apart. What that takes from
// the others is at most a thousandth, and never what parts them from the next
// worth.
func Shares(worth []float64, copies []int) []float64 {
	best, most := slices.Max(worth), map[float64]int{}
	if best == 0 {
		return make([]float64, len(worth))
	}
	for i, w := range worth {
		most[w] = max(most[w], copies[i])
	}
	order := slices.Sorted(maps.Keys(most))
	below := map[float64]float64{}
	for i, w := range order {
		room := w
		if i > 0 {
			room -= order[i-1]
		}
		below[w] = min(tie, room/best/2)
	}
	shares := make([]float64, len(worth))
	for i, w := range worth {
		shares[i] = w/best - below[w]*(1-float64(copies[i])/float64(most[w]))
	}
	return shares
}

// Passed counts the tests that program i passes.
func (m *Matrix) Passed(i int) int { return m.passes(m.row[i]) }

func (m *Matrix) passes(row int) (n int) {
	for t, holds := range m.holds[row] {
		if holds {
			n += m.wrote[t]
		}
	}
	return n
}

// Ways to rank programs.
const (
	Consensus = "consensus" // those that pass the same tests: their number times that of the tests
	Root      = "root"      // the same with the square root of their number
	Mutual    = "mutual"    // programs and tests vouch for each other
	Plurality = "plurality" // those that answer alike: their number
)

// Rank gives each program its worth, and how many programs, itself among them,
// do as it does. Damping and rounds are of Mutual.
func (m *Matrix) Rank(way string, damping float64, rounds int) (worth []float64, group []int) {
	keys, sizes := make([]string, len(m.holds)), map[string]int{}
	for r := range m.holds {
		if keys[r] = m.does[r]; way != Plurality {
			keys[r] = fmt.Sprint(m.holds[r])
		}
		sizes[keys[r]] += m.count[r]
	}
	var mutual []float64
	if way == Mutual {
		mutual = m.mutual(damping, rounds)
	}
	for _, r := range m.row {
		n, w := float64(sizes[keys[r]]), 0.0
		switch way {
		case Mutual:
			w = mutual[r]
		case Plurality:
			if keys[r] != "" {
				w = n
			}
		case Root:
			w = math.Sqrt(n) * float64(m.passes(r))
		default:
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
// order. Where no program passes a test, none vouches for another: the paper's
// scores are then all alike, which would make every program the best, and ours
// are 0.
func (m *Matrix) mutual(d float64, rounds int) []float64 {
	programs, tests := make([]float64, len(m.holds)), make([]float64, len(m.wrote))
	if !slices.ContainsFunc(m.holds, func(holds []bool) bool { return slices.Contains(holds, true) }) {
		return programs
	}
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

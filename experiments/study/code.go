package study

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	"pawl/stats"
	"pawl/verifier"
	"pawl/verifier/execution"
)

// Code is what experiments/code finds.
type Code struct {
	Kind    string             `json:"kind"` // KindCode
	Where   Where              `json:"where"`
	Sandbox string             `json:"sandbox"`
	Solved  int                `json:"solved"` // reference solutions that pass
	Tasks   []CodeTask         `json:"tasks"`
	Seconds map[string]float64 `json:"seconds"` // by phase
	Differ  []string           `json:"differ"`  // samples that a plain harness judges otherwise: "ID sample: plain ..., why"
}

// CodeTask is one task with its samples.
type CodeTask struct {
	ID       string
	Samples  int
	Distinct int // programs, after the cut
	Right    int
	Plain    int // right by a plain harness: program and test in one process
	Tests    int
	Chosen   map[string]float64 // by way: share of right programs among the best
	First    map[string]bool    // whether the first of the best is right
}

// KindCode marks the file.
const KindCode = "code"

// codeWays are the ways to choose, in the order of the table.
var codeWays = []string{execution.Consensus, execution.Root, execution.Mutual, execution.Plurality}

const (
	codeTimeout = 3 * time.Second // of processor, as HumanEval has it
	codeMemory  = 512 << 20
)

type codeRow struct {
	ID, Prompt, Test, Solution, Completion string
	EntryPoint                             string `json:"entry_point"`
}

func codeRows(path string) ([]codeRow, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	var rows []codeRow
	for s.Scan() {
		var r codeRow
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		rows = append(rows, r)
	}
	return rows, s.Err()
}

// RunCode does the experiment in a sandbox, on the files of a folder.
func RunCode(ctx context.Context, box core.Sandbox, dir string, most int, say func(string)) (*Code, error) {
	tasks, err := codeRows(filepath.Join(dir, "tasks.jsonl"))
	if err != nil {
		return nil, err
	}
	if most > 0 && most < len(tasks) {
		tasks = tasks[:most]
	}
	programs, tests := map[string][]string{}, map[string][]string{}
	for name, into := range map[string]map[string][]string{"codegen-16b.jsonl": programs, "codegen-16b-tests.jsonl": tests} {
		rows, err := codeRows(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			into[r.ID] = append(into[r.ID], r.Completion)
		}
	}
	c := &Code{Kind: KindCode, Where: Here(), Sandbox: box.Identity(), Tasks: make([]CodeTask, len(tasks)), Seconds: map[string]float64{}}
	right, plain := make([][]bool, len(tasks)), make([][]bool, len(tasks))
	phase := func(name string, each func(i int) error) error {
		start := time.Now()
		for i := range tasks {
			if err := each(i); err != nil {
				return fmt.Errorf("%s: %s: %w", name, tasks[i].ID, err)
			}
			if i%10 == 9 || i == len(tasks)-1 {
				say(fmt.Sprintf("%s: %d of %d tasks, %.0f s", name, i+1, len(tasks), time.Since(start).Seconds()))
			}
		}
		c.Seconds[name] = time.Since(start).Seconds()
		return nil
	}
	judge, err := codeJudge(ctx, box)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		phase("solutions", func(i int) error {
			v, _, err := judge(ctx, tasks[i], []string{tasks[i].Solution})
			if err == nil && v[0] {
				c.Solved++
			}
			return err
		}),
		phase("samples", func(i int) (err error) {
			t := &c.Tasks[i]
			t.ID, t.Samples = tasks[i].ID, len(programs[tasks[i].ID])
			right[i], _, err = judge(ctx, tasks[i], programs[t.ID])
			t.Right = count(right[i])
			return err
		}),
		phase("agreement", func(i int) error { return c.Tasks[i].choose(ctx, box, tasks[i], programs, tests, right[i]) }),
		phase("plain", func(i int) (err error) {
			plain[i], err = plainly(ctx, box, tasks[i], programs[tasks[i].ID])
			c.Tasks[i].Plain = count(plain[i])
			return err
		}),
	)
	if err != nil {
		return nil, err
	}
	for i := range tasks {
		for k := range right[i] {
			if right[i][k] != plain[i][k] {
				_, why, err := judge(ctx, tasks[i], programs[tasks[i].ID][k:k+1])
				if err != nil {
					return nil, err
				}
				c.Differ = append(c.Differ, fmt.Sprintf("%s sample %d: %v, plain %v; again: %s", tasks[i].ID, k, right[i][k], plain[i][k], why[0]))
			}
		}
	}
	return c, nil
}

func count(list []bool) (n int) {
	for _, b := range list {
		if b {
			n++
		}
	}
	return n
}

// codeJudge is the verifier cases, as a recipe builds it.
func codeJudge(ctx context.Context, box core.Sandbox) (func(context.Context, codeRow, []string) ([]bool, []string, error), error) {
	h := coretest.NewHost(nil)
	h.Box = box
	spec := core.Spec{Kind: core.KindVerifier, Name: "cases", Config: verifier.CasesConfig{
		Running: verifier.Running{Timeout: codeTimeout, Memory: codeMemory >> 20}, Grade: "all",
	}}
	v, err := registry.Make[core.Verifier](ctx, registry.Default, h, spec)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r codeRow, texts []string) ([]bool, []string, error) {
		reference, err := json.Marshal(map[string]string{"language": "python", "entry_point": r.EntryPoint, "test": r.Test})
		if err != nil {
			return nil, nil, err
		}
		task := core.Task{ID: r.ID, Prompt: []core.Node{{Role: core.RoleUser, Content: r.Prompt}}, Reference: reference}
		j, err := v.Verify(ctx, coretest.Episode(task, texts...), nil)
		if err != nil {
			return nil, nil, err
		}
		var right []bool
		var why []string
		for _, s := range j.Scores {
			if s.Abstain {
				return nil, nil, fmt.Errorf("it abstains: %s", s.Rationale)
			}
			right, why = append(right, s.Value == 1), append(why, s.Rationale)
		}
		return right, why, nil
	}, nil
}

// choose ranks the programs of a task in every way.
func (t *CodeTask) choose(ctx context.Context, box core.Sandbox, r codeRow, programs, tests map[string][]string, right []bool) error {
	t.Chosen, t.First = map[string]float64{}, map[string]bool{}
	distinct := map[string]bool{}
	for _, p := range programs[r.ID] {
		distinct[strings.TrimRight(execution.ReadCompletion(p, r.Prompt, r.EntryPoint).Source, " \t\r\n")] = true
	}
	t.Distinct = len(distinct)
	m, _, err := execution.Compare(ctx, box, execution.Round{
		Prompt: r.Prompt, Entry: r.EntryPoint, Programs: programs[r.ID], Samples: tests[r.ID], Most: 5,
		Limits: execution.Limits{Time: 10 * time.Second, Memory: codeMemory}, Call: time.Second,
	})
	if err != nil {
		return err
	}
	for _, way := range codeWays {
		worth := make([]float64, len(right)) // without tests all are alike
		if m != nil {
			worth, _ = m.Rank(way, 0.85, 10)
			t.Tests = m.Tests()
		}
		best, n, good, first := slices.Max(worth), 0, 0, -1
		for i, w := range worth {
			if w == best {
				if n++; right[i] {
					good++
				}
				if first < 0 {
					first = i
				}
			}
		}
		t.Chosen[way], t.First[way] = float64(good)/float64(n), right[first]
	}
	return nil
}

// plainly judges as HumanEval's own harness does, but for the sandbox: program,
// test and verdict in one process, whose status counts.
func plainly(ctx context.Context, box core.Sandbox, r codeRow, texts []string) ([]bool, error) {
	right, errs := make([]bool, len(texts)), make([]error, len(texts))
	var wg sync.WaitGroup
	slots := make(chan bool, 2)
	for i, text := range texts {
		slots <- true
		wg.Go(func() {
			defer func() { <-slots }()
			p := execution.ReadCompletion(text, r.Prompt, r.EntryPoint)
			source := p.Source
			if p.GoesOn {
				source = r.Prompt + source
			}
			ran, err := box.Run(ctx, core.Program{
				Language: core.LanguagePython, Source: source + "\n\n" + r.Test + "\n\ncheck(" + r.EntryPoint + ")\n",
				Limits: core.Limits{CPU: codeTimeout, Wall: 3*codeTimeout + time.Second, Memory: codeMemory},
			})
			right[i], errs[i] = ran.OK(), err
		})
	}
	wg.Wait()
	return right, errors.Join(errs...)
}

// Markdown is the experiment as tables.
func (c *Code) Markdown() string {
	var b strings.Builder
	samples, distinct, tests := 0, 0, 0
	base := make([]float64, len(c.Tasks))
	passes := map[int][]float64{}
	plain := map[int][]float64{}
	for i, t := range c.Tasks {
		samples, distinct, tests = samples+t.Samples, distinct+t.Distinct, tests+t.Tests
		base[i] = float64(t.Right) / float64(t.Samples)
		for _, k := range []int{1, 10, 100} {
			if k <= t.Samples {
				passes[k] = append(passes[k], stats.PassAtK(t.Samples, t.Right, k))
				plain[k] = append(plain[k], stats.PassAtK(t.Samples, t.Plain, k))
			}
		}
	}
	fmt.Fprintf(&b, "%s Sandbox: %s.\n\n%d of %d reference solutions pass. %d samples, %d of them distinct programs; %d tests.\n\n", c.Where, c.Sandbox, c.Solved, len(c.Tasks), samples, distinct, tests)
	b.WriteString("Share of tasks, in percent:\n\n| | pass@1 | pass@10 | pass@100 |\n|-|-|-|-|\n")
	for _, row := range []struct {
		name string
		of   map[int][]float64
	}{{"test in a sandbox of its own", passes}, {"program and test in one process", plain}} {
		fmt.Fprintf(&b, "| %s |", row.name)
		for _, k := range []int{1, 10, 100} {
			fmt.Fprintf(&b, " %.1f |", 100*stats.Mean(row.of[k]))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\nThe two disagree on %d samples.\n\nChoosing one program per task, in percent of tasks, and the gain over a random sample, paired by task, with its 95%% interval:\n\n", len(c.Differ))
	b.WriteString("| chosen by | any of the best | the first of the best | gain | interval | p |\n|-|-|-|-|-|-|\n")
	for _, way := range codeWays {
		chosen, first := make([]float64, len(c.Tasks)), 0
		for i, t := range c.Tasks {
			if chosen[i] = t.Chosen[way]; t.First[way] {
				first++
			}
		}
		p := stats.ComparePaired(base, chosen)
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %+.1f | [%+.1f, %+.1f] | %.2g |\n", way, 100*p.Candidate, 100*float64(first)/float64(len(c.Tasks)),
			100*p.Difference, 100*p.Low, 100*p.High, p.PValue)
	}
	b.WriteString("\n| phase | runs | seconds | runs a second |\n|-|-|-|-|\n")
	for _, p := range []struct {
		name, what string
		runs       int
	}{{"samples", "programs against the test", samples}, {"agreement", "distinct programs against all generated tests", distinct}, {"plain", "program and test in one process", samples}} {
		s := c.Seconds[p.name]
		fmt.Fprintf(&b, "| %s | %d | %.0f | %.1f |\n", p.what, p.runs, s, float64(p.runs)/s)
	}
	return b.String()
}

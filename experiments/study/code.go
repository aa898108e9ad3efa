package study

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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
	Tasks   []CodeTask         `json:"tasks"`
	Done    map[string]int     `json:"done"`    // tasks, by phase
	Seconds map[string]float64 `json:"seconds"` // by phase
	Differ  []string           `json:"differ"`  // samples that a plain harness judges otherwise, and why
}

// CodeTask is one task with its samples; texts have a 1 or 0 for each.
type CodeTask struct {
	ID       string            `json:"id"`
	Solved   string            `json:"solved"`   // by the reference solution
	Right    string            `json:"right"`    // by the verifier cases
	Plain    string            `json:"plain"`    // by a plain harness: program and test in one process
	Distinct int               `json:"distinct"` // programs, after the cut
	Tests    int               `json:"tests"`
	Best     map[string]string `json:"best"`   // by way: those of the highest worth
	Chosen   map[string]int    `json:"chosen"` // by way: which of these is picked
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

// RunCode does the experiment in a sandbox, on the files of a folder. Phases
// that the file out has already are not done again.
func RunCode(ctx context.Context, box core.Sandbox, dir, out string, most int, phases []string, say func(string)) (*Code, error) {
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
	c := &Code{}
	if old, err := os.ReadFile(out); err == nil {
		if err := json.Unmarshal(old, c); err != nil {
			return nil, fmt.Errorf("reading %s: %w", out, err)
		}
	}
	if len(c.Tasks) != len(tasks) {
		c = &Code{Tasks: make([]CodeTask, len(tasks)), Done: map[string]int{}, Seconds: map[string]float64{}}
	}
	c.Kind, c.Where, c.Sandbox = KindCode, Here(), box.Identity()
	judge, err := codeJudge(ctx, box)
	if err != nil {
		return nil, err
	}
	for _, p := range []struct {
		name string
		each func(t *CodeTask, r codeRow) error
	}{
		{"solutions", func(t *CodeTask, r codeRow) (err error) {
			t.ID = r.ID
			t.Solved, _, err = judge(ctx, r, []string{r.Solution})
			return err
		}},
		{"samples", func(t *CodeTask, r codeRow) (err error) {
			t.Right, _, err = judge(ctx, r, programs[r.ID])
			return err
		}},
		{"agreement", func(t *CodeTask, r codeRow) error { return t.choose(ctx, box, r, programs[r.ID], tests[r.ID]) }},
		{"choice", func(t *CodeTask, r codeRow) error { t.pick(r, programs[r.ID]); return nil }},
		{"plain", func(t *CodeTask, r codeRow) (err error) {
			t.Plain, err = plainly(ctx, box, r, programs[r.ID])
			return err
		}},
		{"differences", func(t *CodeTask, r codeRow) error {
			for k := range t.Right {
				if t.Right[k] == t.Plain[k] {
					continue
				}
				_, why, err := judge(ctx, r, programs[r.ID][k:k+1])
				if err != nil {
					return err
				}
				c.Differ = append(c.Differ, fmt.Sprintf("%s sample %d: %c, plain %c; again: %s", r.ID, k, t.Right[k], t.Plain[k], why[0]))
			}
			return nil
		}},
	} {
		if c.Done[p.name] == len(tasks) || !slices.Contains(phases, p.name) {
			continue
		}
		start, done := time.Now(), c.Done[p.name]
		for i := done; i < len(tasks); i++ {
			if err := p.each(&c.Tasks[i], tasks[i]); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", p.name, tasks[i].ID, err)
			}
			if i%10 == 9 || i == len(tasks)-1 {
				say(fmt.Sprintf("%s: %d of %d tasks, %.0f s", p.name, i+1, len(tasks), time.Since(start).Seconds()))
				c.Done[p.name], c.Seconds[p.name] = i+1, c.Seconds[p.name]+time.Since(start).Seconds()
				if start = time.Now(); c.Done[p.name] == len(tasks) {
					say(fmt.Sprintf("%s: %.0f s in all", p.name, c.Seconds[p.name]))
				}
				if err := Save(out, c); err != nil {
					return nil, err
				}
			}
		}
	}
	return c, nil
}

// codeJudge is the verifier cases, as a recipe builds it.
func codeJudge(ctx context.Context, box core.Sandbox) (func(context.Context, codeRow, []string) (string, []string, error), error) {
	h := coretest.NewHost(nil)
	h.Box = box
	spec := core.Spec{Kind: core.KindVerifier, Name: "cases", Config: verifier.CasesConfig{
		Running: verifier.Running{Timeout: codeTimeout, Memory: codeMemory >> 20}, Grade: "all",
	}}
	v, err := registry.Make[core.Verifier](ctx, registry.Default, h, spec)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r codeRow, texts []string) (string, []string, error) {
		reference, err := json.Marshal(map[string]string{"language": "python", "entry_point": r.EntryPoint, "test": r.Test})
		if err != nil {
			return "", nil, err
		}
		task := core.Task{ID: r.ID, Prompt: []core.Node{{Role: core.RoleUser, Content: r.Prompt}}, Reference: reference}
		j, err := v.Verify(ctx, coretest.Episode(task, texts...), nil)
		if err != nil {
			return "", nil, err
		}
		var right []bool
		var why []string
		for _, s := range j.Scores {
			if s.Abstain {
				return "", nil, fmt.Errorf("it abstains: %s", s.Rationale)
			}
			right, why = append(right, s.Value == 1), append(why, s.Rationale)
		}
		return bits(right), why, nil
	}, nil
}

func bits(list []bool) string {
	var b strings.Builder
	for _, v := range list {
		b.WriteByte(map[bool]byte{false: '0', true: '1'}[v])
	}
	return b.String()
}

// choose ranks the programs of a task in every way.
func (t *CodeTask) choose(ctx context.Context, box core.Sandbox, r codeRow, programs, tests []string) error {
	texts, _, _ := execution.Texts(programs, r.Prompt, r.EntryPoint)
	t.Distinct, t.Tests, t.Best = len(texts), 0, map[string]string{}
	m, _, err := execution.Compare(ctx, box, execution.Round{
		Prompt: r.Prompt, Entry: r.EntryPoint, Programs: programs, Samples: tests, Most: 5,
		Limits: execution.Limits{Time: codeTimeout, Memory: codeMemory}, Call: 100 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	for _, way := range codeWays {
		worth := make([]float64, len(programs)) // without tests all are alike
		if m != nil {
			worth, _ = m.Rank(way, 0.85, 10)
			t.Tests = m.Tests()
		}
		best := slices.Max(worth)
		var among []bool
		for _, w := range worth {
			among = append(among, w == best)
		}
		t.Best[way] = bits(among)
	}
	return nil
}

// pick takes one of the best of every way as the verifier agreement orders them:
// the text that was written most often, and the earlier of equals.
func (t *CodeTask) pick(r codeRow, programs []string) {
	_, row, count := execution.Texts(programs, r.Prompt, r.EntryPoint)
	copies := make([]int, len(programs))
	for i, text := range row {
		copies[i] = count[text]
	}
	t.Chosen = map[string]int{}
	for way, best := range t.Best {
		worth := make([]float64, len(best))
		for i, b := range best {
			worth[i] = float64(b - '0')
		}
		shares := execution.Shares(worth, copies)
		t.Chosen[way] = slices.Index(shares, slices.Max(shares))
	}
}

// chosen is the share of right programs among the best of a way, and whether
// the one that was picked is right.
func (t *CodeTask) chosen(way string) (share float64, picked bool) {
	good := 0
	for i, b := range t.Best[way] {
		if b == '1' && t.Right[i] == '1' {
			good++
		}
	}
	i, ok := t.Chosen[way]
	if !ok || i >= len(t.Right) {
		return 0, false // not done yet
	}
	return float64(good) / float64(strings.Count(t.Best[way], "1")), t.Right[i] == '1'
}

// plainly judges as HumanEval's own harness does, but for the sandbox: program,
// test and verdict in one process, whose status counts.
func plainly(ctx context.Context, box core.Sandbox, r codeRow, texts []string) (string, error) {
	right, errs := make([]bool, len(texts)), make([]error, len(texts))
	var wg sync.WaitGroup
	slots := make(chan bool, runtime.GOMAXPROCS(0))
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
	return bits(right), errors.Join(errs...)
}

// Markdown is the experiment as tables.
func (c *Code) Markdown() string {
	var b strings.Builder
	solved, samples, distinct, tests := 0, 0, 0, 0
	base := make([]float64, len(c.Tasks))
	passes := map[int][]float64{}
	plain := map[int][]float64{}
	for i, t := range c.Tasks {
		solved += strings.Count(t.Solved, "1")
		samples, distinct, tests = samples+len(t.Right), distinct+t.Distinct, tests+t.Tests
		n, right := len(t.Right), strings.Count(t.Right, "1")
		base[i] = float64(right) / float64(n)
		for _, k := range []int{1, 10, 100} {
			if k <= n {
				passes[k] = append(passes[k], stats.PassAtK(n, right, k))
				plain[k] = append(plain[k], stats.PassAtK(n, strings.Count(t.Plain, "1"), k))
			}
		}
	}
	fmt.Fprintf(&b, "%s Sandbox: %s.\n\n%d of %d reference solutions pass. %d samples, %d of them distinct programs; %d tests.\n\n", c.Where, c.Sandbox, solved, len(c.Tasks), samples, distinct, tests)
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
	b.WriteString("| chosen by | any of the best | the one picked | gain | interval | p |\n|-|-|-|-|-|-|\n")
	for _, way := range codeWays {
		chosen, picked := make([]float64, len(c.Tasks)), 0
		for i, t := range c.Tasks {
			share, right := t.chosen(way)
			if chosen[i] = share; right {
				picked++
			}
		}
		p := stats.ComparePaired(base, chosen)
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %+.1f | [%+.1f, %+.1f] | %.2g |\n", way, 100*p.Candidate, 100*float64(picked)/float64(len(c.Tasks)),
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

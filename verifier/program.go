package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"pawl/core"
	"pawl/verifier/execution"
)

// Running is embedded by verifiers that run programs.
type Running struct {
	Timeout time.Duration `yaml:"timeout" default:"5s" min:"0" max:"600" doc:"Processor time that a program may take for all of its calls; waiting may take thrice as long."`
	Memory  int           `yaml:"memory_mb" default:"512" min:"32" max:"65536" doc:"Memory that a program may take, in MiB."`
}

func (r Running) limits() execution.Limits {
	if r.Timeout <= 0 {
		r.Timeout = 5 * time.Second
	}
	if r.Memory <= 0 {
		r.Memory = 512
	}
	return execution.Limits{Time: r.Timeout, Memory: int64(r.Memory) << 20}
}

// codeTask is the hidden side of a task that programs solve.
type codeTask struct {
	Language   string          `json:"language"`
	EntryPoint string          `json:"entry_point"`
	Cases      json.RawMessage `json:"cases"`
	Test       string          `json:"test"`
	Solution   string          `json:"solution"`
	Generator  string          `json:"generator"`

	prompt string
	cases  []codeCase
}

type codeCase struct {
	call   execution.Call
	want   any             // as JSON says it
	wanted execution.Value // as a reference solution answers, where fresh
	fresh  bool
}

// readCodeTask also says why a task's programs cannot be judged, "" where they
// can.
func readCodeTask(t core.Task) (codeTask, string, error) {
	var c codeTask
	if len(t.Reference) > 0 && json.Unmarshal(t.Reference, &c) != nil {
		return c, "the task has no cases and no test", nil
	}
	c.prompt = t.Text()
	if c.EntryPoint == "" {
		return c, "the task has no cases and no test: it names no entry_point to call", nil
	}
	switch c.Language = strings.ToLower(c.Language); c.Language {
	case "", "python", "python3", "py":
	default:
		return c, fmt.Sprintf("programs in %.40q cannot be run; only python can", c.Language), nil
	}
	var rows []struct {
		Input  []json.RawMessage
		Output json.RawMessage
	}
	if len(c.Cases) == 0 {
		return c, "", nil
	}
	if err := json.Unmarshal(c.Cases, &rows); err != nil {
		return c, "", fmt.Errorf("task %s: cases is no list of {input, output}: %w", t.ID, err)
	}
	for i, r := range rows {
		k := codeCase{call: execution.Call{Args: execution.Value{Kind: execution.Tuple}, Named: execution.Value{Kind: execution.Dict}}}
		for _, in := range r.Input {
			v, err := execution.FromJSON(in)
			if err != nil {
				return c, "", fmt.Errorf("task %s: case %d has an input that is nested too deep", t.ID, i+1)
			}
			k.call.Args.Items = append(k.call.Args.Items, v)
		}
		d := json.NewDecoder(bytes.NewReader(r.Output))
		d.UseNumber()
		if err := d.Decode(&k.want); err != nil {
			return c, "", fmt.Errorf("task %s: case %d has no output", t.ID, i+1)
		}
		c.cases = append(c.cases, k)
	}
	return c, "", nil
}

// errEnough ends a run early.
var errEnough = errors.New("enough is known")

// program reads the program of an attempt.
func (c codeTask) program(completion string) execution.Program {
	return execution.ReadCompletion(completion, c.prompt, c.EntryPoint)
}

// eachAtOnce runs f(0..n-1), as many at once as there are processors, and gives
// the first error in order of index. f is not called again once one has failed.
func eachAtOnce(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, n)
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			errs[i] = ctx.Err()
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if errs[i] = f(ctx, i); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	var first error
	for _, err := range errs {
		if err != nil && (first == nil || first == context.Canceled) {
			first = err
		}
	}
	return first
}

package pawl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
	"pawl/registry"
)

// rigged is a verifier whose judgements tests decide, by the completion.
type riggedConfig struct {
	Name  string `yaml:"name" required:"true" inline:"true" doc:"Of the test's function."`
	Group bool   `yaml:"group" doc:"Whether it wants all attempts of a task."`
}

var riggedBy = map[string]func(ctx context.Context, attempts []string, at int) (core.Score, error){}

func init() {
	registry.Verifier("rigged_by_tests", registry.Doc{Summary: "Judges as a test says."}, func(_ context.Context, _ core.Host, c riggedConfig) (core.Verifier, error) {
		return rigged{c, riggedBy[c.Name]}, nil
	})
	registry.Verifier("rigged_actor_by_tests", registry.Doc{Summary: "Asks a seat."}, func(_ context.Context, h core.Host, _ struct{}) (core.Verifier, error) {
		_, err := h.Actor("judge")
		return nil, err
	})
}

type rigged struct {
	cfg   riggedConfig
	judge func(ctx context.Context, attempts []string, at int) (core.Score, error)
}

func (r rigged) Grouped() bool { return r.cfg.Group }

func (r rigged) Verify(ctx context.Context, ep *core.Episode, _ []core.Ref) (j core.Judgement, err error) {
	var texts []string
	for _, leaf := range ep.Leaves() {
		texts = append(texts, ep.Node(leaf).Content)
	}
	for i, leaf := range ep.Leaves() {
		s, err := r.judge(ctx, texts, i)
		if err != nil {
			return j, err
		}
		s.Nodes = []core.Ref{leaf}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// rig names a judgement for the time of a test.
func rig(t *testing.T, judge func(ctx context.Context, attempts []string, at int) (core.Score, error)) string {
	name := "r" + fmt.Sprint(len(riggedBy)) + "of" + fmt.Sprintf("%x", t.Name())
	riggedBy[name] = judge
	t.Cleanup(func() { delete(riggedBy, name) })
	return name
}

// verifyFiles writes tasks t0.. and the given completions, "task/sample text".
func verifyFiles(t interface{ Fatal(...any) }, dir string, tasks int, completions []string) VerifyOptions {
	var a, b strings.Builder
	for i := range tasks {
		fmt.Fprintf(&a, "{\"id\":\"t%d\",\"question\":\"q%d\",\"answer\":\"%d\"}\n", i, i, i)
	}
	for _, c := range completions {
		at, text, _ := strings.Cut(c, " ")
		id, sample, _ := strings.Cut(at, "/")
		fmt.Fprintf(&b, "{\"id\":%q,\"sample\":%s,\"completion\":%q,\"correct\":[\"never read\"]}\n", id, sample, text)
	}
	o := VerifyOptions{Tasks: filepath.Join(dir, "tasks.jsonl"), Completions: filepath.Join(dir, "completions.jsonl")}
	if err := errors.Join(os.WriteFile(o.Tasks, []byte(a.String()), 0o600), os.WriteFile(o.Completions, []byte(b.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	return o
}

// verified runs a verification to its end, or to an error.
func verified(ctx context.Context, p *Pawl, o VerifyOptions) ([]ScoreRow, *VerifySummary, error) {
	v, err := PrepareVerify(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	var rows []ScoreRow
	s, err := p.Verify(ctx, v, func(r ScoreRow) error {
		rows = append(rows, r)
		return nil
	})
	return rows, s, err
}

func opened(t *testing.T, dir string) *Pawl {
	t.Helper()
	p, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func inMemory(t *testing.T) *Pawl {
	t.Helper()
	p, err := Open(Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

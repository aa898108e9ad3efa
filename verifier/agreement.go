package verifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/verifier/execution"
)

func init() {
	registry.Verifier("agreement", registry.Doc{
		Summary: "Judges programs by how they agree with each other and with tests that a model wrote; needs no labels.",
		Detail: "Each program runs once on the inputs of all tests of its task, in the sandbox, and each test is held against what it " +
			"answered. `consensus` (CodeT) takes the programs that pass exactly the same tests as a set, worth its number of " +
			"programs times the number of tests they pass; `mutual` (CodeDPO) lets programs and tests vouch for each other, " +
			"in rounds, with damping; `plurality` (AlphaCode) does not ask whether tests pass, but takes the programs that answer all of " +
			"their inputs alike as a set, worth its size. Values are shares of the best program's worth; of equals the text that was written most " +
			"often comes first, by a thousandth at most: `at_least: 0.999` keeps the best, 1 the first of them. The confidence is the share of programs that are in the same set. " +
			"Tests are asserts that name the task's entry point: of each sample of `file` (rows of id and completion, which go on after " +
			"`assert `) or of the seat `by`, the first few. The CodeT paper counts programs plainly; its published code takes the square root " +
			"of their number (`weight: root`). Abstains where no test can be run.",
		Paper:   "CodeT: Code Generation with Generated Tests (Chen et al., 2022); CodeDPO: Aligning Code Models with Self Generated and Verified Source Code (Zhang et al., 2024); Competition-Level Code Generation with AlphaCode (Li et al., 2022)",
		Example: "agreement: {by: tester, samples: 10}",
		Needs:   []string{registry.NeedSandbox},
	}, newAgreement)
}

// AgreementConfig configures agreement.
type AgreementConfig struct {
	Of      string        `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts are the programs, or any."`
	Rank    string        `yaml:"rank" enum:"consensus|mutual|plurality" default:"consensus" doc:"How programs are ranked."`
	Weight  string        `yaml:"weight" enum:"count|root" default:"count" doc:"What the number of programs counts for in a consensus: itself, or its square root."`
	Damping float64       `yaml:"damping" default:"0.85" min:"0" max:"1" doc:"Of mutual: the share of a score that comes from the other side."`
	Rounds  int           `yaml:"rounds" default:"10" min:"1" max:"1000" doc:"Of mutual: how often scores are passed on."`
	File    string        `yaml:"file" doc:"Rows of id and completion: samples of tests, recorded."`
	By      string        `yaml:"by" ref:"seat" doc:"Seat that writes the tests, where there is no file."`
	Prompt  string        `yaml:"prompt" ref:"prompt" default:"write_tests" doc:"How that seat is asked."`
	Samples int           `yaml:"samples" default:"10" min:"1" max:"1000" doc:"How often that seat is asked, for each task."`
	Most    int           `yaml:"most" default:"5" min:"1" max:"1000" doc:"Asserts taken of each sample, the first."`
	Call    time.Duration `yaml:"call" default:"100ms" min:"0" max:"600" doc:"Processor time that one call may take."`
	Running
}

// Files are what determines the verdicts beside the settings.
func (c AgreementConfig) Files() []string {
	if c.File == "" {
		return nil
	}
	return []string{c.File}
}

// Validate refuses settings that name no source of tests, or two.
func (c AgreementConfig) Validate() error {
	if (c.File == "") == (c.By == "") {
		return errors.New("agreement takes its tests from a file or by a seat: set one of the two")
	}
	return nil
}

func newAgreement(_ context.Context, h core.Host, c AgreementConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	box, err := h.Sandbox()
	if err != nil {
		return nil, fmt.Errorf("making agreement: %w", err)
	}
	a := agreement{cfg: c, box: box, seed: h.Seed()}
	if a.cfg.Of == "" {
		a.cfg.Of = "solver"
	}
	if a.cfg.Most <= 0 {
		a.cfg.Most = 5
	}
	if a.cfg.Call <= 0 {
		a.cfg.Call = 100 * time.Millisecond
	}
	if c.File != "" {
		if a.recorded, err = readTests(c.File); err != nil {
			return nil, fmt.Errorf("making agreement: %w", err)
		}
		return a, nil
	}
	if a.actor, err = h.Actor(c.By); err != nil {
		return nil, fmt.Errorf("making agreement: %w", err)
	}
	if c.Prompt == "" {
		a.cfg.Prompt = prompt.WriteTests
	}
	if a.asker, err = prompt.For(h, a.cfg.Prompt, c.By); err != nil {
		return nil, fmt.Errorf("making agreement: %w", err)
	}
	return a, nil
}

type agreement struct {
	cfg      AgreementConfig
	box      core.Sandbox
	seed     uint64
	recorded map[string][]string // samples of tests by task
	actor    core.Actor
	asker    *prompt.Asker
}

// Grouped is true: programs are judged by each other.
func (a agreement) Grouped() bool { return true }

// way is the ranking that the settings ask for.
func (a agreement) way() string {
	if a.cfg.Rank != execution.Mutual && a.cfg.Rank != execution.Plurality && a.cfg.Weight == "root" {
		return execution.Root
	}
	return a.cfg.Rank
}

func (a agreement) of(ep *core.Episode, r core.Ref) bool {
	return playedBy(ep, r, a.cfg.Of)
}

// Verify lets all programs of the seat run, and scores those among at. Of the
// task's reference it reads the language and the entry point alone.
func (a agreement) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("comparing programs: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	var j core.Judgement
	var programs []string
	index := map[core.Ref]int{}
	for _, r := range ep.Leaves() {
		if a.of(ep, r) {
			index[r] = len(programs)
			programs = append(programs, attempt(ep, r))
		}
	}
	at = among(at, func(r core.Ref) bool { _, ok := index[r]; return ok })
	if len(at) == 0 {
		return j, nil
	}
	task, why, err := readCodeTask(ep.Task)
	if err != nil {
		return j, fmt.Errorf("comparing programs: %w", err)
	}
	var samples []string
	if why == "" {
		if samples, j.Usage, err = a.samples(ctx, ep); err != nil {
			return core.Judgement{}, fmt.Errorf("comparing programs: task %s: %w", ep.Task.ID, err)
		}
		if len(samples) == 0 {
			why = "there are no tests for the task"
		}
	}
	var m *execution.Matrix
	if why == "" {
		m, why, err = execution.Compare(ctx, a.box, execution.Round{
			Prompt: task.prompt, Entry: task.EntryPoint, Programs: programs, Samples: samples, Most: a.cfg.Most, Limits: a.cfg.limits(), Call: a.cfg.Call,
		})
		if err != nil {
			return core.Judgement{}, fmt.Errorf("comparing programs: task %s: %w", ep.Task.ID, err)
		}
	}
	if why != "" {
		for _, r := range at {
			j.Scores = append(j.Scores, abstain("agreement", r, why))
		}
		return j, nil
	}
	worth, group := m.Rank(a.way(), a.cfg.Damping, a.cfg.Rounds)
	shares := m.Shares(worth)
	for _, r := range at {
		i := index[r]
		s := core.Score{By: "agreement", Nodes: []core.Ref{r}, Confidence: float64(group[i]) / float64(len(programs))}
		if slices.Max(shares) == 0 {
			s = abstain("agreement", r, "no program agrees with any test")
		} else {
			s.Value = shares[i]
			s.Rationale = fmt.Sprintf("one of %d of %d programs that do alike; passes %d of %d tests", group[i], len(programs), m.Passed(i), m.Tests())
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// samples gives what was written as tests for the episode's task.
func (a agreement) samples(ctx context.Context, ep *core.Episode) ([]string, core.Usage, error) {
	if a.recorded != nil {
		return a.recorded[ep.Task.ID], core.Usage{}, nil
	}
	path, err := a.asker.Render(prompt.Data{Task: ep.Task.Prompt})
	if unfit := (*prompt.UnfitError)(nil); errors.As(err, &unfit) {
		return nil, core.Usage{}, nil
	}
	if err != nil {
		return nil, core.Usage{}, err
	}
	nodes, err := a.actor.Act(ctx, core.Request{Path: path, N: a.cfg.Samples, Seed: a.seed})
	if err != nil {
		return nil, core.Usage{}, fmt.Errorf("asking %s for tests: %w", a.cfg.By, err)
	}
	var samples []string
	for _, n := range nodes {
		samples = append(samples, n.Content)
	}
	return samples, used(nodes), nil
}

func among(at []core.Ref, keep func(core.Ref) bool) []core.Ref {
	var out []core.Ref
	for _, r := range at {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}

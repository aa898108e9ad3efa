package verifier

import (
	"context"
	"errors"
	"fmt"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
	"pawl/verifier/execution"
)

func init() {
	registry.Verifier("program_check", registry.Doc{
		Summary: "Lets a model write a program that checks answers to the task, and runs it on each attempt's answer.",
		Detail: "The seat is asked once for each task, never shown an attempt, and writes verify(answer), which puts the answer back into the " +
			"problem. It runs in the sandbox on the final answers of all attempts. The value is the share of programs that accept the answer; " +
			"a program that fails or returns anything but True or False has no vote, and where none has one the verifier abstains. " +
			"The paper lets the model carry out a pseudo-program in words, and at most hand numbers over to an interpreter; here all of it runs, " +
			"so that nobody can talk it round, and it can check only what Python can. Votes of several programs are not the paper's, either. " +
			"Its refinement of answer and program in turn is not done: this is the verification alone.",
		Paper:   "ProgCo: Program Helps Self-Correction of Large Language Models (Song et al., 2025)",
		Example: "program_check: {by: checker}",
		Needs:   []string{registry.NeedSandbox},
	}, newProgramCheck)
}

// ProgramCheckConfig configures program_check.
type ProgramCheckConfig struct {
	By       string `yaml:"by" ref:"seat" required:"true" doc:"Seat that writes the checking programs."`
	Prompt   string `yaml:"prompt" ref:"prompt" default:"write_check" doc:"How that seat is asked."`
	Programs int    `yaml:"programs" default:"1" min:"1" max:"100" doc:"Programs for each task, each with one vote."`
	Extract
	Running
}

func newProgramCheck(_ context.Context, h core.Host, c ProgramCheckConfig) (core.Verifier, error) {
	box, err := h.Sandbox()
	if err != nil {
		return nil, fmt.Errorf("making program_check: %w", err)
	}
	actor, err := h.Actor(c.By)
	if err != nil {
		return nil, fmt.Errorf("making program_check: %w", err)
	}
	if c.Prompt == "" {
		c.Prompt = prompt.WriteCheck
	}
	asker, err := prompt.For(h, c.Prompt, c.By)
	if err != nil {
		return nil, fmt.Errorf("making program_check: %w", err)
	}
	return programCheck{c, box, actor, asker, h.Seed()}, nil
}

type programCheck struct {
	cfg   ProgramCheckConfig
	box   core.Sandbox
	actor core.Actor
	asker *prompt.Asker
	seed  uint64
}

// Verify scores each node by the share of programs that accept its answer.
// Where there is one program, it is a node of its own, so that it can be judged
// and learnt from.
func (p programCheck) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("checking by program: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	var j core.Judgement
	var calls []execution.Call
	which := map[core.Ref]int{}
	for _, r := range at {
		if a := p.cfg.Answer(attempt(ep, r)); a != "" {
			which[r] = len(calls)
			calls = append(calls, execution.Call{
				Args:  execution.Value{Kind: execution.Tuple, Items: []execution.Value{{Kind: execution.Str, Text: a}}},
				Named: execution.Value{Kind: execution.Dict},
			})
		}
	}
	var yes, votes []int
	if len(calls) > 0 {
		if yes, votes, err = p.vote(ctx, ep, calls, &j); err != nil {
			return core.Judgement{}, fmt.Errorf("checking by program: task %s: %w", ep.Task.ID, err)
		}
	}
	for _, r := range at {
		i, ok := which[r]
		s := core.Score{By: "program_check", Nodes: []core.Ref{r}, Confidence: 1}
		switch {
		case !ok:
			s.Rationale = "gives no answer"
		case votes[i] == 0:
			s = abstain("program_check", r, "no program came to a verdict on its answer")
		default:
			s.Value = float64(yes[i]) / float64(votes[i])
			s.Confidence = max(s.Value, 1-s.Value)
			s.Rationale = fmt.Sprintf("%d of %d programs accept its answer", yes[i], votes[i])
		}
		if len(j.Nodes) == 1 {
			s.Via = core.Ref(len(ep.Nodes)) + 1
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// vote asks for the programs and runs each once on all answers.
func (p programCheck) vote(ctx context.Context, ep *core.Episode, calls []execution.Call, j *core.Judgement) (yes, votes []int, err error) {
	yes, votes = make([]int, len(calls)), make([]int, len(calls))
	path, err := p.asker.Render(prompt.Data{Task: ep.Task.Prompt})
	if unfit := (*prompt.UnfitError)(nil); errors.As(err, &unfit) {
		return yes, votes, nil
	}
	if err != nil {
		return nil, nil, err
	}
	nodes, err := p.actor.Act(ctx, core.Request{Path: path, N: max(p.cfg.Programs, 1), Seed: p.seed})
	if err != nil {
		return nil, nil, fmt.Errorf("asking %s for a program: %w", p.cfg.By, err)
	}
	j.Usage = used(nodes)
	for _, n := range nodes {
		program := execution.ReadCompletion(n.Content, "", "verify")
		l := p.cfg.limits()
		answers, err := execution.Outcomes(ctx, p.box, program, calls, l, l.Time/4)
		if err != nil {
			return nil, nil, err
		}
		for i, a := range answers {
			if a.Wrong() == "" && a.Value.Kind == execution.Bool {
				votes[i]++
				if a.Value.Truth {
					yes[i]++
				}
			}
		}
	}
	if len(nodes) == 1 {
		n := nodes[0]
		n.Parent, n.Actor, n.Role = ep.Root(), p.cfg.By, core.RoleAssistant
		j.Nodes = []core.Node{n}
	}
	return yes, votes, nil
}

// used counts one call and the tokens of its replies.
func used(nodes []core.Node) core.Usage {
	u := core.Usage{Calls: 1}
	for _, n := range nodes {
		u.CompletionTokens += int64(len(n.TokenIDs))
	}
	return u
}

package verifier

import (
	"context"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/execution"
)

func init() {
	registry.Verifier("program_of_thought", registry.Doc{
		Summary: "Runs the program that an attempt writes, and takes what it prints for the answer.",
		Detail: "The program is the attempt's last fenced block, or all of it where there is none and it is written as a program; it runs in the " +
			"sandbox with nothing on its input, and the last line that it prints is its answer. One that prints nothing but defines " +
			"solution() or ans is asked for those. With `against: reference` the answer is compared with the task's; with " +
			"`against: claim` it is compared with the answer that the attempt itself gives beside the program, which needs no " +
			"reference. A program that fails scores 0; an attempt without a program does so too, and with `claim` abstains where it claims " +
			"nothing. In Chain of Self-Correction a stage is a program, its output, a verification of both that the model writes in words, and " +
			"the choice to finalize or to correct; this is the run of the program, and equality stands in place of the words, which a " +
			"model may get wrong.",
		Paper:   "Embedding Self-Correction as an Inherent Ability in Large Language Models for Enhanced Mathematical Reasoning (Gao et al., 2024)",
		Example: "program_of_thought: {against: claim}",
		Needs:   []string{registry.NeedSandbox},
	}, newProgramOfThought)
}

// ProgramOfThoughtConfig configures program_of_thought.
type ProgramOfThoughtConfig struct {
	Against string `yaml:"against" enum:"reference|claim" default:"reference" doc:"What the program's answer must equal: the task's reference, or what the attempt itself says."`
	Extract
	Running
}

// Needs is the reference, unless only the attempt is read.
func (c ProgramOfThoughtConfig) Needs() []string {
	if c.Against == "claim" {
		return nil
	}
	return []string{registry.NeedReference}
}

func newProgramOfThought(_ context.Context, h core.Host, c ProgramOfThoughtConfig) (core.Verifier, error) {
	box, err := h.Sandbox()
	if err != nil {
		return nil, fmt.Errorf("making program_of_thought: %w", err)
	}
	return programOfThought{c, box}, nil
}

type programOfThought struct {
	cfg ProgramOfThoughtConfig
	box core.Sandbox
}

// Verify scores each node 1 or 0.
func (p programOfThought) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("running programs: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	scores := make([]core.Score, len(at))
	err = eachAtOnce(ctx, len(at), func(ctx context.Context, i int) (err error) {
		scores[i], err = p.judge(ctx, ep, at[i])
		return err
	})
	if err != nil {
		return core.Judgement{}, fmt.Errorf("running programs: task %s: %w", ep.Task.ID, err)
	}
	if len(at) == 0 {
		scores = nil
	}
	return core.Judgement{Scores: scores}, nil
}

func (p programOfThought) judge(ctx context.Context, ep *core.Episode, r core.Ref) (core.Score, error) {
	text := attempt(ep, r)
	want, whose := referenceAnswer(ep.Task), "the reference"
	if p.cfg.Against == "claim" {
		want, whose = p.cfg.Answer(execution.Unfenced(text)), "the attempt's own"
	}
	if want == "" {
		return abstain("program_of_thought", r, "there is no answer to compare with: neither text nor task gives one"), nil
	}
	s := core.Score{By: "program_of_thought", Nodes: []core.Ref{r}, Confidence: 1}
	source := text
	if blocks := execution.Fenced(text); len(blocks) > 0 {
		source = blocks[len(blocks)-1]
	} else if !execution.LooksLikeCode(text) {
		s.Rationale = "writes no program"
		return s, nil
	}
	if !strings.Contains(source, "print(") {
		switch {
		case execution.Defines(source, "solution"):
			source += "\nprint(solution())\n"
		case execution.Defines(source, "ans"):
			source += "\nprint(ans)\n"
		}
	}
	printed, why, err := execution.Print(ctx, p.box, source, p.cfg.limits())
	if err != nil {
		return s, err
	}
	got := Canonical(lastLine(printed))
	switch {
	case why != "":
		s.Rationale = "its program " + why
	case got == "":
		s.Rationale = "its program prints nothing"
	case got != want:
		s.Rationale = fmt.Sprintf("its program prints %.60q, which is not %s", got, whose)
	default:
		s.Value = 1
	}
	return s, nil
}

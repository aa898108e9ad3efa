package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/instruction"
)

func init() {
	registry.Verifier("instructions", registry.Doc{
		Summary: "Checks instructions that can be seen kept: lengths, words, letters, format, case.",
		Detail: "They are the recipe's, and the row's: `instructions`, an object with the same settings, or `instruction_id_list` and `kwargs` as IFEval's public " +
			"rows have them. Value 1 where all are kept, else 0; with `partial` the share that is. `loose` is the paper's second measure: it also takes the text without " +
			"asterisks, its first line or its last. Sentences are counted by rules, not by IFEval's trained model, and a language is " +
			"told by its script. Abstains on tasks without instructions, on rows with unknown ones, and where one cannot be told and no other is broken.",
		Paper:   "Instruction-Following Evaluation for Large Language Models (Zhou et al., 2023)",
		Example: "instructions: {words: {at_most: 50}, no_commas: true, include: [moon]}",
	}, newInstructions)
}

// InstructionsConfig configures instructions.
type InstructionsConfig struct {
	Loose   bool `yaml:"loose" default:"false" doc:"Whether variants of the text may keep an instruction, too."`
	Partial bool `yaml:"partial" default:"false" doc:"Whether the value is the share of instructions that are kept."`
	instruction.Rules
}

func newInstructions(_ context.Context, _ core.Host, c InstructionsConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configuring instructions: %w", err)
	}
	return instructions{c}, nil
}

type instructions struct{ cfg InstructionsConfig }

// Verify scores each node 0 to 1, and says which instruction is broken first.
func (v instructions) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("checking instructions: %w", err)
	}
	rules, unknown := v.of(ep.Task)
	var j core.Judgement
	for _, r := range at {
		if err := ctx.Err(); err != nil {
			return core.Judgement{}, err
		}
		switch {
		case unknown != nil:
			j.Scores = append(j.Scores, abstain("instructions", r, unknown.Error()))
		case len(rules) == 0:
			j.Scores = append(j.Scores, abstain("instructions", r, "there are no instructions; give them in the recipe or the row"))
		default:
			j.Scores = append(j.Scores, v.score(r, rules, attempt(ep, r)))
		}
	}
	return j, nil
}

// of are the instructions of a task, the recipe's first.
func (v instructions) of(t core.Task) ([]instruction.Rule, error) {
	var ref struct{ Instructions json.RawMessage }
	if err := decodeReference(t, &ref); err != nil {
		return nil, err
	}
	rules := v.cfg.List(t.Text())
	if len(ref.Instructions) == 0 {
		return rules, nil
	}
	own, err := instruction.Read(ref.Instructions, t.Text())
	return append(rules, own...), err
}

func (v instructions) score(r core.Ref, rules []instruction.Rule, text string) core.Score {
	kept, open, first := 0, "", ""
	for _, rule := range rules {
		verdict, found := rule.Judge(text, v.cfg.Loose)
		switch {
		case verdict == instruction.Kept:
			kept++
		case verdict == instruction.Unknown:
			open = fmt.Sprintf("%s: %s", rule.Name, found)
		case first == "":
			first = fmt.Sprintf("%s: %s", rule.Name, found)
		}
	}
	if open != "" && (first == "" || v.cfg.Partial) {
		return abstain("instructions", r, open)
	}
	s := core.Score{By: "instructions", Nodes: []core.Ref{r}, Value: truth(kept == len(rules)), Confidence: 1, Rationale: first}
	if v.cfg.Partial {
		s.Value = float64(kept) / float64(len(rules))
	}
	if first != "" && kept > 0 {
		s.Rationale = strings.TrimSuffix(first, ".") + fmt.Sprintf("; %d of %d are kept", kept, len(rules))
	}
	return s
}

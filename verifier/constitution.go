package verifier

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("constitution", registry.Doc{
		Summary: "Judges attempts by written principles, each by itself, or two attempts against each other under a principle.",
		Detail: "With `how: verdicts` the seat says of each principle whether the attempt keeps it; the value is the share kept, and the rationale names what is broken. " +
			"With `how: pairs`, as in the paper's second phase, attempts are compared two by two under a principle drawn for each pair, in both orders, and the value is the win share, as of `compare`; " +
			"the paper takes the probabilities of the two letters, here the verdict counts. " +
			"`draw` bounds how many of the principles are used, drawn by the seed: one lot for all attempts at a task, or one for each pair. A verdict that cannot be read counts for nothing; without any, it abstains.",
		Paper:   "Constitutional AI: Harmlessness from AI Feedback (Bai et al., 2022)",
		ID:      "S158",
		Example: "constitution: {seat: judge, principles: [It admits what it does not know., It gives no medical advice.]}",
	}, newConstitution)
}

// ConstitutionConfig configures constitution.
type ConstitutionConfig struct {
	Judging
	Duelling
	Principles []string `yaml:"principles" required:"true" min:"1" max:"100" doc:"The principles, each a sentence."`
	How        string   `yaml:"how" enum:"verdicts|pairs" default:"verdicts" doc:"Whether each principle is judged of each attempt, or attempts are compared."`
	Draw       int      `yaml:"draw" default:"0" min:"0" max:"100" doc:"Principles that are drawn; 0 is all of them for verdicts, and one for each pair."`
	Prompt     string   `yaml:"prompt" ref:"prompt" default:"keep_principle" doc:"How the seat is asked for verdicts."`
	PairPrompt string   `yaml:"pair_prompt" ref:"prompt" default:"compare_by_principle" doc:"How the seat is asked about pairs."`
}

// Validate refuses principles that say nothing, or nothing new.
func (c ConstitutionConfig) Validate() error {
	seen := map[string]bool{}
	for _, p := range c.Principles {
		if p = strings.TrimSpace(p); p == "" || seen[p] {
			return fmt.Errorf("constitution: the principle %q is empty or said twice", p)
		}
		seen[p] = true
	}
	if len(c.Principles) == 0 {
		return errors.New("constitution: there are no principles")
	}
	return nil
}

func newConstitution(_ context.Context, h core.Host, c ConstitutionConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k := constitution{cfg: c, seed: h.Seed()}
	if c.How == "pairs" {
		if c.PairPrompt == "" {
			c.PairPrompt = prompt.CompareByPrinciple
		}
		p, err := newPanel(h, c.Judging, c.PairPrompt, aOrB)
		if err != nil {
			return nil, fmt.Errorf("making constitution: %w", err)
		}
		criteria := func(task string, i, j int) []string {
			return k.drawn(max(c.Draw, 1), fmt.Sprintf("%s/%d/%d", task, i, j))
		}
		return groups{"constitution", "comparing attempts under principles", duels{c.Duelling, c.Judging, p.seed, firsts(p), criteria}.judge}, nil
	}
	if c.Prompt == "" {
		c.Prompt = prompt.KeepPrinciple
	}
	var err error
	if k.panel, err = newPanel(h, c.Judging, c.Prompt, yesOrNo); err != nil {
		return nil, fmt.Errorf("making constitution: %w", err)
	}
	return attempts{"constitution", "judging attempts by principles", k.judge}, nil
}

type constitution struct {
	cfg  ConstitutionConfig
	seed uint64
	panel[bool]
}

// drawn are n of the principles, in their own order, drawn for what about names.
func (k constitution) drawn(n int, about string) []string {
	all := k.cfg.Principles
	if n <= 0 || n >= len(all) {
		return all
	}
	seed := core.NewHasher("principles").Uint(k.seed).String(about).Seed()
	at := rand.New(rand.NewPCG(seed, 0x6c6177)).Perm(len(all))[:n]
	slices.Sort(at)
	list := make([]string, n)
	for i, x := range at {
		list[i] = all[x]
	}
	return list
}

func (k constitution) judge(ctx context.Context, items []item) ([]ruling, error) {
	return held(ctx, "constitution", k.panel, k.cfg.Judging, items, func(it item) []string { return k.drawn(k.cfg.Draw, it.ep.Task.ID) })
}

package verifier

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("meta_judge", registry.Doc{
		Summary: "Lets a model compare the judgements that an attempt got, and judges it by those that are better.",
		Detail: "`of` names a verifier that keeps its judgements, such as `grade` with several samples; those of each attempt are compared two by two, in both orders, and verdicts that differ are a tie. " +
			"Every judgement gets a score, by `rating`: its win share, or where it stands between 0 and 1 by Elo, the logistic strengths that explain the comparisons best, with one tie against an average judgement so that none runs away. " +
			"The paper weighs a win in one place by the share of all wins that the other place has, in place of ties: a weight of all comparisons together, " +
			"so that a verdict would hang on which others are asked for with it; and it fits Elo to those weighed wins. The attempt's value is the mean of its judgements' values by their ratings, or with `value: best` that of the best. " +
			"Pairs of judgements have scores as well, for training judges. A single judgement is taken as it is; without any, it abstains.",
		Paper:   "Meta-Rewarding Language Models: Self-Improving Alignment with LLM-as-a-Meta-Judge (Wu et al., 2024)",
		ID:      "S095",
		Example: "meta_judge: {seat: judge, of: grade}",
	}, newMetaJudge)
}

// MetaJudgeConfig configures meta_judge.
type MetaJudgeConfig struct {
	Judging
	Of     string `yaml:"of" ref:"verifier" default:"grade" doc:"Verifier whose judgements are judged; it comes before this one."`
	Rating string `yaml:"rating" enum:"wins|elo" default:"wins" doc:"What a judgement is worth."`
	Value  string `yaml:"value" enum:"weighted|best" default:"weighted" doc:"What is made of the judgements of an attempt."`
	Prompt string `yaml:"prompt" ref:"prompt" default:"compare_judgements" doc:"How the seat is asked."`
}

func newMetaJudge(_ context.Context, h core.Host, c MetaJudgeConfig) (core.Verifier, error) {
	if c.Of == "" {
		c.Of = "grade"
	}
	if c.Prompt == "" {
		c.Prompt = prompt.CompareJudgements
	}
	p, err := newPanel(h, c.Judging, c.Prompt, aOrB)
	if err != nil {
		return nil, fmt.Errorf("making meta_judge: %w", err)
	}
	m := metaJudge{c, p}
	return metaJudging{attempts{"meta_judge", "judging judgements", m.judge}}, nil
}

// metaJudging is grouped: what is judged of an attempt depends on the
// judgements in the episode.
type metaJudging struct{ attempts }

// Grouped is true.
func (metaJudging) Grouped() bool { return true }

type metaJudge struct {
	cfg MetaJudgeConfig
	panel[int]
}

// judgements of one attempt: their nodes, texts and values, each node once.
func (m metaJudge) judgements(it item) (nodes []core.Ref, texts []string, values []float64) {
	seen := map[core.Ref]bool{}
	for _, s := range it.ep.Scores {
		if s.By != m.cfg.Of || len(s.Nodes) != 1 || s.Nodes[0] != it.at || s.Abstain || s.Via == 0 || seen[s.Via] {
			continue
		}
		seen[s.Via] = true
		nodes, texts, values = append(nodes, s.Via), append(texts, it.ep.Node(s.Via).Content), append(values, s.Value)
	}
	return nodes, texts, values
}

func (m metaJudge) judge(ctx context.Context, items []item) ([]ruling, error) {
	type meeting struct {
		in            int
		attempt       string
		first, second string
	}
	asked := map[meeting]int{}
	var qs []question
	for _, it := range items {
		_, texts, _ := m.judgements(it)
		for i := range texts {
			for j := range texts {
				k := meeting{it.in, it.text(), texts[i], texts[j]}
				if _, ok := asked[k]; ok || texts[i] == texts[j] {
					continue
				}
				asked[k] = len(qs)
				qs = append(qs, question{
					data:  prompt.Data{Task: it.ep.Task.Prompt, Attempt: k.attempt, Remarks: []string{k.first, k.second}},
					about: fmt.Sprintf("%s/%s/%d:%s|%s", it.ep.Task.ID, k.attempt, len(k.first), k.first, k.second),
				})
			}
		}
	}
	all, err := m.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for n, it := range items {
		nodes, texts, values := m.judgements(it)
		wins := make([][]float64, len(nodes)) // wins[i][j]: share of the two orders in which i beats j; NaN unread
		var usage core.Usage
		for i := range nodes {
			wins[i] = make([]float64, len(nodes))
			for j := range nodes {
				wins[i][j] = 0.5
				if texts[i] == texts[j] {
					continue
				}
				one, two := &all[asked[meeting{it.in, it.text(), texts[i], texts[j]}]], &all[asked[meeting{it.in, it.text(), texts[j], texts[i]}]]
				usage.Add(one.usage)
				one.usage = core.Usage{} // paid once
				if !one.of[0].ok() || !two.of[0].ok() {
					wins[i][j] = math.NaN()
					continue
				}
				wins[i][j] = (truth(one.of[0].value == 0) + truth(two.of[0].value == 1)) / 2
			}
		}
		rulings[n] = m.rule(nodes, values, wins)
		rulings[n].usage = usage
	}
	return rulings, nil
}

// rule rates the judgements of one attempt, and rules by them.
func (m metaJudge) rule(nodes []core.Ref, values []float64, wins [][]float64) ruling {
	switch len(nodes) {
	case 0:
		return silent("there is no kept judgement by " + m.cfg.Of)
	case 1:
		return said(values[0], 0, "the only judgement")
	}
	ratings := winShares(wins)
	if m.cfg.Rating == "elo" {
		ratings = strengths(wins)
	}
	var sum, mass float64
	best := -1
	for i, r := range ratings {
		if math.IsNaN(r) {
			continue
		}
		sum, mass = sum+r*values[i], mass+r
		if best < 0 || r > ratings[best] {
			best = i
		}
	}
	if best < 0 {
		return silent("no comparison of its judgements has a verdict")
	}
	value := values[best]
	if m.cfg.Value != "best" && mass > 0 {
		value = sum / mass
	}
	v := said(value, 0, fmt.Sprintf("the best of %d judgements gives it %.2f and is rated %.2f", len(nodes), values[best], ratings[best]))
	v.of = map[core.Ref]core.Score{}
	for i, r := range nodes {
		if !math.IsNaN(ratings[i]) {
			v.of[r] = core.Score{Value: ratings[i], Rationale: "rating among the judgements of one attempt"}
		}
		for j := i + 1; j < len(nodes); j++ {
			if !math.IsNaN(wins[i][j]) {
				v.pairs = append(v.pairs, core.Score{Nodes: []core.Ref{r, nodes[j]}, Value: wins[i][j]})
			}
		}
	}
	return v
}

// winShares are the mean of what each wins against the others, NaN where nothing
// could be read.
func winShares(wins [][]float64) []float64 {
	out := make([]float64, len(wins))
	for i := range wins {
		sum, met := 0.0, 0
		for j, w := range wins[i] {
			if i != j && !math.IsNaN(w) {
				sum, met = sum+w, met+1
			}
		}
		out[i] = sum / float64(met) // of none: NaN
	}
	return out
}

// strengths are Elo ratings as chances of beating an average judgement: the
// logistic strengths that are likeliest given the comparisons (Bradley and
// Terry, 1952), each with one tie against strength 0 beside them, found by
// Newton's method on one strength at a time. NaN where nothing could be read.
func strengths(wins [][]float64) []float64 {
	s := make([]float64, len(wins))
	chance := func(d float64) float64 { return 1 / (1 + math.Exp(-d)) }
	for range 200 {
		moved := 0.0
		for i := range wins {
			p := chance(s[i])
			slope, curve := 0.5-p, p*(1-p)
			for j, w := range wins[i] {
				if i == j || math.IsNaN(w) {
					continue
				}
				q := chance(s[i] - s[j])
				slope, curve = slope+w-q, curve+q*(1-q)
			}
			step := slope / curve
			s[i] += step
			moved = max(moved, math.Abs(step))
		}
		if moved < 1e-10 {
			break
		}
	}
	out := winShares(wins)
	for i := range out {
		if !math.IsNaN(out[i]) {
			out[i] = chance(s[i])
		}
	}
	return out
}

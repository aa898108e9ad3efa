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
	registry.Verifier("mc_dropout", registry.Doc{
		Summary: "Judges an attempt by what many thinned copies of a model say of it, and by how far they agree.",
		Detail: "The seat is asked whether the attempt is right, once for each of `readings` models that a share of its hidden units was dropped from " +
			"(Dropout as a Bayesian Approximation, Gal and Ghahramani, 2016). The same models judge all attempts. " +
			"The value is the mean of their P(yes), or, with `value: certainty`, 1 - I / ln 2, where I is the mutual information between the verdict " +
			"and the model, H(mean p) - mean H(p): 1 where all models say the same, whether they are sure or not, so that a filter keeps what the model " +
			"itself would not change its mind about. The rationale tells mean, deviation and I; the confidence is that of the likelier verdict in the mean. " +
			"The paper judges pairs with a model trained for it and draws each in proportion to a power of 1 - I, in nats; models that were trained without dropout, as Pawl's " +
			"are, take it as a disturbance, so let `dropout` be small.",
		Paper:   "Self-Evolutionary Large Language Models through Uncertainty-Enhanced Preference Optimization (Wang et al., 2025)",
		ID:      "S171",
		Example: "mc_dropout: {readings: 10, dropout: 0.05, value: certainty}",
		Needs:   []string{registry.NeedEmbedded},
	}, newMCDropout)
}

// MCDropoutConfig configures mc_dropout.
type MCDropoutConfig struct {
	Asking
	Prompt   string  `yaml:"prompt" ref:"prompt" default:"verify" doc:"How the seat is asked."`
	Readings int     `yaml:"readings" default:"10" min:"2" max:"1000" doc:"Thinned models that are asked."`
	Dropout  float64 `yaml:"dropout" default:"0.1" min:"0.001" max:"0.9" doc:"Share of the hidden units that each goes without."`
	Value    string  `yaml:"value" enum:"mean|certainty" default:"mean" doc:"What the value is: the mean probability of yes, or how little the verdict depends on the model."`
}

func newMCDropout(_ context.Context, h core.Host, c MCDropoutConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Verify
	}
	if c.Readings == 0 {
		c.Readings = 10
	}
	if c.Dropout == 0 {
		c.Dropout = 0.1
	}
	a, err := newInterviewer(h, c.Seat, c.Prompt)
	if err != nil {
		return nil, fmt.Errorf("making mc_dropout: %w", err)
	}
	return attempts{"mc_dropout", "asking thinned models whether attempts are right", mcDropout{a, c}.judge}, nil
}

type mcDropout struct {
	*interviewer
	cfg MCDropoutConfig
}

func (m mcDropout) judge(ctx context.Context, items []item) ([]ruling, error) {
	qs := make([]question, len(items))
	for i, it := range items {
		qs[i].data = prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text()}
	}
	v, err := m.yesNo(qs)
	if err != nil {
		return nil, err
	}
	said, why := make([][]float64, len(items)), v.why
	for k := range m.cfg.Readings {
		seed := core.NewHasher("mc_dropout").Uint(m.seed).Uint(uint64(k)).Seed()
		seen, err := readAll(ctx, m.seat, m.actor, v.paths, core.Reading{Dropout: m.cfg.Dropout, Seed: seed})
		if err != nil {
			return nil, err
		}
		scores := make([][]float32, len(seen))
		for i, o := range seen {
			if o != nil {
				scores[i] = o.Raw
			}
		}
		var p []float64
		p, why = v.yes(scores)
		for i := range items {
			said[i] = append(said[i], p[i])
		}
	}
	rulings := make([]ruling, len(items))
	for i := range items {
		if why[i] != "" {
			rulings[i] = silent(why[i])
			continue
		}
		mean, deviation, information := disagreement(said[i])
		rulings[i] = sureOf(mean, fmt.Sprintf("%d thinned models give yes %.3f in the mean, deviation %.3f, mutual information %.4f",
			m.cfg.Readings, mean, deviation, information))
		if m.cfg.Value == "certainty" {
			rulings[i].score.Value = 1 - information/math.Ln2
		}
		rulings[i].usage = core.Usage{Calls: m.cfg.Readings}
	}
	return rulings, nil
}

// disagreement gives mean and standard deviation of probabilities of yes, and in
// nats how much knowing the model tells of the verdict (BALD, Houlsby et al.
// 2011): H(mean p) - mean H(p), at least 0.
func disagreement(p []float64) (mean, deviation, information float64) {
	n := float64(len(p))
	within := 0.0
	for _, x := range p {
		mean += x / n
		within += entropyOfTwo(x) / n
	}
	for _, x := range p {
		deviation += (x - mean) * (x - mean) / n
	}
	return mean, math.Sqrt(deviation), min(max(entropyOfTwo(mean)-within, 0), math.Ln2)
}

// entropyOfTwo is the entropy of a verdict, in nats.
func entropyOfTwo(p float64) float64 {
	h := 0.0
	for _, q := range []float64{p, 1 - p} {
		if q > 0 {
			h -= q * math.Log(q)
		}
	}
	return h
}

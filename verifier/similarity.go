package verifier

import (
	"context"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/overlap"
)

func init() {
	registry.Verifier("similarity", registry.Doc{
		Summary: "Measures how much of an attempt's text agrees with the reference text.",
		Detail: "`exact` and `f1` are SQuAD's: of answers, without case, punctuation and articles. `rouge_l` is for summaries (longest " +
			"common subsequence of words, as rouge_score without stemming), `chrf`, `chrf++` and `bleu` for translations, each of single texts and as sacreBLEU has " +
			"them (chrF2; BLEU with 13a tokens, exponential smoothing and effective order), from 0 to 1. Of several `references` of a row the " +
			"nearest counts; BLEU counts n-grams of all. Abstains without a reference, and on texts over 32 KiB.",
		Paper:   "ROUGE (Lin, 2004); chrF (Popović, 2015); chrF++ (Popović, 2017); BLEU (Papineni et al., 2002); SQuAD (Rajpurkar et al., 2016)",
		Example: "similarity: {metric: rouge_l}",
		Needs:   []string{registry.NeedReference},
	}, newSimilarity)
}

// SimilarityConfig configures similarity.
type SimilarityConfig struct {
	Metric  string  `yaml:"metric" enum:"exact|f1|rouge_l|chrf|chrf++|bleu" required:"true" inline:"true" doc:"What is measured."`
	AtLeast float64 `yaml:"at_least" default:"0" min:"0" max:"1" doc:"If above 0, the value is 1 where the measure reaches this and 0 elsewhere, not the measure itself."`
}

func newSimilarity(_ context.Context, _ core.Host, c SimilarityConfig) (core.Verifier, error) {
	if _, ok := measures[c.Metric]; !ok {
		return nil, fmt.Errorf("configuring similarity: there is no metric %q", c.Metric)
	}
	return similarity{c}, nil
}

type similarity struct{ cfg SimilarityConfig }

// measures take a text and at least one reference.
var measures = map[string]func(text string, refs []string) float64{
	"exact":   nearest(overlap.Exact),
	"f1":      nearest(overlap.F1),
	"rouge_l": nearest(overlap.RougeL),
	"chrf":    nearest(func(text, ref string) float64 { return overlap.ChrF(text, ref, false) }),
	"chrf++":  nearest(func(text, ref string) float64 { return overlap.ChrF(text, ref, true) }),
	"bleu":    func(text string, refs []string) float64 { return overlap.SentenceBLEU(text, refs...) },
}

func nearest(measure func(text, ref string) float64) func(string, []string) float64 {
	return func(text string, refs []string) float64 {
		best := 0.0
		for _, ref := range refs {
			best = max(best, measure(text, ref))
		}
		return best
	}
}

// longestText bounds what is compared, in bytes: the time of ROUGE-L is the
// product of both lengths.
const longestText = 32 << 10

// Verify gives each node its measure, in 0..1.
func (v similarity) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("measuring similarity: %w", err)
	}
	refs := references(ep.Task)
	long := false
	for _, ref := range refs {
		long = long || len(ref) > longestText
	}
	var j core.Judgement
	for _, r := range at {
		if err := ctx.Err(); err != nil {
			return core.Judgement{}, err
		}
		text := strings.TrimSpace(attempt(ep, r))
		switch {
		case len(refs) == 0:
			j.Scores = append(j.Scores, abstain("similarity", r, "the task has no reference text"))
			continue
		case long || len(text) > longestText:
			j.Scores = append(j.Scores, abstain("similarity", r, fmt.Sprintf("a text is longer than %d KiB", longestText>>10)))
			continue
		}
		value := min(measures[v.cfg.Metric](text, refs), 1) // rounding may go beyond
		s := core.Score{By: "similarity", Nodes: []core.Ref{r}, Value: value, Confidence: 1}
		s.Rationale = fmt.Sprintf("%s %.4f", v.cfg.Metric, value)
		if v.cfg.AtLeast > 0 {
			s.Value = truth(value >= v.cfg.AtLeast)
			s.Rationale += fmt.Sprintf(", %g is demanded", v.cfg.AtLeast)
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// references are the texts that a task has as right ones.
func references(t core.Task) []string {
	var ref struct {
		core.Reference
		References []string
	}
	if decodeReference(t, &ref) != nil {
		return nil
	}
	texts := ref.References
	if len(texts) == 0 {
		texts = []string{ref.Answer}
		if ref.Answer == "" {
			texts[0] = ref.Solution
		}
	}
	var all []string
	for _, s := range texts {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

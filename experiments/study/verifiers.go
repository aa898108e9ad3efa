package study

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pawl"
)

// Verifiers is how verifiers that see no answers judge a model's attempts.
type Verifiers struct {
	Kind    string             `json:"kind"` // KindVerifiers
	Where   Where              `json:"where"`
	Model   string             `json:"model"`
	Tasks   int                `json:"tasks"`   // of each world
	Samples int                `json:"samples"` // of each task
	Seed    uint64             `json:"seed"`
	Rows    []pawl.VerifierRow `json:"rows"`
}

// KindVerifiers marks the file.
const KindVerifiers = "verifiers"

// RunVerifiers measures all applicable verifiers in the worlds of the recipe
// pretrain-nano at their default difficulty.
func RunVerifiers(ctx context.Context, p *pawl.Pawl, model pawl.Model, tasks, samples int, seed uint64, say func(string)) (*Verifiers, error) {
	meant, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	policy, err := p.Policy(ctx, model)
	if err != nil {
		return nil, err
	}
	v := &Verifiers{Kind: KindVerifiers, Where: Here(), Model: model.String(), Tasks: tasks, Samples: samples, Seed: seed}
	v.Rows, err = p.EvalVerifiers(ctx, policy, pawl.VerifierOptions{EnvironmentOptions: pawl.EnvironmentOptions{
		Worlds: meant.Levels, Sizes: meant.Sizes, Tasks: tasks, Samples: samples, Seed: seed,
		Observe: func(at pawl.Visit) {
			say(fmt.Sprintf("%s (%d of %d): %s", at.World, at.Index+1, at.Of, at.Part))
		},
	}})
	return v, err
}

// spread is what one verifier does over all worlds.
type spread struct {
	verifier           string
	worlds             int // in which it has a verdict
	helps, hurts       int // in which its interval of the gain lies above, or below, 0
	gain, auroc, ece   float64
	aurocs, eces       int
	tokens, ms, silent float64
}

// summary is a line for each verifier, the greatest mean gain first.
func (v *Verifiers) summary() []spread {
	var all []spread
	for _, r := range v.Rows {
		i := slices.IndexFunc(all, func(s spread) bool { return s.verifier == r.Verifier })
		if i < 0 {
			i = len(all)
			all = append(all, spread{verifier: r.Verifier})
		}
		s := &all[i]
		if r.N == 0 {
			continue
		}
		s.worlds++
		s.gain += r.Gain
		s.silent += r.Silent
		s.tokens += r.Tokens
		s.ms += r.Milliseconds
		if r.GainLow > 0 {
			s.helps++
		}
		if r.GainTop < 0 {
			s.hurts++
		}
		if r.AUROC != nil {
			s.auroc, s.aurocs = s.auroc+*r.AUROC, s.aurocs+1
		}
		if r.ECE != nil {
			s.ece, s.eces = s.ece+*r.ECE, s.eces+1
		}
	}
	slices.SortStableFunc(all, func(a, b spread) int {
		switch x, y := mean(a.gain, a.worlds), mean(b.gain, b.worlds); {
		case (a.worlds == 0) != (b.worlds == 0):
			if a.worlds == 0 {
				return 1
			}
			return -1
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return strings.Compare(a.verifier, b.verifier)
	})
	return all
}

func mean(sum float64, n int) float64 { return sum / float64(max(n, 1)) }

// Markdown is the study as tables.
func (v *Verifiers) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Model %s, %d tasks a world, %d samples a task, seed %d.\n\n", v.Where, v.Model, v.Tasks, v.Samples, v.Seed)
	b.WriteString("Over all worlds in which the verifier has a verdict: mean gain of the attempt that it likes best over any attempt, " +
		"and in how many worlds the 95% interval of that gain lies above and below 0; means of AUROC and ECE, of tokens and milliseconds " +
		"for an attempt, and of the share of attempts that it abstains on.\n\n" +
		"| verifier | worlds | gain | helps | hurts | AUROC | ECE | tokens | ms | silent |\n|-|-|-|-|-|-|-|-|-|-|\n")
	for _, s := range v.summary() {
		if s.worlds == 0 {
			fmt.Fprintf(&b, "| %s | 0 | - | - | - | - | - | - | - | 1.000 |\n", code(s.verifier))
			continue
		}
		fmt.Fprintf(&b, "| %s | %d | %+.3f | %d | %d | %s | %s | %.1f | %.3f | %.3f |\n", code(s.verifier), s.worlds, mean(s.gain, s.worlds), s.helps, s.hurts,
			averaged(s.auroc, s.aurocs), averaged(s.ece, s.eces), mean(s.tokens, s.worlds), mean(s.ms, s.worlds), mean(s.silent, s.worlds))
	}
	b.WriteString("\nBy world, without those that abstain on all:\n\n| world | verifier | tasks | accuracy | gain | AUROC | ECE | coverage at 5% | tokens | ms |\n|-|-|-|-|-|-|-|-|-|-|\n")
	for _, r := range v.Rows {
		if r.N == 0 {
			continue
		}
		auroc := optional(r.AUROC)
		if r.AUROCLow != nil {
			auroc += fmt.Sprintf(" [%.3f, %.3f]", *r.AUROCLow, *r.AUROCTop)
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %.3f [%.3f, %.3f] | %+.3f [%+.3f, %+.3f] | %s | %s | %.3f | %.1f | %.3f |\n", r.World, code(r.Verifier), r.N,
			r.Accuracy, r.Low, r.High, r.Gain, r.GainLow, r.GainTop, auroc, optional(r.ECE), r.CoverageAt5, r.Tokens, r.Milliseconds)
	}
	return b.String()
}

func averaged(sum float64, n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", sum/float64(n))
}

func code(s string) string { return "`" + s + "`" }

package study

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/stats"
)

// Trained is what verifiers that were trained on a model's own attempts are worth
// beside votes.
type Trained struct {
	Kind      string         `json:"kind"` // KindTrained
	Where     Where          `json:"where"`
	Split     string         `json:"split"`
	Sequences int            `json:"sequences"` // that each verifier learnt from, those met again counted again
	Worlds    []TrainedWorld `json:"worlds"`
}

// KindTrained marks the file.
const KindTrained = "trained"

// TrainedWorld is one world.
type TrainedWorld struct {
	World   string         `json:"world"`
	Level   int            `json:"level"`
	Sizes   map[string]int `json:"sizes,omitempty"`
	Tasks   int            `json:"tasks"`
	Samples int            `json:"samples"` // of each task
	Seeds   []uint64       `json:"seeds"`   // of training and its samples, and of the samples chosen from
	Rows    []TrainedRow   `json:"rows"`
}

// TrainedRow is how one verifier chooses, over all seeds together.
type TrainedRow struct {
	Verifier     string   `json:"verifier"`
	Accuracy     float64  `json:"accuracy"` // of what it chooses of the samples of a task
	Low          float64  `json:"low"`
	High         float64  `json:"high"`
	Over         float64  `json:"over"` // its accuracy less that of votes, paired by task
	OverLow      float64  `json:"over_low"`
	OverTop      float64  `json:"over_high"`
	AUROC        *float64 `json:"auroc,omitempty"` // in the mean of the seeds
	ECE          *float64 `json:"ece,omitempty"`
	Tokens       float64  `json:"tokens"` // read or written for an attempt
	Milliseconds float64  `json:"milliseconds"`
}

// untrained are what trained verifiers are compared with: chance, what votes,
// verdicts and likelihoods of the untrained model give, and the truth, which finds
// a right attempt wherever there is one.
var untrained = []string{"random", "majority_vote", "p_true", "weighted_vote: {by: p_true}", "likelihood", "oracle"}

// trained are the verifiers that the recipe of the experiment trains, as they are
// asked.
var trained = []string{
	"reward_model: {seat: outcome}",
	"reward_model: {seat: token}",
	"reward_model: {seat: pairwise}",
	"reward_model: {seat: process, steps: least}",
	"likelihood: {seat: preference, value: total, logprobs: anew}",
	"weighted_vote: {by: {reward_model: {seat: outcome}}}",
	"weighted_vote: {by: {reward_model: {seat: process, steps: least}}}",
}

// TrainedOptions say what is measured where.
type TrainedOptions struct {
	Recipe    string // trains the verifiers
	Worlds    []string
	Verifiers []string // nil for all that the recipe trains
	Tasks     int
	Samples   int
	Split     string
	Seeds     []uint64
	Set       map[string]string // changes of the recipe
}

// trainedSequences is what the recipe's trainings take: 200 steps of 64.
const trainedSequences = 200 * 64

// RunTrained trains verifiers in each world, a run for each seed, and lets them
// choose among the samples of tasks that none has seen.
func RunTrained(ctx context.Context, p *pawl.Pawl, o TrainedOptions, say func(string)) (*Trained, error) {
	meant, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	model, err := pawl.ParseModel("embedded")
	if err != nil {
		return nil, err
	}
	solver, err := p.Policy(ctx, model)
	if err != nil {
		return nil, err
	}
	verifiers := slices.Concat(untrained, trained)
	if o.Verifiers != nil {
		verifiers = slices.Concat(untrained, o.Verifiers)
	}
	out := &Trained{Kind: KindTrained, Where: Here(), Split: o.Split, Sequences: trainedSequences}
	for _, world := range o.Worlds {
		level, ok := meant.Levels[world]
		if !ok {
			return nil, &pawl.InputError{Err: fmt.Errorf("training verifiers: no world %q; there are %s", world, strings.Join(slices.Sorted(maps.Keys(meant.Levels)), ", "))}
		}
		w := TrainedWorld{World: world, Level: level, Sizes: meant.Sizes[world], Tasks: o.Tasks, Samples: o.Samples, Seeds: o.Seeds}
		var seeds [][]pawl.VerifierRow
		for _, seed := range o.Seeds {
			team, err := train(ctx, p, o, w, seed, say)
			if err != nil {
				return nil, err
			}
			rows, err := p.EvalVerifiers(ctx, solver, pawl.VerifierOptions{
				EnvironmentOptions: pawl.EnvironmentOptions{
					Worlds: map[string]int{world: level}, Sizes: map[string]map[string]int{world: w.Sizes},
					Tasks: o.Tasks, Samples: o.Samples, Seed: seed, Split: o.Split,
				},
				Verifiers: verifiers, Recipe: o.Recipe, Team: team, Votes: true,
			})
			if err != nil {
				return nil, err
			}
			seeds = append(seeds, rows)
		}
		w.compare(seeds)
		out.Worlds = append(out.Worlds, w)
		say(w.markdown())
	}
	return out, nil
}

// train runs the recipe in a world and gives the policies that it ends with. The
// run's own gate decides nothing here, and is as small as can be.
func train(ctx context.Context, p *pawl.Pawl, o TrainedOptions, w TrainedWorld, seed uint64, say func(string)) (map[string]core.Policy, error) {
	sizes := ""
	for _, size := range slices.Sorted(maps.Keys(w.Sizes)) {
		sizes += fmt.Sprintf(", %s: %d", size, w.Sizes[size])
	}
	set := map[string]string{}
	for name, more := range map[string]string{"train": "split: train}, take: 1000", "gate": "split: gate, n: 4}", "audit": "split: gate, n: 4, seed: 2}"} {
		set["tasks."+name] = fmt.Sprintf("{%s: {level: %d, dialect: compact%s, %s}", w.World, w.Level, sizes, more)
	}
	maps.Copy(set, o.Set)
	result, err := p.Run(ctx, pawl.RunOptions{Recipe: o.Recipe, Seed: seed, Set: set, Observe: func(e loop.Event) {
		if e.Row != nil {
			say(fmt.Sprintf("%s, seed %d: trained in %.0f s", w.World, seed, e.Row.Seconds))
		}
	}})
	if err != nil {
		return nil, fmt.Errorf("training verifiers in %s: %w", w.World, err)
	}
	history, err := p.Store().Promotions(ctx, result.Run.ID)
	if err != nil {
		return nil, fmt.Errorf("training verifiers in %s: %w", w.World, err)
	}
	return history[len(history)-1].Policies, nil
}

// compare puts the seeds together. Tasks are the units of the intervals: seeds
// meet the same ones.
func (w *TrainedWorld) compare(seeds [][]pawl.VerifierRow) {
	var votes []float64
	var ids []string
	n := float64(len(seeds))
	for k := range seeds[0] { // votes come first
		row := TrainedRow{Verifier: seeds[0][k].Verifier}
		var chosen []float64
		for _, of := range seeds {
			r := of[k]
			chosen = append(chosen, r.Chosen...)
			if k == 0 {
				ids = append(ids, r.Tasks...)
			}
			row.Tokens += r.Tokens / n
			row.Milliseconds += r.Milliseconds / n
			row.AUROC, row.ECE = share(row.AUROC, r.AUROC, n), share(row.ECE, r.ECE, n)
		}
		if k == 0 {
			votes = chosen
		}
		e := stats.ClusteredEstimate("", together(chosen, ids))
		row.Accuracy, row.Low, row.High = e.Value, e.Low, e.High
		c := stats.Compare{Cluster: ids}.Paired(votes, chosen)
		row.Over, row.OverLow, row.OverTop = c.Difference, c.Low, c.High
		w.Rows = append(w.Rows, row)
	}
}

// together are the values of each task.
func together(values []float64, ids []string) [][]float64 {
	at := map[string]int{}
	var out [][]float64
	for i, id := range ids {
		if _, ok := at[id]; !ok {
			at[id] = len(out)
			out = append(out, nil)
		}
		out[at[id]] = append(out[at[id]], values[i])
	}
	return out
}

// share adds an nth of x, which may be missing, to a mean.
func share(mean, x *float64, n float64) *float64 {
	if x == nil {
		return mean
	}
	sum := *x / n
	if mean != nil {
		sum += *mean
	}
	return &sum
}

// Update puts what was found of some worlds later in the place of what t has of
// them.
func (t *Trained) Update(later *Trained) {
	kept := slices.DeleteFunc(t.Worlds, func(w TrainedWorld) bool {
		return slices.ContainsFunc(later.Worlds, func(l TrainedWorld) bool { return l.World == w.World })
	})
	worlds := append(kept, later.Worlds...)
	*t = *later
	t.Worlds = worlds
	slices.SortFunc(t.Worlds, func(a, b TrainedWorld) int { return cmp.Compare(a.World, b.World) })
}

// Markdown is the study as tables.
func (t *Trained) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Split %s; each verifier learnt from %d sequences, those met again counted again.\n\n", t.Where, t.Split, t.Sequences)
	b.WriteString("In how many worlds the 95% interval of what a verifier chooses, less votes, lies above 0 and below, and the mean of that difference over the worlds:\n\n" +
		"| verifier | worlds | over votes | above | below | AUROC |\n|-|-|-|-|-|-|\n")
	if len(t.Worlds) > 0 {
		for k, first := range t.Worlds[0].Rows {
			var over, auroc float64
			above, below, n, aurocs := 0, 0, 0, 0
			for _, w := range t.Worlds {
				if k >= len(w.Rows) {
					continue
				}
				r := w.Rows[k]
				over, n = over+r.Over, n+1
				if r.OverLow > 0 {
					above++
				}
				if r.OverTop < 0 {
					below++
				}
				if r.AUROC != nil {
					auroc, aurocs = auroc+*r.AUROC, aurocs+1
				}
			}
			fmt.Fprintf(&b, "| %s | %d | %+.3f | %d | %d | %s |\n", code(first.Verifier), n, mean(over, n), above, below, averaged(auroc, aurocs))
		}
	}
	for i := range t.Worlds {
		b.WriteString(t.Worlds[i].markdown())
	}
	return b.String()
}

func (w *TrainedWorld) markdown() string {
	var b strings.Builder
	level := fmt.Sprintf("level %d", w.Level)
	for _, size := range slices.Sorted(maps.Keys(w.Sizes)) {
		level += fmt.Sprintf(", %s %d", size, w.Sizes[size])
	}
	fmt.Fprintf(&b, "\n%s (%s), %d tasks, %d samples a task, seeds %s:\n\n| verifier | accuracy | over votes | AUROC | ECE | tokens | ms |\n|-|-|-|-|-|-|-|\n",
		w.World, level, w.Tasks, w.Samples, strings.Trim(fmt.Sprint(w.Seeds), "[]"))
	for _, r := range w.Rows {
		fmt.Fprintf(&b, "| %s | %.3f [%.3f, %.3f] | %+.3f [%+.3f, %+.3f] | %s | %s | %.1f | %.2f |\n", code(r.Verifier), r.Accuracy, r.Low, r.High,
			r.Over, r.OverLow, r.OverTop, optional(r.AUROC), optional(r.ECE), r.Tokens, r.Milliseconds)
	}
	return b.String()
}

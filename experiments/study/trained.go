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
	Kind   string         `json:"kind"` // KindTrained
	Where  Where          `json:"where"`
	Split  string         `json:"split"`
	Worlds []TrainedWorld `json:"worlds"`
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

	Set map[string]string `json:"set,omitempty"` // changes of the recipe
}

// TrainedRow is how one verifier chooses, over all seeds together.
type TrainedRow struct {
	Verifier     string   `json:"verifier"`
	Accuracy     float64  `json:"accuracy"` // of what it chooses of the samples of a task
	Low          float64  `json:"low"`
	High         float64  `json:"high"`
	Over         Margin   `json:"over"`            // its accuracy less that of votes as the world reads answers
	OverText     Margin   `json:"over_text"`       // and that of majority_vote, which reads the last part of an attempt's text
	AUROC        *float64 `json:"auroc,omitempty"` // in the mean of the seeds
	ECE          *float64 `json:"ece,omitempty"`
	Tokens       float64  `json:"tokens"` // read or written for an attempt
	Milliseconds float64  `json:"milliseconds"`
}

// Margin is a difference paired by task, with its 95% interval.
type Margin struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func (m Margin) String() string { return fmt.Sprintf("%+.3f [%+.3f, %+.3f]", m.Value, m.Low, m.High) }

// untrained are what trained verifiers are compared with: chance, what votes,
// verdicts and likelihoods of the untrained model give, and the truth, which finds
// a right attempt wherever there is one.
var untrained = []string{"random", textVote, "p_true", "weighted_vote: {by: p_true}", "likelihood", "oracle"}

const textVote = "majority_vote"

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
	out := &Trained{Kind: KindTrained, Where: Here(), Split: o.Split}
	for _, world := range o.Worlds {
		level, ok := meant.Levels[world]
		if !ok {
			return nil, &pawl.InputError{Err: fmt.Errorf("training verifiers: no world %q; there are %s", world, strings.Join(slices.Sorted(maps.Keys(meant.Levels)), ", "))}
		}
		w := TrainedWorld{World: world, Level: level, Sizes: meant.Sizes[world], Tasks: o.Tasks, Samples: o.Samples, Seeds: o.Seeds, Set: o.Set}
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
	var ids []string
	var all [][]float64
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
		e := stats.ClusteredEstimate("", together(chosen, ids))
		row.Accuracy, row.Low, row.High = e.Value, e.Low, e.High
		w.Rows, all = append(w.Rows, row), append(all, chosen)
	}
	over := func(than, of []float64) Margin {
		c := stats.Compare{Cluster: ids}.Paired(than, of)
		return Margin{c.Difference, c.Low, c.High}
	}
	text := slices.IndexFunc(w.Rows, func(r TrainedRow) bool { return r.Verifier == textVote })
	for k := range w.Rows {
		w.Rows[k].Over = over(all[0], all[k])
		if text >= 0 {
			w.Rows[k].OverText = over(all[text], all[k])
		}
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
	fmt.Fprintf(&b, "%s Split %s.\n\n", t.Where, t.Split)
	if len(t.Worlds) > 1 {
		t.overall(&b)
	}
	for i := range t.Worlds {
		b.WriteString(t.Worlds[i].markdown())
	}
	return b.String()
}

// overall is what each verifier is over the worlds that it was asked in.
func (t *Trained) overall(b *strings.Builder) {
	b.WriteString("Mean over the worlds of how much more often the sample that a verifier chooses is right than the one that votes choose, " +
		"and in how many worlds the 95% interval of that lies above and below 0; the same beside `majority_vote`:\n\n" +
		"| verifier | worlds | over votes | above | below | over majority_vote | above | below | AUROC |\n|-|-|-|-|-|-|-|-|-|\n")
	for _, r := range t.Worlds[0].Rows {
		of := make([]TrainedRow, 0, len(t.Worlds))
		for _, w := range t.Worlds {
			if k := slices.IndexFunc(w.Rows, func(x TrainedRow) bool { return x.Verifier == r.Verifier }); k >= 0 {
				of = append(of, w.Rows[k])
			}
		}
		b.WriteString(summary(r.Verifier, of))
	}
}

// summary is a line of what a verifier is in the worlds that it was asked in.
func summary(verifier string, of []TrainedRow) string {
	var votes, text, auroc float64
	var counts [4]int // above and below of both
	aurocs, n := 0, len(of)
	for _, r := range of {
		votes, text = votes+r.Over.Value, text+r.OverText.Value
		for i, yes := range []bool{r.Over.Low > 0, r.Over.High < 0, r.OverText.Low > 0, r.OverText.High < 0} {
			if yes {
				counts[i]++
			}
		}
		if r.AUROC != nil {
			auroc, aurocs = auroc+*r.AUROC, aurocs+1
		}
	}
	return fmt.Sprintf("| %s | %d | %+.3f | %d | %d | %+.3f | %d | %d | %s |\n", code(verifier), n,
		mean(votes, n), counts[0], counts[1], mean(text, n), counts[2], counts[3], averaged(auroc, aurocs))
}

func (w *TrainedWorld) markdown() string {
	var b strings.Builder
	level := fmt.Sprintf("level %d", w.Level)
	for _, size := range slices.Sorted(maps.Keys(w.Sizes)) {
		level += fmt.Sprintf(", %s %d", size, w.Sizes[size])
	}
	changed := ""
	for _, path := range slices.Sorted(maps.Keys(w.Set)) {
		changed += fmt.Sprintf(", with `%s` %s", path, w.Set[path])
	}
	fmt.Fprintf(&b, "\n%s (%s), %d tasks, %d samples a task, seeds %s%s:\n\n| verifier | accuracy | over votes | over majority_vote | AUROC | ECE | tokens | ms |\n|-|-|-|-|-|-|-|-|\n",
		w.World, level, w.Tasks, w.Samples, strings.Trim(fmt.Sprint(w.Seeds), "[]"), changed)
	for _, r := range w.Rows {
		fmt.Fprintf(&b, "| %s | %.3f [%.3f, %.3f] | %s | %s | %s | %s | %.1f | %.2f |\n", code(r.Verifier), r.Accuracy, r.Low, r.High,
			r.Over, r.OverText, optional(r.AUROC), optional(r.ECE), r.Tokens, r.Milliseconds)
	}
	return b.String()
}

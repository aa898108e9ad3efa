package study

import (
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
	Kind    string         `json:"kind"` // KindTrained
	Where   Where          `json:"where"`
	Tasks   int            `json:"tasks"`   // of each world
	Samples int            `json:"samples"` // of each task
	Split   string         `json:"split"`
	Seeds   []uint64       `json:"seeds"` // of the trainings, their samples included
	Worlds  []TrainedWorld `json:"worlds"`
}

// KindTrained marks the file.
const KindTrained = "trained"

// TrainedWorld is one world.
type TrainedWorld struct {
	World string         `json:"world"`
	Level int            `json:"level"`
	Sizes map[string]int `json:"sizes,omitempty"`
	Pass  float64        `json:"pass"` // share of tasks with a right attempt
	Lanes []TrainedLane  `json:"lanes"`
	Rows  []TrainedRow   `json:"rows"`
}

// TrainedLane is what training one kind of verifier took, in the mean of the seeds.
type TrainedLane struct {
	Name     string  `json:"name"`
	Examples float64 `json:"examples"`
	Seconds  float64 `json:"seconds"`
}

// TrainedRow is how one verifier chooses, over all seeds together.
type TrainedRow struct {
	Verifier     string   `json:"verifier"`
	Accuracy     float64  `json:"accuracy"` // of what it chooses of the samples of a task
	Low          float64  `json:"low"`
	High         float64  `json:"high"`
	Over         float64  `json:"over"` // its accuracy less that of the majority vote, paired by task
	OverLow      float64  `json:"over_low"`
	OverTop      float64  `json:"over_high"`
	AUROC        *float64 `json:"auroc,omitempty"` // in the mean of the seeds
	ECE          *float64 `json:"ece,omitempty"`
	Tokens       float64  `json:"tokens"` // read or written for an attempt
	Milliseconds float64  `json:"milliseconds"`
}

// TrainedLanes are the verifiers that the recipe trains, and how each is asked.
var TrainedLanes = map[string][]string{
	"outcome":    {"reward_model: {seat: outcome}", "weighted_vote: {by: {reward_model: {seat: outcome}}}"},
	"token":      {"reward_model: {seat: token}"},
	"pairwise":   {"reward_model: {seat: pairwise}"},
	"process":    {"reward_model: {seat: process, steps: least}", "reward_model: {seat: process, steps: product}", "reward_model: {seat: process, steps: last}"},
	"preference": {"likelihood: {seat: preference, value: total, logprobs: anew}", "likelihood: {seat: preference, value: total, reference: solver}", "likelihood: {seat: preference, logprobs: anew}"},
}

// untrained are what they are compared with.
var untrained = []string{"majority_vote", "p_true", "weighted_vote: {by: p_true}", "likelihood"}

// TrainedOptions say what is measured where.
type TrainedOptions struct {
	Recipe  string // trains the verifiers
	Worlds  []string
	Lanes   []string // nil for all
	Tasks   int
	Samples int
	Split   string
	Seeds   []uint64
	Set     map[string]string
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
	out := &Trained{Kind: KindTrained, Where: Here(), Tasks: o.Tasks, Samples: o.Samples, Split: o.Split, Seeds: o.Seeds}
	for _, world := range o.Worlds {
		level, ok := meant.Levels[world]
		if !ok {
			return nil, fmt.Errorf("training verifiers: no world %q; there are %s", world, strings.Join(slices.Sorted(maps.Keys(meant.Levels)), ", "))
		}
		w := TrainedWorld{World: world, Level: level, Sizes: meant.Sizes[world]}
		var rows [][]pawl.VerifierRow // by seed
		for _, seed := range o.Seeds {
			team, lanes, err := train(ctx, p, o, w, seed, say)
			if err != nil {
				return nil, err
			}
			w.add(lanes, len(o.Seeds))
			verifiers := slices.Clone(untrained)
			for _, lane := range o.lanes() {
				verifiers = append(verifiers, TrainedLanes[lane]...)
			}
			judged, err := p.EvalVerifiers(ctx, solver, pawl.VerifierOptions{
				EnvironmentOptions: pawl.EnvironmentOptions{
					Worlds: map[string]int{world: level}, Sizes: map[string]map[string]int{world: w.Sizes},
					Tasks: o.Tasks, Samples: o.Samples, Seed: seed, Split: o.Split,
				},
				Verifiers: verifiers, Recipe: o.Recipe, Team: team,
			})
			if err != nil {
				return nil, err
			}
			rows = append(rows, judged)
		}
		if err := w.compare(rows); err != nil {
			return nil, err
		}
		out.Worlds = append(out.Worlds, w)
		say(w.Markdown())
	}
	return out, nil
}

func (o TrainedOptions) lanes() []string {
	if o.Lanes != nil {
		return o.Lanes
	}
	return slices.Sorted(maps.Keys(TrainedLanes))
}

// train runs the recipe in a world and gives the policies that it ends with.
func train(ctx context.Context, p *pawl.Pawl, o TrainedOptions, w TrainedWorld, seed uint64, say func(string)) (map[string]core.Policy, []TrainedLane, error) {
	set := map[string]string{}
	for name, more := range map[string]string{"train": ", split: train}, take: 1000", "gate": ", split: gate, n: 4}", "audit": ", split: gate, n: 4, seed: 2}"} {
		sizes := ""
		for _, size := range slices.Sorted(maps.Keys(w.Sizes)) {
			sizes += fmt.Sprintf(", %s: %d", size, w.Sizes[size])
		}
		set["tasks."+name] = fmt.Sprintf("{%s: {level: %d, dialect: compact%s%s}", w.World, w.Level, sizes, more)
	}
	maps.Copy(set, o.Set)
	result, err := p.Run(ctx, pawl.RunOptions{Recipe: o.Recipe, Seed: seed, Set: set, Observe: func(e loop.Event) {
		if e.Row != nil {
			say(fmt.Sprintf("%s seed %d: trained in %.0f s", w.World, seed, e.Row.Seconds))
		}
	}})
	if err != nil {
		return nil, nil, fmt.Errorf("training verifiers in %s: %w", w.World, err)
	}
	history, err := p.Store().Promotions(ctx, result.Run.ID)
	if err != nil {
		return nil, nil, err
	}
	return history[len(history)-1].Policies, nil, nil
}

// add adds what one seed took, of so many.
func (w *TrainedWorld) add(lanes []TrainedLane, seeds int) {
	for i, l := range lanes {
		if i == len(w.Lanes) {
			w.Lanes = append(w.Lanes, TrainedLane{Name: l.Name})
		}
		w.Lanes[i].Examples += l.Examples / float64(seeds)
		w.Lanes[i].Seconds += l.Seconds / float64(seeds)
	}
}

// compare puts the seeds together. A task is met once a seed, so tasks are the
// units of the intervals.
func (w *TrainedWorld) compare(seeds [][]pawl.VerifierRow) error {
	var votes, ids = []float64{}, []string{}
	for k := range seeds[0] {
		row := TrainedRow{Verifier: seeds[0][k].Verifier}
		var chosen []float64
		for _, of := range seeds {
			r := of[k]
			chosen = append(chosen, r.Chosen...)
			if k == 0 {
				ids = append(ids, r.Tasks...)
			}
			n := float64(len(seeds))
			row.Tokens += r.Tokens / n
			row.Milliseconds += r.Milliseconds / n
			add(&row.AUROC, r.AUROC, n)
			add(&row.ECE, r.ECE, n)
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
	return nil
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

func add(to **float64, x *float64, n float64) {
	if x == nil {
		return
	}
	if *to == nil {
		*to = new(float64)
	}
	**to += *x / n
}

// Markdown is the study as tables.
func (t *Trained) Markdown() string {
	var b strings.Builder
	for i := range t.Worlds {
		b.WriteString(t.Worlds[i].Markdown())
	}
	return b.String()
}

// Markdown is one world as a table.
func (w *TrainedWorld) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, level %d:\n\n| verifier | accuracy | over votes | AUROC | ECE | tokens | ms |\n|-|-|-|-|-|-|-|\n", w.World, w.Level)
	for _, r := range w.Rows {
		fmt.Fprintf(&b, "| %s | %.3f [%.3f, %.3f] | %+.3f [%+.3f, %+.3f] | %s | %s | %.0f | %.2f |\n", code(r.Verifier), r.Accuracy, r.Low, r.High, r.Over, r.OverLow, r.OverTop, optional(r.AUROC), optional(r.ECE), r.Tokens, r.Milliseconds)
	}
	return b.String()
}

package study

import (
	"context"
	"fmt"
	"math"
	"slices"

	"pawl"
	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
)

// Level is how good one way to answer is over worlds.
type Level struct {
	Way      string  `json:"way"`
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	N        int     `json:"n"` // tasks
}

// Ways to answer beside the verifiers.
const (
	wayGreedy = "greedy"
	waySample = "one sample"
	wayVotes  = "votes" // those that tie are drawn from
	wayCool   = "votes at temperature 0.5"
	wayCooler = "one sample at temperature 0.5"
)

// weightedVotes are votes that weigh what another verifier says, by the name that
// tables show.
var weightedVotes = []struct{ way, verifier string }{
	{wayVotes, "majority_vote: {ties: share}"},
	{"votes by p_true", "weighted_vote: {by: p_true}"},
	{"votes by likelihood", "weighted_vote: {by: likelihood}"},
	{"votes by stepwise", "weighted_vote: {by: stepwise}"},
	{"Borda votes by self_certainty", "weighted_vote: {by: self_certainty, weigh: rank}"},
	{"Borda votes by self_certainty, power 0.5", "weighted_vote: {by: self_certainty, weigh: rank, power: 0.5}"},
	{"Borda votes by p_true", "weighted_vote: {by: p_true, weigh: rank}"},
}

// ways are, of each way to answer, the chances at the tasks of a record of being
// right.
func (r *record) ways(ctx context.Context) (map[string][]float64, error) {
	all := map[string][]float64{}
	for _, t := range r.Tasks {
		all[wayGreedy], all[waySample] = append(all[wayGreedy], one(t.Greedy)), append(all[waySample], rightShare(t.Right))
	}
	for _, by := range recordedVerifiers {
		of, err := r.verdicts(ctx, by)
		if err != nil {
			return nil, err
		}
		all["best by "+by] = pawl.Worth(of)
	}
	for _, w := range weightedVotes {
		of, err := r.verdicts(ctx, w.verifier)
		if err != nil {
			return nil, err
		}
		all[w.way] = pawl.Worth(of)
	}
	return all, nil
}

// onTies is the part of a difference from votes that comes from tasks on which they
// tie; the rest comes from the others.
const onTies = "votes, on ties"

// ties tells the tasks on which votes tie, or there are none.
func (r *record) ties(ctx context.Context) ([]bool, error) {
	of, err := r.verdicts(ctx, "majority_vote")
	var all []bool
	for _, v := range of {
		all = append(all, !slices.ContainsFunc(v.Values, func(x float64) bool { return !math.IsNaN(x) }))
	}
	return all, err
}

// verdicts lets a verifier judge the attempts of the record, with what was recorded
// in the place of the verifiers that ask the model.
func (r *record) verdicts(ctx context.Context, text string) ([]pawl.Verdicts, error) {
	spec, err := pawl.WorldVerifier(text)
	if err != nil {
		return nil, err
	}
	values := map[string]map[string][]*float64{}
	for _, by := range recordedVerifiers {
		values[by] = map[string][]*float64{}
		for _, t := range r.Tasks {
			values[by][t.ID] = t.Values[by]
		}
	}
	h := coretest.NewHost(nil)
	h.Builder = func(ctx context.Context, h core.Host, s core.Spec) (any, error) {
		if of, ok := values[s.Name]; ok {
			return readout{s.Name, of}, nil
		}
		return registry.Default.Build(ctx, h, s)
	}
	built, err := h.Build(ctx, spec)
	if err != nil {
		return nil, err
	}
	var all []pawl.Verdicts
	for _, t := range r.Tasks {
		ep := coretest.Episode(core.Task{ID: t.ID, Prompt: []core.Node{{Role: core.RoleUser}}}, t.Texts...)
		j, err := built.(core.Verifier).Verify(ctx, ep, nil)
		if err != nil {
			return nil, fmt.Errorf("judging %s: %w", t.ID, err)
		}
		v := pawl.Verdicts{Task: ep.Task, Texts: t.Texts, Right: t.Right, Values: slices.Repeat([]float64{math.NaN()}, len(t.Texts))}
		for _, s := range j.Scores {
			if !s.Abstain {
				v.Values[s.Nodes[0]-ep.Root()-1] = s.Value
			}
		}
		all = append(all, v)
	}
	return all, nil
}

// readout is a verifier whose verdicts were recorded, by task.
type readout struct {
	name   string
	values map[string][]*float64
}

func (r readout) Verify(_ context.Context, ep *core.Episode, _ []core.Ref) (core.Judgement, error) {
	var j core.Judgement
	for k, at := range ep.Leaves() {
		s := core.Score{By: r.name, Nodes: []core.Ref{at}, Abstain: true, Rationale: "it said nothing"}
		if v := r.values[ep.Task.ID][k]; v != nil {
			s = core.Score{By: r.name, Nodes: []core.Ref{at}, Value: *v, Rationale: "recorded"}
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// votes are the findings on votes and weighted votes: how good every way to answer
// is, and what it adds.
func votes(ctx context.Context, records []*record, cool []*coolRecord) (levels []Level, contrasts []Contrast, err error) {
	against := map[string][]string{wayVotes: {waySample, wayGreedy}}
	names := []string{waySample, wayGreedy}
	for _, w := range weightedVotes {
		names = append(names, w.way)
		if w.way != wayVotes {
			against[w.way] = []string{wayVotes}
		}
	}
	for _, by := range recordedVerifiers {
		names = append(names, "best by "+by)
		against["best by "+by] = []string{waySample, wayVotes}
	}
	names = append(names, wayCooler, wayCool)
	against[wayCool] = []string{wayCooler, wayGreedy}
	worth := map[string]*strata{}
	at := func(key string) *strata {
		if worth[key] == nil {
			worth[key] = &strata{}
		}
		return worth[key]
	}
	for _, r := range records {
		ways, err := r.ways(ctx)
		if err != nil {
			return nil, nil, err
		}
		ties, err := r.ties(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range names {
			for i, v := range ways[name] {
				at(name).add(r.World, r.Tasks[i].ID, v)
				for _, over := range against[name] {
					at(name+"-"+over).add(r.World, r.Tasks[i].ID, v-ways[over][i])
					if over == wayVotes {
						at(name+"-"+onTies).add(r.World, r.Tasks[i].ID, one(ties[i])*(v-ways[over][i]))
					}
				}
			}
		}
	}
	for _, r := range cool {
		for i, task := range r.Tasks {
			at(wayCooler).add(r.World, task, r.Sample[i])
			at(wayCool).add(r.World, task, r.Votes[i])
			at(wayCool+"-"+wayCooler).add(r.World, task, r.Votes[i]-r.Sample[i])
			at(wayCool+"-"+wayGreedy).add(r.World, task, r.Votes[i]-r.Greedy[i])
		}
	}
	for _, name := range names {
		all, _ := at(name).macro()
		levels = append(levels, Level{name, all.Value, all.Low, all.High, all.N})
		for _, over := range against[name] {
			contrasts = append(contrasts, at(name+"-"+over).contrasts(name, over)...)
			if over == wayVotes {
				contrasts = append(contrasts, at(name+"-"+onTies).contrasts(name, onTies)[0])
			}
		}
	}
	return levels, contrasts, nil
}

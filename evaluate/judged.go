package evaluate

import (
	"context"
	"fmt"
	"slices"

	"pawl/core"
)

// Judged are the settings of metrics that need to know which attempts are
// right.
type Judged struct {
	By      string  `yaml:"by" ref:"verifier" doc:"Verifier that says what is right; if not given, the one that judged an attempt last."`
	AtLeast float64 `yaml:"at_least" default:"0.5" doc:"Smallest score that counts as right."`
	Attempts
}

// Attempts are the settings of metrics that look at attempts.
type Attempts struct {
	Of string `yaml:"of" ref:"seat" default:"solver" doc:"Seat whose attempts are measured."`
}

// leaves lists the seat's attempts in an episode.
func (a Attempts) leaves(ep *core.Episode) []core.Ref {
	var own []core.Ref
	for _, r := range ep.Leaves() {
		if ep.Node(r).Actor == a.Of {
			own = append(own, r)
		}
	}
	return own
}

// verdict is what is known of one attempt.
type verdict int

const (
	unknown verdict = iota // the verifier abstains
	failed                 // no attempt came about
	wrong
	right
)

// judge says whether attempt r is right. An attempt that no verifier judged is
// an error: a figure over the others would mislead.
func (j Judged) judge(ep *core.Episode, r core.Ref) (verdict, error) {
	s, ok := j.score(ep, r)
	switch {
	case !ok && j.By == "":
		return unknown, fmt.Errorf("task %s: no verifier has judged attempt %d; name one in `verify` or `measure`", ep.Task.ID, r)
	case !ok:
		return unknown, fmt.Errorf("task %s: attempt %d has no score by %q; add it to `verify` or `measure`", ep.Task.ID, r, j.By)
	case s.Abstain:
		return unknown, nil
	case s.Value >= j.AtLeast:
		return right, nil
	}
	return wrong, nil
}

// score finds the last score on exactly r, or on the whole episode.
func (j Judged) score(ep *core.Episode, r core.Ref) (core.Score, bool) {
	for i := len(ep.Scores) - 1; i >= 0; i-- {
		s := ep.Scores[i]
		if j.By != "" && s.By != j.By {
			continue
		}
		if len(s.Nodes) == 0 || len(s.Nodes) == 1 && s.Nodes[0] == r {
			return s, true
		}
	}
	return core.Score{}, false
}

// group is one task and what was seen of it.
type group struct {
	id       string
	verdicts []verdict
	answers  []string // canonical, "" for none; filled where a metric reads them
}

// count is how many attempts are right, of how many.
func (g *group) count() (c, n int) {
	for _, v := range g.verdicts {
		if v == right {
			c++
		}
	}
	return c, len(g.verdicts)
}

// values is 1 for each right attempt and 0 for any other.
func (g *group) values() []float64 {
	v := make([]float64, len(g.verdicts))
	for i, x := range g.verdicts {
		if x == right {
			v[i] = 1
		}
	}
	return v
}

// known leaves out the tasks of which the verifier knows nothing: they have no
// reference answer. Tasks whose every attempt failed count as wrong, unless
// nothing at all is known: then there is no figure.
func known(tasks []*group) []*group {
	var judged, kept []*group
	for _, g := range tasks {
		switch best := slices.Max(g.verdicts); {
		case best >= wrong:
			judged = append(judged, g)
			fallthrough
		case best == failed:
			kept = append(kept, g)
		}
	}
	if len(judged) == 0 {
		return nil
	}
	return kept
}

// groups gathers items by task, in order of first appearance.
type groups struct {
	list []*group
	at   map[string]*group
}

func (gs *groups) of(id string) *group {
	g := gs.at[id]
	if g == nil {
		if gs.at == nil {
			gs.at = map[string]*group{}
		}
		g = &group{id: id}
		gs.at[id] = g
		gs.list = append(gs.list, g)
	}
	return g
}

// collect judges every attempt and, if read is not nil, reads its answer. An
// episode without attempts counts as one that failed. Tasks that cannot be
// judged are left out.
func (j Judged) collect(ctx context.Context, in core.Episodes, read reader) ([]*group, error) {
	var gs groups
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		g := gs.of(ep.Task.ID)
		leaves := j.leaves(ep)
		for _, r := range leaves {
			v, err := j.judge(ep, r)
			if err != nil {
				return nil, err
			}
			g.verdicts = append(g.verdicts, v)
			if read != nil {
				g.answers = append(g.answers, read.Answer(ep, r))
			}
		}
		if len(leaves) == 0 {
			g.verdicts = append(g.verdicts, failed)
			if read != nil {
				g.answers = append(g.answers, "")
			}
		}
	}
	return known(gs.list), nil
}

// reader is the companion of verifiers that read final answers: it gives the
// answer of an attempt in a form in which equal answers are equal strings, ""
// where there is none.
type reader interface {
	Answer(ep *core.Episode, r core.Ref) string
}

// Voting are the settings of metrics that compare answers.
type Voting struct {
	Vote core.Spec `yaml:"vote" kind:"verifier" doc:"Verifier that reads the answers; if not given, majority_vote."`
}

// reader builds the verifier that reads answers.
func (v Voting) reader(ctx context.Context, h core.Host) (reader, error) {
	s := v.Vote
	if s.Name == "" {
		s = core.Spec{Kind: core.KindVerifier, Name: "majority_vote"}
	}
	built, err := h.Build(ctx, s)
	if err != nil {
		return nil, err
	}
	r, ok := built.(reader)
	if !ok {
		return nil, fmt.Errorf("verifier %s does not read answers; majority_vote and exact do", s.Label())
	}
	return r, nil
}

// tally counts the different answers, in order of first appearance, and the
// attempts without one. right tells which answers are: those of an attempt
// that is.
func (g *group) tally() (counts []int, isRight []bool, blank int) {
	at := map[string]int{}
	for i, a := range g.answers {
		if a == "" {
			blank++
			continue
		}
		k, ok := at[a]
		if !ok {
			k = len(counts)
			at[a] = k
			counts, isRight = append(counts, 0), append(isRight, false)
		}
		counts[k]++
		if i < len(g.verdicts) && g.verdicts[i] == right {
			isRight[k] = true
		}
	}
	return counts, isRight, blank
}

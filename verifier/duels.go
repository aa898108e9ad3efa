package verifier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"pawl/core"
	"pawl/prompt"
)

// Duelling is embedded by verifiers that compare attempts two by two.
type Duelling struct {
	Of        string `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts are compared, or any, for the attempts of all together."`
	Opponents int    `yaml:"opponents" default:"0" min:"0" doc:"Others that each attempt is compared with, drawn by the seed, rounded up to an even number; 0 for all others."`
	Swap      bool   `yaml:"swap" default:"true" doc:"Ask about each pair in both orders, so that a judge who prefers a place says nothing; without it, the order is drawn."`
}

// among lists the attempts that are compared.
func (c Duelling) among(ep *core.Episode) []core.Ref {
	return among(ep.Leaves(), func(r core.Ref) bool { return c.Of == "any" || c.Of == "" || ep.Node(r).Actor == c.Of })
}

// pairs lists who meets whom, i < j. With a bound, attempts stand in a drawn
// circle and meet their neighbours up to so far on either side: everybody meets
// as many, and the graph of meetings holds together.
func (c Duelling) pairs(n int, seed uint64) [][2]int {
	reach := (c.Opponents + 1) / 2
	var pairs [][2]int
	if reach == 0 || 2*reach >= n-1 {
		for i := range n {
			for j := i + 1; j < n; j++ {
				pairs = append(pairs, [2]int{i, j})
			}
		}
		return pairs
	}
	circle := rand.New(rand.NewPCG(seed, 0x6475656c73)).Perm(n)
	for i := range n {
		for step := 1; step <= reach; step++ {
			a, b := circle[i], circle[(i+step)%n]
			pairs = append(pairs, [2]int{min(a, b), max(a, b)})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(pairs)
}

// duels compare attempts two by two, each pair by one or several criteria.
type duels struct {
	cfg  Duelling
	keep Judging
	seed uint64
	// ask gives P(first beats second) of the two attempts of each question.
	ask func(ctx context.Context, qs []question) ([]findings[float64], error)
	// criteria that a pair is compared by; nil is one comparison without.
	criteria func(task string, i, j int) []string
}

// meeting is one question: two texts in the order in which they are shown.
type meeting struct {
	ep                       int
	first, second, criterion string
}

// judge gives every attempt its win share: of its meetings that could be judged,
// those it won, and half of those that tied (Swamy et al., 2024). A pair that is
// judged one way in one order and the other way in the other is a tie, as is one
// of equal texts; where verdicts are probabilities, the mean of both orders counts as
// that part of a win. Beside it there is a score for each pair in the order shown,
// P(first beats second): where both orders are asked, the mean of the two, one
// turned round, is the pair's value.
func (d duels) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	var qs []question
	asked := map[meeting]int{}
	ask := func(m meeting) {
		if _, ok := asked[m]; ok {
			return
		}
		asked[m] = len(qs)
		t := eps[m.ep].Task
		qs = append(qs, question{
			data:  prompt.Data{Task: t.Prompt, Attempts: []string{m.first, m.second}, Criterion: m.criterion},
			about: fmt.Sprintf("%s/%d:%s|%s|%s", t.ID, len(m.first), m.first, m.second, m.criterion),
		})
	}
	plans := make([]plan, len(eps))
	for i, ep := range eps {
		plans[i] = d.plan(i, ep)
		for _, p := range plans[i].pairs {
			for _, m := range p.meetings {
				ask(m)
			}
		}
	}
	all, err := d.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	groups := make([]group, len(eps))
	for i, ep := range eps {
		groups[i] = d.tally(ep, plans[i], func(m meeting) (int, findings[float64]) { return asked[m], all[asked[m]] })
	}
	return groups, nil
}

// plan is who meets whom in one episode.
type plan struct {
	refs  []core.Ref
	texts []string
	pairs []paired
}

// paired is one pair with the questions about it, none where the texts are equal.
type paired struct {
	i, j     int // positions among the refs
	meetings []meeting
}

func (d duels) plan(at int, ep *core.Episode) plan {
	p := plan{refs: d.cfg.among(ep)}
	for _, r := range p.refs {
		p.texts = append(p.texts, attempt(ep, r))
	}
	seed := core.NewHasher("duels").Uint(d.seed).String(ep.Task.ID).Seed()
	for _, ij := range d.cfg.pairs(len(p.refs), seed) {
		i, j := ij[0], ij[1]
		pair := paired{i: i, j: j}
		criteria := []string{""}
		if d.criteria != nil {
			criteria = d.criteria(ep.Task.ID, i, j)
		}
		for _, c := range criteria {
			a, b := p.texts[i], p.texts[j]
			if a == b {
				continue
			}
			// Without a swap, who stands first is drawn, but equal pairs stand alike.
			if !d.cfg.Swap && core.NewHasher("first").Uint(seed).String(min(a, b)).String(max(a, b)).Seed()&1 == 0 == (a < b) {
				a, b = b, a
			}
			pair.meetings = append(pair.meetings, meeting{at, a, b, c})
			if d.cfg.Swap {
				pair.meetings = append(pair.meetings, meeting{at, b, a, c})
			}
		}
		p.pairs = append(p.pairs, pair)
	}
	return p
}

// tally counts what the meetings of one episode came to.
func (d duels) tally(ep *core.Episode, p plan, of func(meeting) (int, findings[float64])) group {
	g := group{rulings: map[core.Ref]ruling{}}
	var j core.Judgement // gathers the judge's nodes
	via := map[int]core.Ref{}
	type record struct{ met, won, tied, split, unread int }
	records := make([]record, len(p.refs))
	share := make([]float64, len(p.refs))
	for _, pair := range p.pairs {
		value, first, why := 0.5, true, ""
		var shown []core.Score
		var sum float64
		split := false
		var values []float64
		for _, m := range pair.meetings {
			n, found := of(m)
			a, b := pair.i, pair.j
			if m.first != p.texts[a] {
				a, b = b, a
			}
			s := core.Score{Nodes: []core.Ref{p.refs[a], p.refs[b]}}
			if _, seen := via[n]; !seen {
				g.usage.Add(found.usage)
				via[n] = 0
				if node := d.keep.kept(found.of[0].node); node != nil {
					via[n] = hang(ep, &j, *node)
				}
			}
			s.Via = via[n]
			if f := found.of[0]; f.ok() {
				s.Value, s.Rationale = f.value, quote(f.said())
				if f.node == nil {
					s.Rationale = fmt.Sprintf("the first has %.3f of the probability of both", f.value)
				}
			} else {
				s.Abstain, s.Rationale, why = true, "no verdict: "+f.why, f.why
			}
			v := s.Value
			if a != pair.i {
				v = 1 - v
			}
			values = append(values, v)
			sum += v
			shown = append(shown, s)
		}
		if len(values) > 0 {
			value, first = sum/float64(len(values)), values[0] > 0.5
			for _, v := range values {
				split = split || (v > 0.5) != first
			}
		}
		if why != "" { // half a comparison would say as much of the order as of the attempts
			for k := range shown {
				if !shown[k].Abstain {
					shown[k].Abstain, shown[k].Value = true, 0
					shown[k].Rationale = "the other comparison of the pair has no verdict: " + why
				}
			}
			records[pair.i].unread++
			records[pair.j].unread++
		} else {
			for _, side := range []struct {
				at int
				v  float64
			}{{pair.i, value}, {pair.j, 1 - value}} {
				r := &records[side.at]
				r.met++
				share[side.at] += side.v
				switch {
				case side.v > 0.5:
					r.won++
				case side.v == 0.5:
					r.tied++
				}
				if split {
					r.split++
				}
			}
		}
		g.pairs = append(g.pairs, shown...)
	}
	for k, r := range p.refs {
		rec := records[k]
		switch {
		case rec.met > 0:
			g.rulings[r] = said(share[k]/float64(rec.met), 0, fmt.Sprintf("of %d comparisons it wins %d and ties %d; in %d the verdicts on a pair differ, %d have none", rec.met+rec.unread, rec.won, rec.tied, rec.split, rec.unread))
		case rec.unread > 0:
			g.rulings[r] = silent("none of its comparisons has a verdict")
		default:
			g.rulings[r] = silent("there is nothing to compare it with")
		}
	}
	g.nodes = j.Nodes
	return g
}

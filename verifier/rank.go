package verifier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("rank", registry.Doc{
		Summary: "Lets a model put all attempts at a task in order, in one reply, and judges an attempt by its mean place.",
		Detail: "The attempts are shown in a drawn order, then in its reverse, then in another one, and so on: a preference for early or late places cancels " +
			"between an order and its reverse. The value is 1 for the first place and 0 for the last, in even steps, averaged over the replies that are a ranking " +
			"of all (Borda's count). Attempts of equal words are shown once and share their place. " +
			"Neighbours in a ranking are scores on pairs as well. Needs a context that holds all attempts at once; where it does not, `compare` does. An attempt alone is abstained on.",
		Paper:   "Large Language Models are Effective Text Rankers with Pairwise Ranking Prompting (Qin et al., 2023); Is ChatGPT Good at Search? (Sun et al., 2023)",
		Example: "rank: {seat: judge, orders: 4}",
	}, newRank)
}

// RankConfig configures rank.
type RankConfig struct {
	Judging
	Of     string `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts are ranked, or any, for the attempts of all together."`
	Prompt string `yaml:"prompt" ref:"prompt" default:"rank" doc:"How the seat is asked."`
	Orders int    `yaml:"orders" default:"2" min:"1" max:"100" doc:"Orders in which the attempts are shown."`
}

func newRank(_ context.Context, h core.Host, c RankConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Rank
	}
	c.Orders = max(c.Orders, 1)
	p, err := newPanel[[]int](h, c.Judging, c.Prompt, nil)
	if err != nil {
		return nil, fmt.Errorf("making rank: %w", err)
	}
	return groups{"rank", "ranking attempts", ranker{c, p}.judge}, nil
}

type ranker struct {
	cfg   RankConfig
	panel panel[[]int] // without a reader: how many are ranked differs by question
}

// lineup is the different attempts of one episode, and the orders they were
// shown in.
type lineup struct {
	refs   []core.Ref
	of     []int // by ref: which text it is
	texts  []string
	firsts []core.Ref // by text: the first attempt that says it
	orders [][]int    // texts as shown
	at     int        // of the first order among the questions
}

func (k ranker) lineup(ep *core.Episode) lineup {
	l := lineup{refs: Duelling{Of: k.cfg.Of}.among(ep)}
	for _, r := range l.refs {
		text := attempt(ep, r)
		i := slices.Index(l.texts, text)
		if i < 0 {
			i = len(l.texts)
			l.texts, l.firsts = append(l.texts, text), append(l.firsts, r)
		}
		l.of = append(l.of, i)
	}
	if len(l.texts) < 2 {
		return l
	}
	draw := rand.New(rand.NewPCG(core.NewHasher("rank").Uint(k.panel.seed).String(ep.Task.ID).Seed(), 0x72616e6b))
	for n := range k.cfg.Orders {
		if n%2 == 0 {
			l.orders = append(l.orders, draw.Perm(len(l.texts)))
			continue
		}
		back := slices.Clone(l.orders[n-1])
		slices.Reverse(back)
		l.orders = append(l.orders, back)
	}
	return l
}

func (k ranker) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	lines := make([]lineup, len(eps))
	var qs []question
	var sizes []int
	for i, ep := range eps {
		lines[i] = k.lineup(ep)
		lines[i].at = len(qs)
		for n, order := range lines[i].orders {
			shown := make([]string, len(order))
			for place, t := range order {
				shown[place] = lines[i].texts[t]
			}
			qs = append(qs, question{data: prompt.Data{Task: ep.Task.Prompt, Attempts: shown}, about: fmt.Sprintf("%s/%d", ep.Task.ID, n)})
			sizes = append(sizes, len(order))
		}
	}
	p := k.panel
	p.read = func(i int, dialect, reply string) ([]int, error) {
		order, ok := prompt.ParseRanking(dialect, reply, sizes[i])
		if !ok {
			return nil, fmt.Errorf("its last line is not #### and the numbers from 1 to %d, each once, with > between them", sizes[i])
		}
		return order, nil
	}
	all, err := p.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	out := make([]group, len(eps))
	for i, ep := range eps {
		out[i] = k.tally(ep, lines[i], all[lines[i].at:lines[i].at+len(lines[i].orders)])
	}
	return out, nil
}

func (k ranker) tally(ep *core.Episode, l lineup, all []findings[[]int]) group {
	g := group{rulings: map[core.Ref]ruling{}}
	var j core.Judgement
	sum, read, why := make([]float64, len(l.texts)), 0, ""
	for n, found := range all {
		g.usage.Add(found.usage)
		f := found.of[0]
		if !f.ok() {
			why = f.why
			continue
		}
		read++
		var via core.Ref
		if node := k.cfg.kept(f.node); node != nil {
			via = hang(ep, &j, *node)
		}
		before := -1
		for place, shown := range f.value {
			t := l.orders[n][shown]
			sum[t] += float64(len(l.texts)-1-place) / float64(len(l.texts)-1)
			if before >= 0 {
				g.pairs = append(g.pairs, core.Score{Nodes: []core.Ref{l.firsts[before], l.firsts[t]}, Value: 1, Via: via})
			}
			before = t
		}
	}
	g.nodes = j.Nodes
	for x, r := range l.refs {
		switch {
		case len(l.refs) == 1:
			g.rulings[r] = silent("there is nothing to compare it with")
		case len(l.texts) == 1:
			g.rulings[r] = said(0.5, 0, "all attempts are the same")
		case read == 0:
			g.rulings[r] = silent("no ranking: " + why)
		default:
			v := sum[l.of[x]] / float64(read)
			g.rulings[r] = said(v, 0, fmt.Sprintf("mean place %.2f of %d in %d rankings", 1+(1-v)*float64(len(l.texts)-1), len(l.texts), read))
		}
	}
	return g
}

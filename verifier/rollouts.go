package verifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pawl/core"
	"pawl/prompt"
)

// Exploring is embedded by verifiers that judge the steps of an attempt by what
// can still become of it: a seat completes the attempt from the end of a step,
// and another verifier tells which completions are right.
type Exploring struct {
	Asking
	By          core.Spec `yaml:"by" kind:"verifier" required:"true" doc:"Verifier that accepts or rejects the completions, and the attempt itself."`
	Completions int       `yaml:"completions" default:"8" min:"1" max:"1024" doc:"Completions sampled from the end of each step but the last."`
	Above       float64   `yaml:"above" default:"0.5" doc:"What is accepted: values above this. Of a vote they are shares; lower it where many answers are given."`
	Temperature *float64  `yaml:"temperature" min:"0" doc:"Temperature of the completions; left out, the seat's own. Greedy ones are all alike."`
	AtMost      int       `yaml:"at_most" default:"0" min:"0" doc:"Most steps that an attempt of one turn is cut into: neighbours are joined, as evenly as can be; 0 for all."`
	Keep        bool      `yaml:"keep" default:"false" doc:"Keep every attempt cut into its steps, with their values, to be learnt from: see selector steps."`
}

// explorer completes attempts from the ends of their steps.
type explorer struct {
	cfg     Exploring
	actor   core.Actor
	dialect string
	seed    uint64
	by      inner
}

// newExplorer finds who completes and who judges.
func newExplorer(ctx context.Context, h core.Host, c Exploring) (*explorer, error) {
	if c.Seat == "" {
		c.Seat = "solver"
	}
	if c.Completions <= 0 {
		c.Completions = 8
	}
	actor, err := h.Actor(c.Seat)
	if err != nil {
		return nil, err
	}
	dialect, err := prompt.DialectOf(h, c.Seat)
	if err != nil {
		return nil, err
	}
	in, err := newInner(ctx, h, c.By)
	if err != nil {
		return nil, err
	}
	return &explorer{c, actor, dialect, h.Seed(), in}, nil
}

// grouped tells whether a completion is judged by what the others say; then
// the judgement of an attempt depends on the other attempts as well.
func (x *explorer) grouped() bool {
	g, ok := x.by.Verifier.(core.GroupVerifier)
	return ok && g.Grouped()
}

// tally counts verdicts on what became of one step. Abstentions are in neither
// count.
type tally struct {
	judged, accepted int
	why              string // why there is no verdict, where there is none
}

// share is that of accepted among judged, of which there is one at least.
func (t tally) share() float64 { return float64(t.accepted) / float64(t.judged) }

// count adds one verdict: s, where judged says that there is one.
func (t *tally) count(s core.Score, judged bool, above float64) {
	switch {
	case !judged:
		t.why = "the verifier says nothing of it"
	case s.Abstain:
		t.why = s.Rationale
	default:
		t.judged++
		if s.Value > above {
			t.accepted++
		}
	}
}

// explored is what became of the steps of one attempt. The tally of the last
// step is the verdict on the attempt itself: there is nothing left to complete.
type explored struct {
	cut
	tallies []tally
	silent  string    // why the attempt has no steps to explore
	values  []float64 // of the steps, where all have a verdict
	usage   core.Usage
}

// last is the verdict on the attempt itself.
func (e explored) last() tally { return e.tallies[len(e.tallies)-1] }

// start is one prefix to be completed; equal ones of a task are completed once.
type start struct {
	in   int
	text string
}

// unexplored is the ruling on an attempt without steps to explore: as elsewhere,
// one that says nothing is worth nothing.
func (e explored) unexplored() ruling {
	if len(e.steps) == 0 {
		return said(0, 0, e.silent)
	}
	return silent(e.silent)
}

// start is what the completions of step k go on from.
func (e explored) start(it item, k int) start {
	return start{it.in, strings.Join(e.steps[:k+1], "")}
}

// explore completes the attempts for which deep says so from all their steps,
// in one batch, and judges all attempts and completions together.
func (x *explorer) explore(ctx context.Context, items []item, deep func(i int) bool) ([]explored, error) {
	out := make([]explored, len(items))
	var starts []start
	var requests []core.Request
	at := map[start]int{}
	for i, it := range items {
		out[i].cut = cutSteps(it, x.dialect).joined(x.cfg.AtMost)
		n := len(out[i].steps)
		out[i].tallies = make([]tally, n)
		path := asRead(it, x.cfg.Seat)
		switch {
		case n == 0:
			out[i].silent = "says nothing"
		case len(path)-1 > int(it.ep.Root()):
			out[i].silent = "other turns come before it, and a seat alone cannot play on from its steps"
		}
		if out[i].silent != "" || !deep(i) {
			continue
		}
		for k := range n - 1 {
			s := out[i].start(it, k)
			if _, ok := at[s]; ok {
				continue
			}
			at[s] = len(starts)
			starts = append(starts, s)
			requests = append(requests, x.request(it, path, s.text))
		}
	}
	replies, long, err := core.Fitting(requests, func(rs []core.Request) ([][]core.Node, error) { return actAll(ctx, x.actor, rs) })
	if err != nil {
		return nil, fmt.Errorf("completing attempts with %s: %w", x.cfg.Seat, err)
	}
	// Who comes first pays for completions that attempts share, so that the sum is
	// what was spent.
	paid := make([]bool, len(starts))
	for i, it := range items {
		if out[i].silent != "" || !deep(i) {
			continue
		}
		for k := range len(out[i].steps) - 1 {
			s := at[out[i].start(it, k)]
			if long[s] {
				out[i].tallies[k].why = "the attempt so far is too long for " + x.cfg.Seat
			} else if !paid[s] {
				paid[s] = true
				out[i].usage.Add(used(replies[s]))
			}
		}
	}
	// Attempts that are not explored have no completions, even where another that
	// begins alike has.
	return out, x.verdicts(ctx, items, out, func(i, k int) []core.Node {
		if s, ok := at[out[i].start(items[i], k)]; ok && deep(i) {
			return replies[s]
		}
		return nil
	})
}

// request asks for completions of an attempt that begins with text. The turn
// comes as text without ids, so that the actor leaves it open.
func (x *explorer) request(it item, path []core.Node, text string) core.Request {
	path = slices.Clone(path)
	path[len(path)-1] = core.Node{Parent: core.Ref(len(path) - 1), Role: core.RoleAssistant, Content: text}
	r := core.Request{Path: path, N: x.cfg.Completions, Options: core.Options{Temperature: x.cfg.Temperature}}
	r.Seed = core.NewHasher("rollout").Uint(x.seed).String(it.ep.Task.ID).String(text).Seed()
	return r
}

// verdicts has attempts and completions judged, and counts them. Those of one
// task are judged together where the verifier compares them; else those of one
// attempt are, so that verdicts do not hang on which other attempts there are.
func (x *explorer) verdicts(ctx context.Context, items []item, out []explored, completions func(i, k int) []core.Node) error {
	type place struct {
		pool, i, k int
		at         core.Ref
	}
	type joint struct {
		pool int
		start
	}
	var pools []*core.Episode
	var owners []int // the attempt that pays for a pool
	var places []place
	of := map[int]int{}
	shared := map[joint][]core.Ref{} // completions stand in a pool once, whose steps they are
	for i, it := range items {
		if out[i].silent != "" {
			continue
		}
		key := i
		if x.grouped() {
			key = it.in
		}
		p, ok := of[key]
		if !ok {
			p, of[key] = len(pools), len(pools)
			pools, owners = append(pools, core.NewEpisode(it.ep.Task, it.ep.Seed)), append(owners, i)
		}
		// All that is judged hangs below the task as one turn, in the order of steps,
		// so that it does not matter to the verifier how an attempt was cut.
		add := func(n core.Node) core.Ref {
			n.Parent = pools[p].Root()
			return pools[p].Append(n)
		}
		whole := *it.ep.Node(it.at) // with its ids, for verifiers that read its probabilities
		if len(out[i].nodes) > 1 {
			whole = core.Node{Actor: whole.Actor, Role: core.RoleAssistant, Content: it.text()}
		}
		places = append(places, place{p, i, len(out[i].steps) - 1, add(whole)})
		for k := range len(out[i].steps) - 1 {
			from := joint{p, out[i].start(it, k)}
			refs, ok := shared[from]
			if !ok {
				for _, n := range completions(i, k) {
					// A completion counts as its attempt's author's: a vote of one seat has it.
					refs = append(refs, add(core.Node{Actor: whole.Actor, Policy: n.Policy, Role: core.RoleAssistant, Content: from.text + n.Content, Finish: n.Finish}))
				}
				if len(refs) > 0 {
					shared[from] = refs
				}
			}
			for _, r := range refs {
				places = append(places, place{p, i, k, r})
			}
		}
	}
	if len(pools) == 0 {
		return nil
	}
	js, err := x.by.all(ctx, pools)
	if err != nil {
		return fmt.Errorf("judging completions by %s: %w", x.by.label, err)
	}
	scores := make([]map[core.Ref]core.Score, len(pools))
	for p := range pools {
		scores[p] = byAttempt(js[p])
		out[owners[p]].usage.Add(js[p].Usage)
	}
	for _, at := range places {
		s, ok := scores[at.pool][at.at]
		out[at.i].tallies[at.k].count(s, ok, x.cfg.Above)
	}
	return nil
}

// onNodes are the values of steps that are nodes of their own; the last is the
// attempt itself, which its ruling is on.
func (c cut) onNodes(values []float64) map[core.Ref]core.Score {
	if len(c.nodes) < 2 {
		return nil
	}
	of := map[core.Ref]core.Score{}
	for k, r := range c.nodes[:len(c.nodes)-1] {
		of[r] = core.Score{Value: values[k], Rationale: fmt.Sprintf("step %d", k+1)}
	}
	return of
}

// joined is a cut of an attempt of one turn into most steps at most, 0 for any
// number.
func (c cut) joined(most int) cut {
	n := len(c.steps)
	if most <= 0 || n <= most || len(c.nodes) > 1 {
		return c
	}
	var steps []string
	for k := range most {
		steps = append(steps, strings.Join(c.steps[k*n/most:(k+1)*n/most], ""))
	}
	return cut{steps: steps}
}

// kept makes r the ruling on an attempt of these values of steps: they go to those
// steps that are nodes, and where they are to be kept the attempt is written down
// once more, a node for each step.
func (x *explorer) kept(r ruling, c cut, values []float64) ruling {
	r.of = c.onNodes(values)
	if !x.cfg.Keep {
		return r
	}
	for _, s := range c.steps {
		r.chain = append(r.chain, core.Node{Actor: x.cfg.Seat, Role: core.RoleAssistant, Content: s})
	}
	last := len(r.chain) - 1
	r.node, r.chain, r.steps = &r.chain[last], r.chain[:last], values
	return r
}

// exploring are attempts judged by an explorer: where its verifier compares
// them, they are all explored, whichever are asked about.
type exploring struct {
	attempts
	x *explorer
}

// Grouped is what the other verifier is.
func (e exploring) Grouped() bool { return e.x.grouped() }

// Close closes what the other verifier holds.
func (e exploring) Close() error {
	if c, ok := e.x.by.Verifier.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Verify judges attempts of one episode.
func (e exploring) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	if ep == nil {
		return core.Judgement{}, fmt.Errorf("%s: %w", e.doing, errors.New("there is no episode"))
	}
	if len(at) == 0 || !e.Grouped() {
		return e.attempts.Verify(ctx, ep, at)
	}
	all := ep.Leaves()
	for _, r := range at {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	j, err := e.attempts.Verify(ctx, ep, all)
	if err != nil {
		return core.Judgement{}, err
	}
	// What the other attempts got is not asked for; what judging them cost was spent.
	var scores []core.Score
	for _, r := range at {
		for _, s := range j.Scores {
			if s.Nodes[0] == r {
				scores = append(scores, s)
			}
		}
	}
	for _, s := range j.Scores { // of steps that are kept
		if int(s.Nodes[0]) > len(ep.Nodes) {
			scores = append(scores, s)
		}
	}
	j.Scores = scores
	return j, nil
}

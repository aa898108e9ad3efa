package verifier

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("backward", registry.Doc{
		Summary: "Checks answers backwards: a number of the problem is hidden, and a model has to find it again from the answer.",
		Detail: "Numbers in the problem's last message are replaced by x, one at a time; for each candidate answer the seat is asked for x, `samples` times " +
			"each, and counted when it finds the number. Forward evidence is the share of votes for an answer, backward evidence its share of all " +
			"numbers found; the value of an attempt is forward^alpha * backward^(1-alpha) of its answer, normalised over the candidates: " +
			"alpha 1 is majority voting, 0 is backward checking alone. Attempts that do not give the best answer get 0, or with `losers: share` that of their own. " +
			"It abstains where the problem has no number, and on answers that are no candidates.",
		Paper:   "Forward-Backward Reasoning in Large Language Models for Mathematical Verification (Jiang et al., 2023)",
		ID:      "S061",
		Example: "backward: {seat: solver}",
	}, newBackward)
}

// BackwardConfig configures backward.
type BackwardConfig struct {
	Asking
	Of          string  `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts are judged, or any."`
	Prompt      string  `yaml:"prompt" ref:"prompt" default:"recover" doc:"How the seat is asked."`
	Alpha       float64 `yaml:"alpha" default:"0.5" min:"0" max:"1" doc:"Weight of the votes against that of what is found."`
	Samples     int     `yaml:"samples" default:"8" min:"1" max:"1000" doc:"How often the seat is asked for each hidden number and candidate."`
	Numbers     int     `yaml:"numbers" default:"4" min:"1" max:"100" doc:"Most numbers that are hidden, the first ones."`
	Candidates  int     `yaml:"candidates" default:"4" min:"1" max:"100" doc:"Most answers that are checked, those of most votes."`
	Temperature float64 `yaml:"temperature" default:"0.7" min:"0" max:"5" doc:"Temperature of the replies."`
	Losers      string  `yaml:"losers" enum:"zero|share" default:"zero" doc:"Value of attempts that do not give the best answer."`
	Extract
}

func newBackward(_ context.Context, h core.Host, c BackwardConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Recover
	}
	a, err := newInterviewer(h, c.Seat, c.Prompt)
	if err != nil {
		return nil, fmt.Errorf("making backward: %w", err)
	}
	return groups{"backward", "checking answers backwards", backward{c, a}.judge}, nil
}

type backward struct {
	cfg BackwardConfig
	*interviewer
}

// inquiry is what is asked about one episode: question from+k*candidates+c hides
// number k and names candidate c.
type inquiry struct {
	poll       *ballot
	candidates []string
	hidden     []string
	from       int
}

func (b backward) judge(ctx context.Context, eps []*core.Episode) ([]group, error) {
	about := make([]inquiry, len(eps))
	var qs []question
	for i, ep := range eps {
		q := inquiry{poll: newBallot(), from: len(qs)}
		for _, r := range ep.Leaves() {
			if playedBy(ep, r, b.cfg.Of) {
				q.poll.cast(r, b.cfg.vote(ep, r), 1)
			}
		}
		q.candidates = q.poll.names()
		slices.SortStableFunc(q.candidates, func(x, y string) int { return cmp.Compare(q.poll.votes[y], q.poll.votes[x]) })
		q.candidates = q.candidates[:min(len(q.candidates), b.cfg.Candidates)]
		masked, hidden := maskNumbers(ep.Task.Prompt, b.cfg.Numbers)
		q.hidden = hidden
		for k := range masked {
			for _, candidate := range q.candidates {
				qs = append(qs, question{
					data: prompt.Data{Task: masked[k], Answer: candidate}, about: fmt.Sprintf("%s/%d/%s", ep.Task.ID, k, candidate),
					n: b.cfg.Samples, options: core.Options{Temperature: &b.cfg.Temperature},
				})
			}
		}
		about[i] = q
	}
	replies, err := b.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	all := make([]group, len(eps))
	for i := range eps {
		all[i] = b.weigh(about[i], replies)
	}
	return all, nil
}

// foundAtLeast keeps an answer whose numbers were never found from weighing
// nothing at all, as an epsilon of the paper's is to. How large that is could not be
// read anywhere; of one that is far below a single find the order of answers is the
// same, but among those of which nothing was found.
const foundAtLeast = 1e-8

// weigh combines the votes and what was found of one episode.
func (b backward) weigh(q inquiry, replies []reply) group {
	g := group{rulings: map[core.Ref]ruling{}}
	found, asked, unasked := make([]float64, len(q.candidates)), 0, ""
	for k, number := range q.hidden {
		for c := range q.candidates {
			r := replies[q.from+k*len(q.candidates)+c]
			g.usage.Add(r.usage())
			if r.unasked != "" {
				unasked = r.unasked
				continue
			}
			asked++
			for _, n := range r.nodes {
				if b.cfg.Answer(n.Content) == Canonical(number) {
					found[c]++
				}
			}
		}
	}
	weights, best := b.combine(q, found)
	for r, answer := range q.poll.answers {
		c := slices.Index(q.candidates, answer)
		var v ruling
		switch {
		case len(q.candidates) == 0:
			v = silent("no attempt gives an answer")
		case len(q.hidden) == 0:
			v = silent("the problem has no number to hide")
		case asked == 0:
			v = silent(unasked)
		case answer == "":
			v = said(0, 0, "gives no answer")
		case c < 0:
			v = silent(fmt.Sprintf("%q is not among the %d answers of most votes", answer, len(q.candidates)))
		default:
			v = said(0, weights[c], fmt.Sprintf("%q: %.3f of the votes, %.0f numbers found", answer, q.poll.share(answer), found[c]))
			if c == best || b.cfg.Losers == "share" {
				v.score.Value = weights[c]
			}
		}
		g.rulings[r] = v
	}
	return g
}

// combine gives the weight of each candidate, and the best one: of equal ones
// that of more votes.
func (b backward) combine(q inquiry, found []float64) (weights []float64, best int) {
	var allFound, sum float64
	for _, n := range found {
		allFound += n + foundAtLeast
	}
	weights = make([]float64, len(found))
	for c, n := range found {
		forward, back := q.poll.share(q.candidates[c]), (n+foundAtLeast)/allFound
		weights[c] = math.Pow(forward, b.cfg.Alpha) * math.Pow(back, 1-b.cfg.Alpha)
		sum += weights[c]
		if weights[c] > weights[best] {
			best = c
		}
	}
	for c := range weights {
		weights[c] /= sum
	}
	return weights, best
}

var hideable = regexp.MustCompile(`\d+(?:,\d{3})*(?:\.\d+)?`)

// maskNumbers gives the prompt with each of the first numbers of its last turn
// replaced by x, one at a time, and those numbers.
func maskNumbers(path []core.Node, most int) (masked [][]core.Node, hidden []string) {
	if len(path) == 0 {
		return nil, nil
	}
	last := path[len(path)-1]
	for _, at := range hideable.FindAllStringIndex(last.Content, most) {
		n := last
		n.Content = last.Content[:at[0]] + "x" + last.Content[at[1]:]
		n.TokenIDs, n.Logprobs = nil, nil
		masked = append(masked, append(slices.Clone(path[:len(path)-1]), n))
		hidden = append(hidden, last.Content[at[0]:at[1]])
	}
	return masked, hidden
}

package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"pawl/core"
	"pawl/prompt"
)

// Judging is embedded by verifiers that ask a seat for verdicts in words. Each
// verdict is asked for in a context of its own: the task, what is judged, and
// nothing else, neither the conversation that led there nor other verdicts.
type Judging struct {
	Asking
	Repair bool `yaml:"repair" default:"true" doc:"Whether a reply that cannot be read is asked for once more, with what is wrong with it; not of seats that speak the compact dialect, which has no second turn."`
	// Reask is named so that its words are in the step's key and given out at all.
	Reask string `yaml:"reask" ref:"prompt" default:"repair" doc:"How it is asked for once more."`
	Keep  bool   `yaml:"keep" default:"true" doc:"Whether what the judge says becomes part of the episode, so that judgements can be judged and learnt from."`
}

// finding is what one reply says, or why it cannot be told.
type finding[T any] struct {
	value T
	why   string     // not "": there is none
	node  *core.Node // the reply, where there was one
}

// ok tells whether there is a verdict.
func (v finding[T]) ok() bool { return v.why == "" }

// said is what the judge wrote.
func (v finding[T]) said() string {
	if v.node == nil {
		return ""
	}
	return v.node.Content
}

// findings are those to one question, by reply.
type findings[T any] struct {
	of    []finding[T]
	usage core.Usage
}

// all are the values of the verdicts that could be read.
func (v findings[T]) all() (values []T) {
	for _, x := range v.of {
		if x.ok() {
			values = append(values, x.value)
		}
	}
	return values
}

// why is the reason of the first verdict that could not be read.
func (v findings[T]) why() string {
	for _, x := range v.of {
		if !x.ok() {
			return x.why
		}
	}
	return "nothing was said"
}

// panel asks one seat for verdicts of one form.
type panel[T any] struct {
	*interviewer
	repair *prompt.Asker // nil: replies are not asked for again
	// read finds the verdict in a reply to question i. The error says what is
	// wrong with the reply, in words for whoever gave it.
	read func(i int, dialect, reply string) (T, error)
}

// newPanel is how a seat is asked with a template, and its replies are read.
func newPanel[T any](h core.Host, c Judging, template string, read func(i int, dialect, reply string) (T, error)) (panel[T], error) {
	a, err := newInterviewer(h, c.Seat, template)
	if err != nil {
		return panel[T]{}, err
	}
	p := panel[T]{interviewer: a, read: read}
	if c.Repair && a.asker.Dialect() == prompt.Chat {
		if p.repair, err = prompt.For(h, cmp.Or(c.Reask, prompt.Repair), a.seat); err != nil {
			return panel[T]{}, err
		}
	}
	return p, nil
}

// ask puts all questions and reads the replies. Those that cannot be read are
// asked for once more, all together, each with what is wrong with it.
func (p panel[T]) ask(ctx context.Context, qs []question) ([]findings[T], error) {
	replies, err := p.interviewer.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	out := make([]findings[T], len(qs))
	type place struct{ q, k int }
	var again []place
	for i, r := range replies {
		out[i].usage = r.usage()
		if r.unasked != "" {
			out[i].of = []finding[T]{{why: r.unasked}}
			continue
		}
		for k := range r.nodes {
			v := p.finding(i, qs[i], r.nodes[k])
			if out[i].of = append(out[i].of, v); !v.ok() && p.repair != nil {
				again = append(again, place{i, k})
			}
		}
	}
	if len(again) == 0 {
		return out, nil
	}
	paths, abouts := make([][]core.Node, len(again)), make([]string, len(again))
	for n, at := range again {
		v := out[at.q].of[at.k]
		turn, err := p.repair.Render(prompt.Data{Error: v.why})
		if err != nil {
			return nil, err
		}
		path := append([]core.Node(nil), replies[at.q].path...)
		for _, next := range append([]core.Node{{Role: core.RoleAssistant, Content: v.node.Content}}, turn...) {
			next.Parent = core.Ref(len(path))
			path = append(path, next)
		}
		paths[n], abouts[n] = path, fmt.Sprintf("%s/again%d", qs[at.q].about, at.k)
	}
	second, long, err := p.put(ctx, paths, abouts)
	if err != nil {
		return nil, err
	}
	for n, at := range again {
		if long[n] {
			continue
		}
		out[at.q].usage.Add(used(second[n]))
		if v := p.finding(at.q, qs[at.q], second[n][0]); v.ok() {
			out[at.q].of[at.k] = v
		}
	}
	return out, nil
}

// put makes one request of each path.
func (p panel[T]) put(ctx context.Context, paths [][]core.Node, abouts []string) ([][]core.Node, []bool, error) {
	requests := make([]core.Request, len(paths))
	for i := range paths {
		seed := core.NewHasher("ask").Uint(p.seed).String(abouts[i]).Seed()
		requests[i] = core.Request{Path: paths[i], N: 1, Seed: seed}
	}
	nodes, long, err := core.Fitting(requests, func(rs []core.Request) ([][]core.Node, error) { return actAll(ctx, p.actor, rs) })
	if err != nil {
		return nil, nil, fmt.Errorf("asking %s again: %w", p.seat, err)
	}
	return nodes, long, nil
}

// finding reads one reply. One that was cut off holds none, however it looks.
func (p panel[T]) finding(i int, q question, n core.Node) finding[T] {
	n.Actor = p.seat
	v := finding[T]{node: &n}
	err := p.holds(q, n)
	if err == nil {
		v.value, err = p.read(i, p.asker.Dialect(), n.Content)
	}
	if err != nil {
		v.why = err.Error()
	}
	return v
}

// holds tells whether a reply may hold a verdict of whoever gave it: it came to its
// end, and its verdict is no quotation of what it was asked about. Whoever reads
// replies without a panel asks this first.
func (a *interviewer) holds(q question, n core.Node) error {
	switch {
	case n.Finish == "length":
		return errors.New("it was cut off before it ended; be brief")
	case strings.TrimSpace(n.Content) == "":
		return errors.New("it is empty")
	case a.asker.Dialect() == prompt.Chat && prompt.Quotes(n.Content, q.data):
		return errors.New("its verdict may be a quotation of what it judges; make it the last line")
	}
	return nil
}

// yesOrNo, aOrB and others read the forms that several judges ask for.
func yesOrNo(_ int, dialect, reply string) (bool, error) {
	yes, ok := prompt.ParseYesNo(dialect, reply)
	if !ok {
		return false, errors.New("its last line is neither #### yes nor #### no")
	}
	return yes, nil
}

// aOrB is 0 for A, 1 for B.
func aOrB(_ int, dialect, reply string) (int, error) {
	c, ok := prompt.ParseChoice(dialect, reply, 2)
	if !ok {
		return 0, errors.New("its last line is neither #### A nor #### B")
	}
	return c, nil
}

// firsts asks which of two is better, in words: 1 where the reply chooses the first.
func firsts(p panel[int]) func(context.Context, []question) ([]findings[float64], error) {
	return func(ctx context.Context, qs []question) ([]findings[float64], error) {
		all, err := p.ask(ctx, qs)
		if err != nil {
			return nil, err
		}
		out := make([]findings[float64], len(all))
		for i, f := range all {
			out[i].usage = f.usage
			for _, v := range f.of {
				out[i].of = append(out[i].of, finding[float64]{value: truth(v.value == 0), why: v.why, node: v.node})
			}
		}
		return out, nil
	}
}

func gradeOf(_ int, dialect, reply string) (int, error) {
	g, ok := prompt.ParseGrade(dialect, reply)
	if !ok {
		return 0, fmt.Errorf("its last line is not #### and a whole number from 0 to %d", prompt.TopGrade)
	}
	return g, nil
}

// kept is a judge's node as the episode keeps it, nil where it keeps none.
func (c Judging) kept(n *core.Node) *core.Node {
	if n == nil || !c.Keep {
		return nil
	}
	k := *n
	if k.Role == "" {
		k.Role = core.RoleAssistant
	}
	return &k
}

// unread is the ruling on what nobody could read a verdict of. Why is the first
// reason.
func unread(why string, usage core.Usage) ruling {
	v := silent("no verdict: " + why)
	v.usage = usage
	return v
}

// longestQuote bounds what a rationale repeats of a judge's words, in bytes: the
// whole is in the judge's own node.
const longestQuote = 1000

// quote is what a judge said, from its end, where reasons lead to the verdict.
func quote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= longestQuote {
		return s
	}
	s = s[len(s)-longestQuote:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return "…" + s
}

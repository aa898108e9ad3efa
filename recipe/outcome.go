package recipe

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pawl/core"
)

// Outcome is what came of a test, as its runner saw it. See Test and Expect
// for what each field means.
type Outcome struct {
	Episode  *core.Episode   // judged and answered
	Examples []*core.Example // as selected, examples of other tasks included
	Calls    int
	Unused   int // replies that nobody asked for
}

// Check compares an outcome with what a test expects and returns a line for
// each difference.
func (t Test) Check(o Outcome) []string {
	c := &checker{}
	e, ep := t.Expect, o.Episode
	attempts := ep.Leaves()
	selected := map[core.Ref]bool{}
	var kept []string
	var labels []float64
	var pair *core.Example
	for _, x := range o.Examples {
		if x.Episode.Task.ID != ep.Task.ID {
			continue
		}
		labels = append(labels, x.Labels...)
		for _, leaf := range x.Leaves {
			kept = append(kept, content(x.Episode, leaf))
			if at := attempt(ep, x.Episode, leaf, selected); at != 0 {
				selected[at] = true
			}
		}
		if pair == nil && len(x.Leaves) == 2 && len(x.Labels) == 2 {
			pair = x
		}
	}
	var dropped []string
	for _, leaf := range attempts {
		if !selected[leaf] {
			dropped = append(dropped, content(ep, leaf))
		}
	}
	if e.Answer != nil {
		if ep.Answer == 0 {
			c.add("answer", *e.Answer, "nothing (abstained)")
		} else {
			c.text("answer", *e.Answer, content(ep, ep.Answer))
		}
	}
	if e.Abstain != nil && *e.Abstain != (ep.Answer == 0) {
		c.add("abstain", *e.Abstain, ep.Answer == 0)
	}
	if e.Kept != nil {
		c.texts("kept", *e.Kept, kept)
	}
	if e.Dropped != nil {
		c.texts("dropped", *e.Dropped, dropped)
	}
	if e.Labels != nil {
		c.numbers("labels", *e.Labels, labels)
	}
	c.pair(e, pair)
	for by, want := range e.Scores {
		var got []float64
		for _, leaf := range attempts {
			if s, ok := ep.ScoreOf(by, leaf); ok && !s.Abstain {
				got = append(got, s.Value)
			}
		}
		c.numbers("scores of "+by, want, got)
	}
	if e.Calls != nil {
		if *e.Calls != o.Calls {
			c.add("calls", *e.Calls, o.Calls)
		}
	} else if o.Unused > 0 {
		c.lines = append(c.lines, fmt.Sprintf("%d scripted replies were never asked for", o.Unused))
	}
	slices.Sort(c.lines)
	return c.lines
}

// attempt finds which attempt of ep an example's leaf is. Derived episodes may
// number their nodes anew; there the content decides.
func attempt(ep, derived *core.Episode, leaf core.Ref, taken map[core.Ref]bool) core.Ref {
	if int(leaf) <= len(ep.Nodes) && content(ep, leaf) == content(derived, leaf) {
		return leaf
	}
	for _, at := range ep.Leaves() {
		if !taken[at] && content(ep, at) == content(derived, leaf) {
			return at
		}
	}
	return 0
}

type checker struct{ lines []string }

func (c *checker) add(what string, want, got any) {
	c.lines = append(c.lines, fmt.Sprintf("%s: want %v, got %v", what, want, got))
}

func (c *checker) text(what, want, got string) {
	if strings.TrimSpace(want) != strings.TrimSpace(got) {
		c.add(what, fmt.Sprintf("%q", want), fmt.Sprintf("%q", got))
	}
}

func (c *checker) texts(what string, want, got []string) {
	same := slices.EqualFunc(want, got, func(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) })
	if !same {
		c.add(what, fmt.Sprintf("%q", want), fmt.Sprintf("%q", got))
	}
}

// numbers compares to three decimals, which is what a page shows.
func (c *checker) numbers(what string, want, got []float64) {
	if !slices.EqualFunc(want, got, func(a, b float64) bool { return math.Abs(a-b) <= 5e-4 }) {
		c.add(what, want, got)
	}
}

func (c *checker) pair(e Expect, x *core.Example) {
	if e.Chosen == nil && e.Rejected == nil {
		return
	}
	if x == nil {
		c.lines = append(c.lines, "chosen, rejected: no example with two paths was selected")
		return
	}
	chosen, rejected := x.Leaves[0], x.Leaves[1]
	if x.Labels[1] > x.Labels[0] {
		chosen, rejected = rejected, chosen
	}
	if e.Chosen != nil {
		c.text("chosen", *e.Chosen, content(x.Episode, chosen))
	}
	if e.Rejected != nil {
		c.text("rejected", *e.Rejected, content(x.Episode, rejected))
	}
}

func content(ep *core.Episode, r core.Ref) string { return strings.TrimSpace(ep.Node(r).Content) }

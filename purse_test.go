package pawl

import (
	"errors"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"pawl/core"
)

// What is spent and reserved never exceeds the limits, in whatever order calls come
// and go, and all that was reserved comes back.
func TestPurseKeepsItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limits{Tokens: rapid.Int64Range(0, 100).Draw(t, "tokens"), MicroUSD: rapid.Int64Range(0, 100).Draw(t, "dollars")}
		p := NewPurse(l, core.Usage{})
		var open []func(core.Usage)
		var ceilings []core.Usage
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if len(open) > 0 && rapid.Bool().Draw(t, "settle") {
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				share := rapid.Int64Range(0, 2).Draw(t, "share")
				c := ceilings[i]
				open[i](core.Usage{Calls: 1, PromptTokens: c.PromptTokens * share / 2, MicroUSD: c.MicroUSD * share / 2})
				open[i](core.Usage{PromptTokens: 1 << 40}) // a second time says nothing
				open, ceilings = append(open[:i:i], open[i+1:]...), append(ceilings[:i:i], ceilings[i+1:]...)
			} else {
				c := core.Usage{Calls: 1, PromptTokens: rapid.Int64Range(0, 30).Draw(t, "in"), CompletionTokens: 0, MicroUSD: rapid.Int64Range(0, 30).Draw(t, "cost")}
				settle, err := p.Reserve(c)
				if err == nil {
					open, ceilings = append(open, settle), append(ceilings, c)
				} else if !errors.Is(err, core.ErrSpent) || l == (Limits{}) {
					t.Fatal(err)
				}
			}
			taken := p.Taken()
			if l.Tokens > 0 && (taken.Tokens() > l.Tokens || p.Left() != l.Tokens-taken.Tokens()) || l.MicroUSD > 0 && taken.MicroUSD > l.MicroUSD || l.Tokens == 0 && p.Left() != -1 {
				t.Fatalf("%+v are taken of %+v, %d are left", taken, l, p.Left())
			}
		}
		for _, settle := range open {
			settle(core.Usage{})
		}
		if p.Taken() != p.Spent() {
			t.Fatalf("%+v are taken, %+v spent, and nothing is at work", p.Taken(), p.Spent())
		}
	})
}

func TestPurseUnderRace(t *testing.T) {
	const callers, each, most = 1000, 7, 700
	p := NewPurse(Limits{Tokens: most}, core.Usage{})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			settle, err := p.Reserve(core.Usage{PromptTokens: each})
			if err == nil {
				settle(core.Usage{PromptTokens: each})
			}
		})
	}
	wg.Wait()
	if got := p.Spent().Tokens(); got != most {
		t.Errorf("%d callers spent %d of %d tokens", callers, got, most)
	}
}

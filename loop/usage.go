package loop

import (
	"context"
	"sync"

	"pawl/core"
)

// tally is what the calls cost that models tell of: those that others serve, or
// that count for themselves. It is of every attempt, failed ones included, where
// an episode's own count knows only the tokens that came of them.
type tally struct {
	mu    sync.Mutex
	calls int
	usage core.Usage
}

// tallied returns a context on whose behalf calls are tallied.
func tallied(ctx context.Context) (context.Context, *tally) {
	t := &tally{}
	return core.WithCalls(ctx, func(c core.CallRecord) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.calls++
		t.usage.Add(c.Usage)
	}), t
}

// over replaces a count by the tally, where any call was told of.
func (t *tally) over(u *core.Usage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls > 0 {
		*u = t.usage
	}
}

// together replaces the counts of judgements that were made in one go, where any
// call was told of. Whose call it was is not known: the first has the whole.
func (t *tally) together(js []core.Judgement) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls == 0 || len(js) == 0 {
		return
	}
	for i := range js {
		js[i].Usage = core.Usage{}
	}
	js[0].Usage = t.usage
}

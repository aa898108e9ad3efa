package cli

import (
	"testing"

	"pawl/core"
)

func TestSpent(t *testing.T) {
	used := core.Usage{Calls: 3, PromptTokens: 1000, CompletionTokens: 234, MicroUSD: 56_700}
	for _, c := range []struct {
		sum  core.Spending
		want string
	}{
		{core.Spending{Settled: used, Attempts: 3}, "paid calls: $0.0567, 1234 tokens, 3 attempts"},
		{core.Spending{Settled: used, Reserved: used, Attempts: 9, Unknown: 1, Open: 2}, "paid calls: $0.1134, 2468 tokens, 9 attempts, 3 of unknown outcome counted at their most"},
	} {
		if got := spent(c.sum); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

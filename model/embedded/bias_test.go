package embedded

import (
	"strings"
	"testing"

	"pawl/core"
)

func TestBiasesByText(t *testing.T) {
	e, _ := newEngine()
	for what, c := range map[string]struct {
		p     core.Policy
		token string
	}{"bytes": {made(t, e, tiny(3)), "z"}, "words": {made(t, e, spaced("yes", "no", "7")), "7"}} {
		a := seated(t, e, c.p, core.Options{MaxTokens: 3})
		act := func(o core.Options) (string, error) {
			nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("7")}, N: 1, Options: o})
			if err != nil {
				return "", err
			}
			return strings.ReplaceAll(nodes[0].Content, " ", ""), nil
		}
		if got, err := act(core.Options{BiasText: map[string]float64{c.token: 100}}); err != nil || got != strings.Repeat(c.token, 3) {
			t.Errorf("%s: %q (%v)", what, got, err)
		}
		for _, bad := range []struct {
			o    core.Options
			want string
		}{
			{core.Options{BiasText: map[string]float64{"no7": 1}}, `logit_bias: "no7" is no token of the model`},
			{core.Options{BiasText: map[string]float64{"": 1}}, "is no token"},
		} {
			if got, err := act(bad.o); err == nil || !strings.Contains(err.Error(), bad.want) {
				t.Errorf("%s: %q, error %v, want %q", what, got, err, bad.want)
			}
		}
		id, err := a.text.token(c.token)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := act(core.Options{Bias: map[int32]float64{id: 1}, BiasText: map[string]float64{c.token: 1}}); err == nil || !strings.Contains(err.Error(), "another bias") {
			t.Errorf("%s: a token has two biases (%v)", what, err)
		}
	}
}

package pawl

import (
	"encoding/json"
	"strings"
	"testing"

	"pawl/coretest"
	"pawl/recipe"

	"pawl/core"
)

// A solution that abstains holds no attempt where its answer would be, in no field
// but the list of attempts.
func TestAnAbstentionHasNoContent(t *testing.T) {
	plan := &recipe.Plan{Answer: recipe.Answer{By: "vote", AbstainBelow: recipe.Abstain{Value: 0.6}}}
	for value, abstains := range map[float64]bool{0.5: true, 0.6: false} {
		ep := coretest.Episode(coretest.Task("t", "q", ""), "a bare guess", "another")
		ep.Scores = []core.Score{{By: "vote", Nodes: []core.Ref{ep.Root() + 1}, Value: value}}
		ep.Answer = plan.Answer.Pick(ep)
		s := solution(plan, ep)
		if s.Abstained != abstains || (s.Completion == "") != abstains || (s.Value == nil) != abstains {
			t.Errorf("at %v: %+v", value, s)
		}
		s.Attempts = nil
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "guess") == abstains {
			t.Errorf("at %v: %s", value, b)
		}
	}
}

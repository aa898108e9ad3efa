package verifier

import (
	"context"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// judging gives the seat a mind: one reply to questions that show a 7, another
// one to all others. It depends on what is asked alone.
func judging(seven, other string, build func(h *coretest.Host) (core.Verifier, error)) func(h *coretest.Host) (core.Verifier, error) {
	return func(h *coretest.Host) (core.Verifier, error) {
		h.Actors["solver"] = judgeBy(func(asked string) string {
			if strings.Contains(asked, "7") {
				return seven
			}
			return other
		})
		return build(h)
	}
}

// judgeBy is a batch actor that replies to the last turn.
func judgeBy(reply func(asked string) string) *coretest.Batch {
	return &coretest.Batch{Scripted: &coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
		return reply(r.Path[len(r.Path)-1].Content), nil
	}}}
}

// nested builds inner verifiers: those given by name, else majority_vote.
func nested(t *testing.T, by map[string]core.Verifier) func(context.Context, core.Host, core.Spec) (any, error) {
	return func(ctx context.Context, h core.Host, s core.Spec) (any, error) {
		if v := by[s.Name]; v != nil {
			return v, nil
		}
		return newMajorityVote(ctx, h, MajorityVoteConfig{})
	}
}

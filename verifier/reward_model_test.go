package verifier

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// rewarder values texts by a script.
type rewarder struct {
	coretest.Batch
	value func(path []core.Node) (float64, error)
}

func (r *rewarder) Values(ctx context.Context, paths [][]core.Node) ([]float64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := make([]float64, len(paths))
	for i, path := range paths {
		var err error
		if out[i], err = r.value(path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rewarding is a host whose solver values what attempts say.
func rewarding(value func(path []core.Node) (float64, error)) *coretest.Host {
	return coretest.NewHost(&rewarder{value: value})
}

func TestRewardModel(t *testing.T) {
	h := rewarding(func(path []core.Node) (float64, error) {
		last := path[len(path)-1]
		if last.TokenIDs != nil {
			t.Errorf("token ids of %s are given to the judge", last.Actor)
		}
		switch last.Content {
		case "good":
			return math.Log(3), nil
		case "bad":
			return -math.Log(3), nil
		case "odd":
			return math.NaN(), nil
		}
		return 0, &core.TooLongError{Err: errors.New("too long")}
	})
	h.Actors["judge"] = h.Actors["solver"]
	v, err := newRewardModel(t.Context(), h, RewardModelConfig{Seat: "judge"})
	if err != nil {
		t.Fatal(err)
	}
	ep := coretest.Episode(coretest.Task("t", "q", ""), "good", "bad", "odd", "endless")
	for i := range ep.Nodes {
		if ep.Nodes[i].Role == core.RoleAssistant {
			ep.Nodes[i].TokenIDs = []int32{1}
		}
	}
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil || len(j.Scores) != 4 {
		t.Fatalf("%+v (%v)", j, err)
	}
	for i, want := range []float64{0.75, 0.25} {
		if s := j.Scores[i]; s.Abstain || math.Abs(s.Value-want) > 1e-12 || math.Abs(s.Confidence-0.75) > 1e-12 {
			t.Errorf("attempt %d: %+v, want %v", i, s, want)
		}
	}
	for i, why := range []string{"gives NaN", "too long for judge"} {
		if s := j.Scores[2+i]; !s.Abstain || !strings.Contains(s.Rationale, why) {
			t.Errorf("attempt %d: %+v, want it silent: %s", 2+i, s, why)
		}
	}
	if ep.Nodes[len(ep.Nodes)-1].TokenIDs == nil {
		t.Error("the episode is changed")
	}
}

func TestRewardModelNeedsAHead(t *testing.T) {
	h := nanoHost(t)
	v, err := newRewardModel(t.Context(), h, RewardModelConfig{Seat: "solver"})
	if err != nil {
		t.Fatal(err)
	}
	if j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), "1", "2"), nil); err != nil || len(j.Scores) != 2 || !j.Scores[0].Abstain || !strings.Contains(j.Scores[1].Rationale, "has no reward head yet; train_verifier") {
		t.Errorf("a model without a head: %+v (%v)", j, err)
	}
	if _, err := newRewardModel(t.Context(), coretest.NewHost(coretest.Samples("7")), RewardModelConfig{Seat: "solver"}); err == nil || !strings.Contains(err.Error(), "cannot value texts") {
		t.Errorf("an actor that values nothing: %v", err)
	}
	if _, err := newRewardModel(t.Context(), h, RewardModelConfig{Seat: "judge"}); err == nil {
		t.Error("a seat that is not there")
	}
}

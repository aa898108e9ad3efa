package study

import (
	"context"
	"fmt"

	"pawl"
)

// SelfTraining is what experiments/selftraining finds: recipes of one kind,
// each beside its controls.
type SelfTraining struct {
	Kind    string  `json:"kind"` // KindSelfTraining
	Where   Where   `json:"where"`
	Studies []Study `json:"studies"`
}

// KindSelfTraining marks the file.
const KindSelfTraining = "selftraining"

// SelfTrainingRecipes are the recipes compared unless others are named.
var SelfTrainingRecipes = []string{"lmsi", "rest-em", "star"}

// RunSelfTraining does the experiment; say is told of progress.
func RunSelfTraining(ctx context.Context, p *pawl.Pawl, recipes []string, seeds []uint64, set map[string]string, say func(string)) (*SelfTraining, error) {
	out := &SelfTraining{Kind: KindSelfTraining, Where: Here()}
	for _, name := range recipes {
		s, err := Run(ctx, p, Setup{Recipe: name, Set: set, Observe: Lines(name, say)}, seeds)
		if err != nil {
			return nil, err
		}
		for _, control := range []string{"labelled", "null"} {
			if s.Trials[0].Arm(control) == nil {
				return nil, fmt.Errorf("running %s: it has no control %s to stand beside", name, control)
			}
		}
		out.Studies = append(out.Studies, *s)
	}
	return out, nil
}

package coretest

import (
	"context"

	"pawl/core"
)

// Opinion is a batch actor that also scores texts, as a local model does: a
// core.Scorer of scripted log-probs.
type Opinion struct {
	Batch
	// Logprobs gives the log-probs of the tokens of the path's last node.
	Logprobs func(path []core.Node) ([]float32, error)
}

// Score asks Logprobs about every path.
func (o *Opinion) Score(ctx context.Context, paths [][]core.Node) ([][]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := make([][]float32, len(paths))
	for i, path := range paths {
		var err error
		if out[i], err = o.Logprobs(path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

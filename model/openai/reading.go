package openai

import (
	"context"

	"pawl/core"
)

func (a *actor) Score(ctx context.Context, paths [][]core.Node) ([][]float32, error) {
	return nil, a.unserved("x")
}
func (a *actor) Read(ctx context.Context, paths [][]core.Node, r core.Reading) ([]core.Observation, error) {
	return nil, a.unserved("x")
}

package core

import (
	"context"
	"encoding/json"
)

// Delta is a piece of an answer, as it comes.
type Delta struct {
	Content   string
	Reasoning string          // of models that show how they think
	ToolCalls json.RawMessage // a list of pieces in the form of OpenAI's stream
	Logprobs  []float32       // of the tokens that Content is made of, where they were asked for
}

// Streamer is the companion of actors that tell an answer while they give it.
type Streamer interface {
	Actor
	// Stream is Act of a request with N = 1: what sink is told, put together, is
	// what the node says. An error of sink ends the call.
	Stream(ctx context.Context, r Request, sink func(Delta) error) (Node, error)
}

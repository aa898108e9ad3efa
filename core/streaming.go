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
	Tokens    []Token         // the same tokens by their texts, where the model tells them
}

// Token is a token of an answer as its reader knows it.
type Token struct {
	Text    string  // what it adds to the answer; "" for a part of a character, which the last part adds
	Logprob float32 // of the model's own distribution, at temperature 1
	Top     []Token // likeliest alternatives, best first; as many as were asked for
}

// Told is the companion of actors that tell an answer by its tokens after it was
// given: one for each token id of path's last node, the end token left out.
type Told interface {
	Actor
	Tell(ctx context.Context, path []Node, top int) ([]Token, error)
}

// Streamer is the companion of actors that tell an answer while they give it.
type Streamer interface {
	Actor
	// Stream is Act of a request with N = 1: what sink is told, put together, is
	// what the node says. An error of sink ends the call.
	Stream(ctx context.Context, r Request, sink func(Delta) error) (Node, error)
}

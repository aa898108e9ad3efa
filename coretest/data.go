package coretest

import (
	"encoding/json"
	"fmt"

	"pawl/core"
)

// Task is a task with a one-node prompt and, unless answer is empty, a
// reference answer.
func Task(id, prompt, answer string) core.Task {
	t := core.Task{ID: id, Prompt: []core.Node{{Role: core.RoleUser, Content: prompt}}}
	if answer != "" {
		t.Reference = Reference(core.Reference{Answer: answer})
	}
	return t
}

// Reference encodes a reference.
func Reference(r any) json.RawMessage {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return b
}

// Episode is an episode of t whose attempts by the seat "solver" are texts;
// each has one token per byte, an end token, and log-probs.
func Episode(t core.Task, texts ...string) *core.Episode {
	ep := core.NewEpisode(t, 1)
	for _, text := range texts {
		n := core.Node{Parent: ep.Root(), Actor: "solver", Policy: core.Sum([]byte("policy")), Role: core.RoleAssistant, Content: text, Finish: "stop"}
		for _, b := range []byte(text) {
			n.TokenIDs = append(n.TokenIDs, int32(b))
		}
		n.TokenIDs = append(n.TokenIDs, EndToken)
		n.Logprobs = make([]float32, len(n.TokenIDs))
		ep.Append(n)
	}
	return ep
}

// Scored adds a score by the named verifier to every leaf of ep, in order.
// More values than leaves are a bug of the test.
func Scored(ep *core.Episode, by string, values ...float64) *core.Episode {
	leaves := ep.Leaves()
	for i, v := range values {
		ep.Scores = append(ep.Scores, core.Score{By: by, Nodes: []core.Ref{leaves[i]}, Value: v})
	}
	return ep
}

// Episodes makes a re-iterable source.
func Episodes(eps ...*core.Episode) core.Episodes {
	return func(yield func(*core.Episode, error) bool) {
		for _, ep := range eps {
			if !yield(ep, nil) {
				return
			}
		}
	}
}

// Collect reads a source of examples to its end.
func Collect(in core.Examples) ([]*core.Example, error) {
	var out []*core.Example
	for ex, err := range in {
		if err != nil {
			return out, err
		}
		out = append(out, ex)
	}
	return out, nil
}

// Texts are the contents of the examples' leaves, prefixed by their task.
func Texts(exs []*core.Example) []string {
	var out []string
	for _, ex := range exs {
		for _, leaf := range ex.Leaves {
			out = append(out, fmt.Sprintf("%s: %s", ex.Episode.Task.ID, ex.Episode.Node(leaf).Content))
		}
	}
	return out
}

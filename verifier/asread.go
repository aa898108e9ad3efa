package verifier

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
)

// asRead is an attempt as a seat reads it: the turns before it, then the attempt
// as one turn. Token ids stay where the seat sampled them itself; another's may
// be those of another tokenizer, and its turns are read as text.
func asRead(it item, seat string) []core.Node {
	path := it.ep.PathNodes(it.at)
	first, last := len(path)-1, path[len(path)-1]
	for first > int(it.ep.Root()) && path[first-1].Role == core.RoleAssistant {
		first--
	}
	if first < len(path)-1 { // steps: text that joins them has no ids of its own
		last = core.Node{Actor: last.Actor, Content: it.text()}
	}
	last.Parent, last.Role = core.Ref(first), core.RoleAssistant
	path = append(path[:first:first], last)
	return ownIDs(path, seat)
}

// ownIDs takes from path, which is changed, the token ids of all others than the
// seat.
func ownIDs(path []core.Node, seat string) []core.Node {
	for i := range path {
		if path[i].Actor != seat {
			path[i].TokenIDs, path[i].Logprobs = nil, nil
		}
	}
	return path
}

// recorded are the log-probabilities that an attempt was sampled with, those of
// its earlier steps first; nil where one of them has none.
func recorded(it item) []float32 {
	var all []float32
	for r := it.at; r > it.ep.Root(); r = it.ep.Node(r).Parent {
		n := it.ep.Node(r)
		if r != it.at && n.Role != core.RoleAssistant {
			break
		}
		if len(n.Logprobs) == 0 {
			return nil
		}
		all = append(append([]float32(nil), n.Logprobs...), all...)
	}
	return all
}

// onward is a path with one more turn, which goes on where the last one ends.
func onward(path []core.Node, text string) []core.Node {
	next := core.Node{Parent: core.Ref(len(path)), Role: core.RoleAssistant, Content: text}
	return append(path[:len(path):len(path)], next)
}

// readAll tells how an actor reads the last nodes of paths. Those of paths that
// it cannot hold are nil.
func readAll(ctx context.Context, seat string, actor core.Actor, paths [][]core.Node, r core.Reading) ([]*core.Observation, error) {
	reader, ok := actor.(core.Reader)
	if !ok {
		return nil, fmt.Errorf("reading as %s: its model does not show its distributions; name a seat whose model runs in this process", seat)
	}
	seen, _, err := core.Fitting(paths, func(part [][]core.Node) ([]*core.Observation, error) {
		list, err := reader.Read(ctx, part, r)
		if err != nil {
			return nil, err
		}
		out := make([]*core.Observation, len(list))
		for i := range list {
			out[i] = &list[i]
		}
		return out, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading as %s: %w", seat, err)
	}
	return seen, nil
}

// mean is that of at least one number.
func mean(list []float32) float64 { return total(list) / float64(len(list)) }

// finite tells whether a score may have this value.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// tooLongFor is why what a seat cannot hold is not judged.
func tooLongFor(seat string) string { return "the attempt is too long for " + seat }

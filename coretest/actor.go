package coretest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"pawl/core"
)

// Scripted is a scripted actor. It records the requests it gets and is safe for
// concurrent use. It answers each sample by Reply.
type Scripted struct {
	// Reply gives the text of sample i of a request.
	Reply func(r core.Request, i int) (string, error)
	// Tokens makes the actor fill TokenIDs and Logprobs, a token for each byte
	// and one (EndToken) for the end.
	Tokens bool

	mu       sync.Mutex
	requests []core.Request
}

// EndToken ends every scripted node that has tokens.
const EndToken int32 = 256

// Script answers with the given texts in the order of asking, whatever is
// asked. To ask once more is an error. Use it where calls come one at a time.
func Script(replies ...string) *Scripted {
	var mu sync.Mutex
	next := 0
	return &Scripted{Reply: func(core.Request, int) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(replies) {
			return "", fmt.Errorf("the script has only %d replies", len(replies))
		}
		next++
		return replies[next-1], nil
	}}
}

// Samples answers sample i of every request with text i, again from the start
// when they run out: a pure function, like a deterministic model.
func Samples(texts ...string) *Scripted {
	return &Scripted{Reply: func(_ core.Request, i int) (string, error) { return texts[i%len(texts)], nil }}
}

// PerTask answers by the text of the last prompt node; within a task sample i
// gets text i, again from the start when they run out.
func PerTask(replies map[string][]string) *Scripted {
	return &Scripted{Reply: func(r core.Request, i int) (string, error) {
		prompt := ""
		if len(r.Path) > 0 {
			prompt = r.Path[len(r.Path)-1].Content
		}
		texts := replies[prompt]
		if len(texts) == 0 {
			return "", fmt.Errorf("no reply is scripted for %.60q", prompt)
		}
		return texts[i%len(texts)], nil
	}}
}

// Act answers a request.
func (a *Scripted) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.requests = append(a.requests, r)
	a.mu.Unlock()
	nodes := make([]core.Node, r.N)
	for i := range nodes {
		text, err := a.Reply(r, r.First+i)
		if err != nil {
			return nil, err
		}
		nodes[i] = core.Node{Role: core.RoleAssistant, Content: text, Finish: "stop"}
		if a.Tokens {
			for _, b := range []byte(text) {
				nodes[i].TokenIDs = append(nodes[i].TokenIDs, int32(b))
			}
			nodes[i].TokenIDs = append(nodes[i].TokenIDs, EndToken)
			nodes[i].Logprobs = make([]float32, len(nodes[i].TokenIDs))
			for j := range nodes[i].Logprobs {
				nodes[i].Logprobs[j] = -0.5
			}
		}
	}
	return nodes, nil
}

// Requests are the requests answered so far, in the order they came.
func (a *Scripted) Requests() []core.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// Batch is a Scripted actor that also serves many requests at once. It answers them
// last first, so that a caller that relies on completion order is found out.
type Batch struct {
	*Scripted
	Calls int // batches served
}

// ActBatch answers all requests; results are in request order.
func (b *Batch) ActBatch(ctx context.Context, rs []core.Request) ([][]core.Node, error) {
	b.mu.Lock()
	b.Calls++
	b.mu.Unlock()
	out := make([][]core.Node, len(rs))
	for i := len(rs) - 1; i >= 0; i-- {
		nodes, err := b.Act(ctx, rs[i])
		if err != nil {
			return nil, err
		}
		out[i] = nodes
	}
	return out, nil
}

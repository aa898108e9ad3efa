// Package scripted has models for tests of the gateway: each does as its name says.
package scripted

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pawl/core"
)

// Models is a provider of models that do as their names say; what they were asked is
// kept.
type Models struct {
	mu        sync.Mutex
	asked     []core.Request
	Begun     chan struct{} // gets one for every call that waits
	Cancelled atomic.Int64  // calls whose context ended while they waited
	Say       string        // what "says" says
}

// New makes the provider.
func New() *Models { return &Models{Begun: make(chan struct{}, 64), Say: "It is sunny."} }

// Asked are the requests so far.
func (s *Models) Asked() []core.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Resolve names any model.
func (s *Models) Resolve(_ context.Context, arg, _ string) (core.ModelName, error) {
	return core.ModelName{Kind: "sim", Client: "1", Name: arg}, nil
}

// Dialect is chat.
func (s *Models) Dialect(core.ModelName) string { return "chat" }

// Actor does as the model's name says.
func (s *Models) Actor(_ context.Context, m core.ModelName, seat string, _ core.Options) (core.Actor, error) {
	return &scripted{s, m.Name, seat}, nil
}

type scripted struct {
	s    *Models
	name string
	seat string
}

// What every attempt costs, in tokens.
const (
	Read    = 10
	Written = 5
)

func (a *scripted) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	nodes := make([]core.Node, r.N)
	for i := range nodes {
		one := r
		one.First, one.N = r.First+i, 1
		var err error
		if nodes[i], err = a.Stream(ctx, one, func(core.Delta) error { return nil }); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (a *scripted) Stream(ctx context.Context, r core.Request, sink func(core.Delta) error) (core.Node, error) {
	settle, err := core.Reserve(ctx, core.Usage{Calls: 1, PromptTokens: Read, CompletionTokens: Written})
	if err != nil {
		return core.Node{}, err
	}
	a.s.mu.Lock()
	a.s.asked = append(a.s.asked, r)
	a.s.mu.Unlock()
	record := core.CallRecord{Seat: a.seat, Model: a.name, Attempts: 1, Began: time.Now(), Request: r, Usage: core.Usage{Calls: 1, PromptTokens: Read, CompletionTokens: Written}}
	n, err := a.answer(ctx, r, sink)
	settle(record.Usage)
	if err != nil {
		record.Err = err.Error()
	} else {
		record.Nodes = []core.Node{n}
	}
	core.Called(ctx, record)
	return n, err
}

func (a *scripted) answer(ctx context.Context, r core.Request, sink func(core.Delta) error) (core.Node, error) {
	n := core.Node{Role: core.RoleAssistant, Finish: "stop"}
	last := r.Path[len(r.Path)-1]
	text := func(s string) (core.Node, error) {
		for _, piece := range strings.SplitAfter(s, " ") {
			if err := sink(core.Delta{Content: piece}); err != nil {
				return n, err
			}
		}
		n.Content = s
		return n, nil
	}
	switch a.name {
	case "tools":
		if last.Role == core.RoleTool {
			return text("It is " + last.Content + " there.")
		}
		if len(r.Options.Tools) == 0 {
			return text("There are no tools.")
		}
		// Two calls in parallel; every third attempt has the city wrong.
		city := "Oslo"
		if r.First%3 == 2 {
			city = "Bergen"
		}
		calls := fmt.Sprintf(`[{"id":"call_a%d","type":"function","function":{"name":"weather","arguments":"{\"city\": \"%s\"}"}},{"id":"call_b%d","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]`, r.First, city, r.First)
		indexed := strings.ReplaceAll(strings.ReplaceAll(calls, `{"id":"call_a`, `{"index":0,"id":"call_a`), `{"id":"call_b`, `{"index":1,"id":"call_b`)
		n.Data, n.Finish = json.RawMessage(`{"tool_calls":`+calls+`}`), "tool_calls"
		return n, sink(core.Delta{ToolCalls: json.RawMessage(indexed)})
	case "waits", "drips":
		if a.name == "drips" {
			if err := sink(core.Delta{Content: "drip "}); err != nil {
				return n, err
			}
		}
		a.s.Begun <- struct{}{}
		<-ctx.Done()
		a.s.Cancelled.Add(1)
		return n, ctx.Err()
	case "votes-then-waits":
		// The first attempts answer at once, those from the fourth on never.
		if r.First < 3 {
			return text("#### 18")
		}
		<-ctx.Done()
		return n, ctx.Err()
	case "fails":
		return n, errors.New("the upstream fell over")
	case "overloaded":
		return n, &core.SendError{Err: errors.New("too many requests"), Again: true, Slow: true, After: 3 * time.Second}
	case "unreachable":
		return n, &core.SendError{Err: errors.New("connection refused"), Again: true}
	case "breaks":
		if err := sink(core.Delta{Content: "half an "}); err != nil {
			return n, err
		}
		return n, errors.New("the upstream fell over")
	case "disagrees":
		return text(fmt.Sprintf("#### %d", r.First))
	}
	return text(a.s.Say)
}

// WaitCancelled returns when n calls have ended with their contexts.
func (s *Models) WaitCancelled(n int64) {
	for s.Cancelled.Load() < n {
		time.Sleep(time.Millisecond)
	}
}

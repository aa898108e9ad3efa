package coretest

import (
	"encoding/json"
	"errors"
	"reflect"
	"sync"

	"pawl/core"
)

// Actor checks an actor on the given requests, or on the suite's own.
// Alternatives must not depend on how many are asked for at once.
func Actor(t T, build func() (core.Actor, error), requests ...core.Request) {
	t.Helper()
	NoLeaks(t)
	ctx := t.Context()
	if len(requests) == 0 {
		for i, task := range tasks() {
			ep := core.NewEpisode(task, 0)
			requests = append(requests, core.Request{Path: ep.PathNodes(ep.Root()), N: 4, Seed: uint64(i)})
		}
	}
	make1 := func() core.Actor {
		a, err := build()
		if err != nil {
			t.Fatalf("building: %v", err)
		}
		return a
	}
	a := make1()
	want := make([][]core.Node, len(requests))
	for i, r := range requests {
		before := copyRequest(r)
		nodes, err := a.Act(ctx, r)
		if err != nil || len(nodes) != r.N {
			t.Fatalf("request %d: asked for %d alternatives, got %d (%v)", i, r.N, len(nodes), err)
		}
		if !reflect.DeepEqual(before, copyRequest(r)) {
			t.Errorf("request %d: the request is changed", i)
		}
		for _, n := range nodes {
			if n.Parent != 0 {
				t.Errorf("request %d: a node comes with a parent", i)
			}
			if n.Logprobs != nil && n.TokenIDs != nil && len(n.Logprobs) != len(n.TokenIDs) {
				t.Errorf("request %d: %d log-probs for %d tokens", i, len(n.Logprobs), len(n.TokenIDs))
			}
		}
		want[i] = nodes
		spoilt, err := a.Act(ctx, r)
		if err != nil || !reflect.DeepEqual(spoilt, nodes) {
			t.Errorf("request %d: asked again, it gives other nodes (%v)", i, err)
		}
		for j := range spoilt { // whoever is given nodes may do with them what he likes
			spoilt[j].Content = "spoilt"
			clear(spoilt[j].TokenIDs)
			clear(spoilt[j].Logprobs)
		}
		streams(t, a, r, nodes)
		if r.N < 2 {
			continue
		}
		one, rest := r, r
		one.N = 1
		rest.First, rest.N = r.First+1, r.N-1
		tail, err1 := a.Act(ctx, rest) // the later part first
		head, err2 := a.Act(ctx, one)
		if err1 != nil || err2 != nil || !reflect.DeepEqual(append(head, tail...), nodes) {
			t.Errorf("request %d: alternatives change when they are asked for apart (%v, %v)", i, err1, err2)
		}
	}
	fresh := make1()
	together(len(requests), func(i int) {
		nodes, err := fresh.Act(ctx, requests[i])
		if err != nil || !reflect.DeepEqual(nodes, want[i]) {
			t.Errorf("request %d, asked concurrently of another actor, gives other nodes (%v)", i, err)
		}
	})
	if _, err := a.Act(cancelled(t), requests[0]); err == nil {
		t.Errorf("a cancelled context is ignored")
	}
	batch, ok := a.(core.BatchActor)
	if !ok {
		return
	}
	all, err := batch.ActBatch(ctx, requests)
	if err != nil || !reflect.DeepEqual(all, want) {
		t.Errorf("a batch gives other nodes than single requests (%v)", err)
	}
	if _, err := batch.ActBatch(cancelled(t), requests); err == nil {
		t.Errorf("a batch ignores a cancelled context")
	}
}

// streams checks that what is streamed is what Act gives: put together it is the
// node, and an error of the sink ends the call with that error.
func streams(t T, a core.Actor, r core.Request, want []core.Node) {
	t.Helper()
	s, ok := a.(core.Streamer)
	if !ok || len(want) == 0 {
		return
	}
	r.N = 1
	text := ""
	node, err := s.Stream(t.Context(), r, func(d core.Delta) error { text += d.Content; return nil })
	if err != nil || text != node.Content || !reflect.DeepEqual(node, want[0]) {
		t.Errorf("streamed it is %q, the node says %q, and Act %q (%v)", text, node.Content, want[0].Content, err)
	}
	if want[0].Content == "" {
		return
	}
	if _, err := s.Stream(t.Context(), r, func(core.Delta) error { return errPlanned }); !errors.Is(err, errPlanned) {
		t.Errorf("the sink fails, and the stream ends with %v", err)
	}
}

// copyRequest is r without anything shared.
func copyRequest(r core.Request) core.Request {
	path := make([]core.Node, len(r.Path))
	for i, n := range r.Path {
		n.TokenIDs = append([]int32(nil), n.TokenIDs...)
		n.Logprobs = append([]float32(nil), n.Logprobs...)
		path[i] = n
	}
	r.Path = path
	return r
}

// TaskSource checks a task source; of an endless one it reads the start.
func TaskSource(t T, build func(h *Host) (core.TaskSource, error)) {
	t.Helper()
	NoLeaks(t)
	ctx := t.Context()
	const enough = 200
	read := func(s core.TaskSource, first int) []core.Task {
		var out []core.Task
		for task, err := range s.Tasks(ctx, first) {
			if err != nil {
				t.Fatalf("reading from task %d on: %v", first, err)
			}
			if out = append(out, task); len(out) == enough {
				break
			}
		}
		return out
	}
	s := made(t, NewHost(echo()), build)
	all := read(s, 0)
	if n := s.Len(); n >= 0 && len(all) != min(n, enough) {
		t.Errorf("the source says it has %d tasks and yields %d", n, len(all))
	}
	ids := map[string]bool{}
	for i, task := range all {
		if task.ID == "" || ids[task.ID] {
			t.Errorf("task %d: id %q is empty or taken", i, task.ID)
		}
		ids[task.ID] = true
		if len(task.Prompt) == 0 {
			t.Errorf("task %s has no prompt", task.ID)
		}
		if task.Reference != nil && !json.Valid(task.Reference) {
			t.Errorf("task %s: its reference is not JSON", task.ID)
		}
	}
	if !reflect.DeepEqual(all, read(s, 0)) {
		t.Errorf("reading again gives other tasks")
	}
	if !reflect.DeepEqual(all, read(made(t, NewHost(echo()), build), 0)) {
		t.Errorf("a second source gives other tasks")
	}
	var beside [3][]core.Task
	var readers sync.WaitGroup
	for k := range beside {
		readers.Go(func() {
			for task, err := range s.Tasks(ctx, 0) {
				if beside[k] = append(beside[k], task); err != nil || len(beside[k]) == enough {
					break
				}
			}
		})
	}
	readers.Wait()
	for _, b := range beside {
		if !reflect.DeepEqual(all, b) {
			t.Errorf("reading it several times at once gives other tasks")
		}
	}
	if n := len(all); n > 2 {
		part := read(s, n/2)
		if len(part) < n-n/2 || !reflect.DeepEqual(part[:n-n/2], all[n/2:]) {
			t.Errorf("reading from task %d on gives other tasks", n/2)
		}
	}
	if s.Len() >= 0 && len(read(s, s.Len())) != 0 {
		t.Errorf("there are tasks after the last one")
	}
	for _, err := range s.Tasks(cancelled(t), 0) {
		if err == nil && len(all) > 0 {
			t.Errorf("a cancelled context is ignored")
		}
		break
	}
}

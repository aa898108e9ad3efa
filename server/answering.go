package server

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"pawl"
	"pawl/core"
)

// atOnce bounds the answers of one request that are worked on at the same time.
const atOnce = 16

// job is a request that has been understood.
type job struct {
	head
	model    *served
	answerer *pawl.Answerer
	deadline time.Time
	// delta is told pieces of choice i, progress how far the work is; both may be nil
	// and are called from several goroutines.
	delta    func(i int, d core.Delta) error
	progress func(core.Progress)
}

// answer answers every prompt as often as is asked for, under one policy. The
// replies come with an error, too: for their cost. A nil reply never began.
func (j *job) answer(ctx context.Context) (*result, []*pawl.Reply, error) {
	policy, err := j.model.policy(ctx)
	if err != nil {
		return nil, nil, err
	}
	a := j.ask
	seed := random()
	if a.seed != nil {
		seed = *a.seed
	}
	together := j.recipe == "" && j.delta == nil && a.n > 1
	times := a.n
	if together {
		times = 1
	}
	replies, errs := make([]*pawl.Reply, len(a.prompts)*times), make([]error, len(a.prompts)*times)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for i := range replies {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			q := pawl.Question{
				Task:     core.Task{ID: j.id, Prompt: a.prompts[i/times], Options: a.options},
				Seed:     seedOf(seed, i),
				Deadline: j.deadline,
				Progress: j.progress,
			}
			if together {
				q.N = a.n
			}
			if j.delta != nil {
				q.Stream = func(d core.Delta) error { return j.delta(i, d) }
			}
			if replies[i], errs[i] = j.answerer.Answer(ctx, policy, q); errs[i] != nil {
				cancel() // one answer less is no reply
			} else if j.delta != nil && !replies[i].Streamed {
				errs[i] = j.whole(i, replies[i])
			}
		})
	}
	wg.Wait()
	r := &result{head: j.head}
	for i, reply := range replies {
		r.usage.Add(reply.Usage)
		if errs[i] != nil {
			err = first(err, errs[i])
		}
	}
	if err != nil {
		return r, replies, err
	}
	for _, reply := range replies {
		r.choices = append(r.choices, choicesOf(j.head, reply)...)
	}
	return r, replies, nil
}

// first is the error that says most: not that of a call that another one's error
// cancelled.
func first(a, b error) error {
	if a == nil || isCancelled(a) && !isCancelled(b) {
		return b
	}
	return a
}

func isCancelled(err error) bool { return errors.Is(err, context.Canceled) }

// whole tells an answer that could not be told piece by piece.
func (j *job) whole(i int, r *pawl.Reply) error {
	for _, c := range choicesOf(j.head, r) {
		if err := j.delta(i, core.Delta{Content: c.node.Content, ToolCalls: pieces(c.node), Tokens: c.tokens}); err != nil {
			return err
		}
	}
	return nil
}

// seedOf is the seed of answer i: that of the first is the request's own.
func seedOf(seed uint64, i int) uint64 {
	if i == 0 {
		return seed
	}
	return core.NewHasher("choice").Uint(seed).Uint(uint64(i)).Seed()
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

package verifier

import (
	"context"
	"sync"

	"pawl/verifier/execution"
)

// testShelf keeps the processes of a task's test program between attempts, as
// many as attempts are judged at once.
type testShelf struct {
	c        cases
	task     codeTask
	programs int

	mu   sync.Mutex
	idle []*execution.Tests
}

func (s *testShelf) check(ctx context.Context, p execution.Program) (execution.Verdict, error) {
	t, err := s.take(ctx)
	if err != nil {
		return execution.Verdict{}, err
	}
	v, again, err := t.Check(ctx, s.c.box, p)
	if !again {
		t.Close()
		return v, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, t)
	return v, err
}

func (s *testShelf) take(ctx context.Context) (*execution.Tests, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		t := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return t, nil
	}
	s.mu.Unlock()
	return execution.Open(ctx, s.c.box, s.task.prompt, s.task.EntryPoint, s.task.Test, s.programs, s.c.cfg.limits())
}

func (s *testShelf) close() {
	for _, t := range s.idle {
		t.Close()
	}
}

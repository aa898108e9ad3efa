//go:build linux && (amd64 || arm64)

package sandbox

import "context"

// started is a box that came up, or why it did not.
type started struct {
	box *box
	err error
}

// take gives a box of the view, one from the pool where it is the default one.
func (s *Sandbox) take(ctx context.Context, v view) (*box, error) {
	if v != s.defaultView() || s.o.Warm == 0 {
		r := s.bring(ctx, v)
		return r.box, r.err
	}
	s.mu.Lock()
	s.waiting++
	s.fill()
	s.mu.Unlock()
	var r started
	select {
	case r = <-s.ready:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
	if r.box != nil || ctx.Err() == nil {
		s.ahead--
	}
	if r.box != nil {
		s.fill()
	}
	return r.box, r.err
}

func (s *Sandbox) defaultView() view { return view{disk: s.o.Limits.Disk} }

// fill starts boxes until as many are ahead as programs wait for and the pool
// keeps. The caller holds mu.
func (s *Sandbox) fill() {
	for s.ahead < s.o.Warm+s.waiting && !s.closed {
		s.ahead++
		s.work.Go(func() { s.ready <- s.bring(s.life, s.defaultView()) })
	}
}

// bring starts a box in the next free slot.
func (s *Sandbox) bring(ctx context.Context, v view) started {
	sl, err := s.slot(ctx)
	if err != nil {
		return started{err: err}
	}
	b, err := s.start(sl, v)
	if err != nil {
		s.free(sl)
	}
	return started{b, err}
}

// drain ends the boxes that wait for programs, and all slots. Nothing starts
// more by then.
func (s *Sandbox) drain() {
	for {
		select {
		case r := <-s.ready:
			if r.box != nil {
				r.box.end()
				r.box.release()
				s.free(r.box.slot)
			}
		case sl := <-s.slots:
			s.giveUp(sl)
		default:
			return
		}
	}
}

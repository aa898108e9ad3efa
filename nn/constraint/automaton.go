package constraint

import (
	"encoding/binary"
	"errors"
	"slices"
)

// frame is a stack of rules under way: where the innermost goes on when the one
// that it called ends. Equal stacks are one frame.
type frame struct {
	id  uint64
	ret int32
	up  *frame
}

// config is one way to have read a text.
type config struct {
	node  int32
	stack *frame
}

// State is what a text leads to: all ways to have read it. It belongs to its
// Constraint.
type State struct {
	configs   []config // those from which a byte can be read
	accepting bool
	next      map[byte]*State // computed ones; nil: none
	tokens    *mask           // nil: not yet computed
	live      bool            // see Constraint.explore
	ways      int             // configurations that were made to find these
}

// machine makes states as they are needed; equal ones are one State. It is
// guarded by the Constraint's mutex.
type machine struct {
	g      *Grammar
	first  *State // start, which is never forgotten
	states map[string]*State
	frames map[frameKey]*frame
	forgot int // times that it was all dropped
	held   int // configurations, frames and mask words remembered
	ids    uint64
	cost   int   // work since fault was last cleared
	fault  error // a bound was reached
	key    []byte
	seen   map[config]bool
	work   []config
}

type frameKey struct {
	ret int32
	up  uint64
}

// maxStates and maxHeld bound what is remembered. States are then made anew;
// those in use stay valid.
const (
	maxStates = 1 << 14
	maxHeld   = 1 << 22
)

// maxWays bounds the ways to have read one text, and maxCost the work for one
// step: both may grow exponentially with the text.
const (
	maxWays = 1 << 16
	maxCost = 1 << 25
)

// ErrTooAmbiguous says that a bound was reached.
var ErrTooAmbiguous = errors.New("there are too many ways to read the text so far; write the constraint with fewer alternatives that begin alike, and with smaller counts")

func newMachine(g *Grammar) *machine {
	return &machine{g: g, states: map[string]*State{}, frames: map[frameKey]*frame{}, seen: map[config]bool{}}
}

func (m *machine) start() *State {
	m.begin()
	m.add(config{m.g.start[0], nil})
	return m.state()
}

// forget drops what is remembered. What is in use keeps no hold on the rest.
func (m *machine) forget() {
	for _, s := range m.states {
		s.next, s.tokens = nil, nil
	}
	if m.first != nil {
		m.first.next = nil
	}
	clear(m.states)
	clear(m.frames) // numbers go on, so that no two stacks share one
	m.held = 0
	m.forgot++
}

// step is the state after one more byte, nil if it fits nowhere.
func (m *machine) step(s *State, b byte) *State {
	if m.cost > maxCost {
		m.fault = ErrTooAmbiguous
		return nil
	}
	m.cost += len(s.configs) + 1 // whether or not it is known: bounds must not depend on what else was asked
	if to, ok := s.next[b]; ok {
		if to != nil {
			m.cost += to.ways
		}
		return to
	}
	m.begin()
	for _, c := range s.configs {
		for _, e := range m.g.nodes[c.node].bytes {
			if e.lo <= b && b <= e.hi {
				m.add(config{e.to, c.stack})
			}
		}
	}
	to := m.state()
	if m.fault != nil {
		return nil
	}
	if to != nil {
		m.cost += to.ways
	}
	if s.next == nil {
		s.next = map[byte]*State{}
	}
	s.next[b] = to
	return to
}

// bounded begins a piece of work of at most maxCost.
func (m *machine) bounded() { m.cost, m.fault = 0, nil }

func (m *machine) begin() {
	clear(m.seen)
	m.work = m.work[:0]
}

func (m *machine) add(c config) {
	if !m.seen[c] {
		m.seen[c] = true
		m.work = append(m.work, c)
	}
}

func (m *machine) push(ret int32, up *frame) *frame {
	k := frameKey{ret: ret}
	if up != nil {
		k.up = up.id
	}
	f := m.frames[k]
	if f == nil {
		m.ids++
		f = &frame{m.ids, ret, up}
		m.frames[k] = f
		m.held += 4
	}
	return f
}

// state closes the configurations at hand under what reads nothing.
func (m *machine) state() *State {
	var s State
	for i := 0; i < len(m.work); i++ {
		if len(m.work) > maxWays {
			m.fault = ErrTooAmbiguous
			return nil
		}
		c := m.work[i]
		n := &m.g.nodes[c.node]
		if len(n.bytes) > 0 {
			s.configs = append(s.configs, c)
		}
		if n.final {
			if c.stack == nil {
				s.accepting = true
			} else {
				m.add(config{c.stack.ret, c.stack.up})
			}
		}
		for _, to := range n.empty {
			m.add(config{to, c.stack})
		}
		for _, e := range n.calls {
			stack := c.stack
			if !m.g.tail[e.to] { // nothing is left to do after the last call of a rule
				stack = m.push(e.to, stack)
			}
			m.add(config{m.g.start[e.rule], stack})
		}
	}
	if len(s.configs) == 0 && !s.accepting {
		return nil
	}
	s.ways = len(m.work)
	return m.intern(&s)
}

func (m *machine) intern(s *State) *State {
	id := func(c config) uint64 {
		if c.stack == nil {
			return 0
		}
		return c.stack.id
	}
	slices.SortFunc(s.configs, func(a, b config) int {
		if a.node != b.node {
			return int(a.node) - int(b.node)
		}
		if id(a) < id(b) {
			return -1
		}
		return 1
	})
	m.key = m.key[:0]
	for _, c := range s.configs {
		m.key = binary.AppendUvarint(m.key, uint64(c.node))
		m.key = binary.AppendUvarint(m.key, id(c))
	}
	if s.accepting {
		m.key = append(m.key, 0)
	}
	if known := m.states[string(m.key)]; known != nil {
		return known
	}
	if len(m.states) >= maxStates || m.held > maxHeld {
		m.forget()
	}
	m.held += len(s.configs)
	m.states[string(m.key)] = s
	return s
}

// Match tells whether a whole text is in the set. A text with too many ways to
// read it is not.
func (g *Grammar) Match(text string) bool {
	m := newMachine(g)
	s := m.start()
	for i := 0; i < len(text) && s != nil; i++ {
		s = m.step(s, text[i])
	}
	return s != nil && s.accepting
}

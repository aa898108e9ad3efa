package constraint

import (
	"encoding/binary"
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
}

// machine makes states as they are needed; equal ones are one State. It is
// guarded by the Constraint's mutex.
type machine struct {
	g      *Grammar
	states map[string]*State
	frames map[frameKey]*frame
	ids    uint64
	key    []byte
	seen   map[config]bool
	work   []config
}

type frameKey struct {
	ret int32
	up  uint64
}

// maxStates bounds what is remembered. States are then made anew; those in use
// stay valid.
const maxStates = 1 << 14

func newMachine(g *Grammar) *machine {
	return &machine{g: g, states: map[string]*State{}, frames: map[frameKey]*frame{}, seen: map[config]bool{}}
}

func (m *machine) start() *State {
	m.begin()
	m.add(config{m.g.start[0], nil})
	return m.state()
}

// step is the state after one more byte, nil if it fits nowhere.
func (m *machine) step(s *State, b byte) *State {
	if to, ok := s.next[b]; ok {
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
	if s.next == nil {
		s.next = map[byte]*State{}
	}
	s.next[b] = to
	return to
}

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
	}
	return f
}

// state closes the configurations at hand under what reads nothing.
func (m *machine) state() *State {
	var s State
	for i := 0; i < len(m.work); i++ {
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
	if len(m.states) >= maxStates {
		clear(m.states)
		clear(m.frames) // numbers go on, so that no two stacks share one
	}
	m.states[string(m.key)] = s
	return s
}

// Match tells whether a whole text is in the set.
func (g *Grammar) Match(text string) bool {
	m := newMachine(g)
	s := m.start()
	for i := 0; i < len(text) && s != nil; i++ {
		s = m.step(s, text[i])
	}
	return s != nil && s.accepting
}

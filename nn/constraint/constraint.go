package constraint

import (
	"fmt"
	"sync"
)

// Constraint is a grammar over a vocabulary. It may be used from several
// goroutines, and is best shared: what it computes for one text serves others.
type Constraint struct {
	v *Vocabulary

	mu    sync.Mutex
	m     *machine
	first *State // before the first token; its tokens are the first of a text
	exact bool   // every state has been explored, so that none is dead
}

// mask is a set of tokens.
type mask struct {
	bits  []uint64
	count int
	err   error
}

func (m *mask) has(token int32) bool { return m.bits[token>>6]>>(token&63)&1 == 1 }

// New constrains texts over v to those of g. It is an error if no text of g can
// be spelt.
func New(g *Grammar, v *Vocabulary) (*Constraint, error) {
	c := &Constraint{v: v, m: newMachine(g)}
	s := c.m.start()
	if c.m.fault != nil {
		return nil, fmt.Errorf("constraining to a grammar: %w", c.m.fault)
	}
	start := *s // its own, for its tokens differ from those of equal states
	start.next = nil
	c.first, c.m.first = &start, &start
	if !c.spells(g) {
		c.explore()
	}
	if err := c.tokens(c.first).err; err != nil {
		return nil, fmt.Errorf("constraining to a grammar: %w", err)
	}
	if !start.accepting && c.tokens(c.first).count == 0 {
		return nil, fmt.Errorf("constraining to a grammar: its texts cannot be spelt with this vocabulary")
	}
	return c, nil
}

// spells tells whether every byte of g is a token.
func (c *Constraint) spells(g *Grammar) bool {
	for i := range g.nodes {
		for _, e := range g.nodes[i].bytes {
			for b := int(e.lo); b <= int(e.hi); b++ {
				if !c.v.bytes[b] {
					return false
				}
			}
		}
	}
	return true
}

// maxExplored bounds the states times tokens that explore looks at.
const maxExplored = 1 << 22

// explore walks all states that tokens lead to and cuts those from which no
// accepting one is reached. Where there are too many, nothing is cut.
func (c *Constraint) explore() {
	c.m.bounded()
	type edge struct{ from, to *State }
	var edges []edge
	order, index := []*State{c.first}, map[*State]bool{c.first: true}
	for i := 0; i < len(order); i++ {
		from := order[i]
		c.trie(from).walk(c.m, from, func(_ int32, to *State) {
			edges = append(edges, edge{from, to})
			if !index[to] {
				index[to] = true
				order = append(order, to)
			}
		})
		if len(edges) > maxExplored || len(order) > maxStates/4 || c.m.fault != nil || c.m.forgot > 0 {
			return
		}
	}
	for _, s := range order {
		s.live = s.accepting
	}
	for changed := true; changed; {
		changed = false
		for i := len(edges) - 1; i >= 0; i-- {
			if e := edges[i]; e.to.live && !e.from.live {
				e.from.live, changed = true, true
			}
		}
	}
	c.exact = true
}

func (c *Constraint) trie(s *State) *trie {
	if s == c.first {
		return c.v.first
	}
	return c.v.text
}

// Size is the number of tokens of the vocabulary.
func (c *Constraint) Size() int { return c.v.size }

// Start is the state before the first token.
func (c *Constraint) Start() *State { return c.first }

// Next is the state after a token, nil if the token is not allowed.
func (c *Constraint) Next(s *State, token int32) *State {
	c.mu.Lock()
	defer c.mu.Unlock()
	if token < 0 || int(token) >= c.v.size || !c.tokens(s).has(token) {
		return nil
	}
	c.m.bounded()
	for _, b := range c.trie(s).texts[token] {
		if s = c.m.step(s, b); s == nil {
			return nil
		}
	}
	return s
}

// Accepting tells whether the text may end here.
func (s *State) Accepting() bool { return s.accepting }

// Tokens is the set of tokens that may follow s, one bit each from the lowest of
// the first word on, and their number. It must not be changed. It is an error if
// that is too much work to find out: there may be exponentially many ways to have
// read a text.
func (c *Constraint) Tokens(s *State) (bits []uint64, count int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.tokens(s)
	return m.bits, m.count, m.err
}

func (c *Constraint) tokens(s *State) *mask {
	if s.tokens != nil {
		return s.tokens
	}
	m := &mask{bits: make([]uint64, (c.v.size+63)/64)}
	c.m.bounded()
	c.trie(s).walk(c.m, s, func(id int32, to *State) {
		if !c.exact || to.live {
			m.bits[id>>6] |= 1 << (id & 63)
			m.count++
		}
	})
	if m.err = c.m.fault; m.err != nil {
		clear(m.bits)
		m.count = 0
	}
	c.m.held += len(m.bits) / 2 // a configuration is as large as two words
	s.tokens = m
	return m
}

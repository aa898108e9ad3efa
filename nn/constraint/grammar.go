package constraint

import (
	"fmt"
	"slices"
)

// Grammar is a set of texts. It is immutable.
type Grammar struct {
	nodes []node
	start []int32 // of each rule; rule 0 is where texts start
	tail  []bool  // nodes where a rule ends and nothing else can happen
}

// compile makes a grammar of rules; root is the one whose texts are wanted.
func compile(root string, order []string, rules map[string]*expr) (*Grammar, error) {
	b := &builder{rules: map[string]int32{}}
	if i := slices.Index(order, root); i > 0 {
		order = slices.Concat([]string{root}, order[:i], order[i+1:])
	}
	for i, name := range order {
		b.rules[name] = int32(i)
	}
	g := &Grammar{}
	for _, name := range order {
		start := b.node()
		end := b.add(rules[name], start)
		if b.err != nil {
			return nil, fmt.Errorf("rule %s: %w", name, b.err)
		}
		b.nodes[end].final = true
		g.start = append(g.start, start)
	}
	g.nodes = b.nodes
	if !g.prune() {
		return nil, fmt.Errorf("no finite text matches")
	}
	if rule := g.leftRecursive(); rule >= 0 {
		return nil, fmt.Errorf("rule %s calls itself before it has consumed anything; write it with a repetition", order[rule])
	}
	g.findTails()
	return g, nil
}

// findTails marks nodes from which nothing can be read before the rule ends.
func (g *Grammar) findTails() {
	g.tail = make([]bool, len(g.nodes))
	before := make([][]int32, len(g.nodes))
	pending := make([]int, len(g.nodes)) // ways on that are not known to be tails
	var work []int32
	for i := range g.nodes {
		n := &g.nodes[i]
		if len(n.bytes)+len(n.calls) > 0 {
			continue
		}
		for _, to := range n.empty {
			before[to] = append(before[to], int32(i))
		}
		if pending[i] = len(n.empty); pending[i] == 0 {
			work = append(work, int32(i))
		}
	}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		g.tail[i] = true
		for _, from := range before[i] {
			if pending[from]--; pending[from] == 0 {
				work = append(work, from)
			}
		}
	}
}

// prune cuts edges to nodes from which the end of their rule cannot be reached,
// so that no walk ends in one. False if the first rule has no texts at all.
func (g *Grammar) prune() bool {
	live := g.ends(true)
	for i := range g.nodes {
		n := &g.nodes[i]
		n.bytes = slices.DeleteFunc(n.bytes, func(e byteEdge) bool { return !live[e.to] })
		n.empty = slices.DeleteFunc(n.empty, func(to int32) bool { return !live[to] })
		n.calls = slices.DeleteFunc(n.calls, func(e callEdge) bool { return !live[e.to] || !live[g.start[e.rule]] })
	}
	return live[g.start[0]]
}

// ends tells from which nodes the end of their rule can be reached, with bytes
// or without consuming any.
func (g *Grammar) ends(bytes bool) []bool {
	// What a node's being able to may enable: those with an edge to it, and
	// callers of the rule that it starts.
	before := make([][]int32, len(g.nodes))
	for i := range g.nodes {
		n, from := &g.nodes[i], int32(i)
		for _, e := range n.bytes {
			if bytes {
				before[e.to] = append(before[e.to], from)
			}
		}
		for _, to := range n.empty {
			before[to] = append(before[to], from)
		}
		for _, e := range n.calls {
			before[e.to] = append(before[e.to], from)
			before[g.start[e.rule]] = append(before[g.start[e.rule]], from)
		}
	}
	live := make([]bool, len(g.nodes))
	alive := func(i int32) bool {
		n := &g.nodes[i]
		return n.final ||
			bytes && slices.ContainsFunc(n.bytes, func(e byteEdge) bool { return live[e.to] }) ||
			slices.ContainsFunc(n.empty, func(to int32) bool { return live[to] }) ||
			slices.ContainsFunc(n.calls, func(e callEdge) bool { return live[e.to] && live[g.start[e.rule]] })
	}
	var work []int32
	try := func(i int32) {
		if !live[i] && alive(i) {
			live[i] = true
			work = append(work, i)
		}
	}
	for i := range g.nodes {
		try(int32(i))
	}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		for _, from := range before[i] {
			try(from)
		}
	}
	return live
}

// leftRecursive is a rule that can call itself without consuming a byte, -1 if
// there is none. Expanding it would never end.
func (g *Grammar) leftRecursive() int {
	empty := g.ends(false)
	// leads are the rules that may be called at the beginning of rule r.
	leads := func(r int, called func(int32)) {
		seen := map[int32]bool{}
		var walk func(i int32)
		walk = func(i int32) {
			if seen[i] {
				return
			}
			seen[i] = true
			n := &g.nodes[i]
			for _, to := range n.empty {
				walk(to)
			}
			for _, e := range n.calls {
				called(e.rule)
				if empty[g.start[e.rule]] {
					walk(e.to)
				}
			}
		}
		walk(g.start[r])
	}
	state := make([]uint8, len(g.start)) // 1: on the path, 2: done
	var visit func(r int) int
	visit = func(r int) int {
		state[r] = 1
		found := -1
		leads(r, func(next int32) {
			if found < 0 && state[next] == 1 {
				found = int(next)
			} else if found < 0 && state[next] == 0 {
				found = visit(int(next))
			}
		})
		state[r] = 2
		return found
	}
	for r := range g.start {
		if state[r] == 0 {
			if found := visit(r); found >= 0 {
				return found
			}
		}
	}
	return -1
}

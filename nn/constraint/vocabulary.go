package constraint

import "slices"

// Vocabulary is the texts of tokens. It is immutable, and made once for a
// tokenizer.
type Vocabulary struct {
	size        int
	text, first *trie
	bytes       [256]bool // those that are a token by themselves
}

// NewVocabulary takes the text that each token adds to a text, and what it is as
// the first of a text, nil if that is the same. A token without text (a special
// one) is never allowed.
func NewVocabulary(texts, first [][]byte) *Vocabulary {
	v := &Vocabulary{size: len(texts), text: newTrie(texts)}
	v.first = v.text
	if first != nil {
		v.first = newTrie(first)
	}
	for _, t := range texts {
		if len(t) == 1 {
			v.bytes[t[0]] = true
		}
	}
	return v
}

// Size is the number of tokens.
func (v *Vocabulary) Size() int { return v.size }

// trie holds tokens by their texts, so that what many begin with is walked once.
type trie struct {
	texts [][]byte
	root  *trieNode
}

type trieNode struct {
	label    []byte // of the children
	children []*trieNode
	tokens   []int32
}

func newTrie(texts [][]byte) *trie {
	order := make([]int32, 0, len(texts))
	for i, t := range texts {
		if len(t) > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return slices.Compare(texts[a], texts[b]) })
	t := &trie{texts: texts, root: &trieNode{}}
	for _, id := range order {
		n := t.root
		for _, b := range texts[id] {
			last := len(n.label) - 1
			if last < 0 || n.label[last] != b {
				n.label = append(n.label, b)
				n.children = append(n.children, &trieNode{})
				last++
			}
			n = n.children[last]
		}
		n.tokens = append(n.tokens, id)
	}
	return t
}

// walk calls found for each token whose text leads from s to a state, until the
// machine's bounds are reached.
func (t *trie) walk(m *machine, s *State, found func(token int32, to *State)) {
	var visit func(n *trieNode, s *State)
	visit = func(n *trieNode, s *State) {
		for i, b := range n.label {
			to := m.step(s, b)
			if m.fault != nil {
				return
			}
			if to == nil {
				continue
			}
			child := n.children[i]
			for _, id := range child.tokens {
				found(id, to)
			}
			visit(child, to)
		}
	}
	visit(t.root, s)
}

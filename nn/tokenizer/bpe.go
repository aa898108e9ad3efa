package tokenizer

import (
	"container/heap"
	"strings"
	"unicode/utf8"
)

// bpe is byte-pair encoding of the SentencePiece kind: text is normalised, cut
// into characters, and the adjacent pair of lowest rank is merged until none is
// left. A character without a token falls back to its bytes. Without merges it
// is the byte tokenizer.
type bpe struct {
	vocab  map[string]int32
	bytes  [256]int32 // token of each byte; -1 where there is none
	merges map[[2]int32]merge

	prepend      string // put before the text, unless it continues other text
	onlyFirst    bool   // ... and only before the whole text
	unlessThere  bool   // ... and not if it starts so already
	replace      [][2]string
	split        string // cut the text before each of these; "" does not cut
	wholeFirst   bool   // a piece that is a token is not merged up
	byteFallback bool
}

// merge says that a pair becomes id; lower ranks go first.
type merge struct{ rank, id int32 }

func (b *bpe) encode(dst []int32, text string, start, first bool) ([]int32, error) {
	s := text
	if b.unlessThere { // a pre-tokenizer: replaces first
		s = b.replaced(s)
	}
	if b.prepend != "" && start && (first || !b.onlyFirst) && !(b.unlessThere && strings.HasPrefix(s, b.prepend)) {
		s = b.prepend + s
	}
	if !b.unlessThere {
		s = b.replaced(s)
	}
	for len(s) > 0 {
		end := len(s)
		if b.split != "" {
			if i := strings.Index(s[1:], b.split); i >= 0 {
				end = i + 1
			}
		}
		var err error
		if dst, err = b.word(dst, s[:end], text); err != nil {
			return nil, err
		}
		s = s[end:]
	}
	return dst, nil
}

func (b *bpe) replaced(s string) string {
	for _, r := range b.replace {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return s
}

// symbol is one token of a word under way, in a linked list.
type symbol struct {
	id         int32
	prev, next int32
}

// word encodes a normalised piece of text; text is the original, for errors.
func (b *bpe) word(dst []int32, s, text string) ([]int32, error) {
	if b.wholeFirst {
		if id, ok := b.vocab[s]; ok {
			return append(dst, id), nil
		}
	}
	base := len(dst)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if id, ok := b.vocab[s[i:i+n]]; ok && !(r == utf8.RuneError && n == 1) {
			dst = append(dst, id)
			i += n
			continue
		}
		for k := i; k < i+n; k++ {
			id := b.bytes[s[k]]
			if !b.byteFallback || id < 0 {
				// The first of its kind is the one met first: whether a
				// character can be expressed does not depend on its place.
				return nil, &UnknownTextError{r, strings.IndexRune(text, r)}
			}
			dst = append(dst, id)
		}
		i += n
	}
	if len(b.merges) == 0 || len(dst)-base < 2 {
		return dst, nil
	}
	return append(dst[:base], b.merged(dst[base:])...), nil
}

// merged applies merges, lowest rank first and leftmost among equals.
func (b *bpe) merged(ids []int32) []int32 {
	list := make([]symbol, len(ids))
	var q mergeQueue
	for i, id := range ids {
		list[i] = symbol{id, int32(i - 1), int32(i + 1)}
		if i > 0 {
			if m, ok := b.merges[[2]int32{ids[i-1], id}]; ok {
				q = append(q, candidate{m.rank, int32(i - 1), ids[i-1], id})
			}
		}
	}
	list[len(list)-1].next = -1
	heap.Init(&q)
	offer := func(at int32) {
		if at < 0 || list[at].next < 0 {
			return
		}
		l, r := list[at].id, list[list[at].next].id
		if m, ok := b.merges[[2]int32{l, r}]; ok {
			heap.Push(&q, candidate{m.rank, at, l, r})
		}
	}
	for q.Len() > 0 {
		c := heap.Pop(&q).(candidate)
		l := &list[c.at]
		// Either half may have been merged into something else meanwhile.
		if l.id != c.left || l.next < 0 || list[l.next].id != c.right {
			continue
		}
		r := &list[l.next]
		l.id = b.merges[[2]int32{c.left, c.right}].id
		r.id = -1
		l.next = r.next
		if l.next >= 0 {
			list[l.next].prev = c.at
		}
		offer(l.prev)
		offer(c.at)
	}
	out := ids[:0]
	for i := int32(0); i >= 0; i = list[i].next {
		out = append(out, list[i].id)
	}
	return out
}

// candidate is a pair that may be merged: the symbol at and its successor.
type candidate struct{ rank, at, left, right int32 }

type mergeQueue []candidate

func (q mergeQueue) Len() int { return len(q) }
func (q mergeQueue) Less(i, j int) bool {
	return q[i].rank < q[j].rank || (q[i].rank == q[j].rank && q[i].at < q[j].at)
}
func (q mergeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *mergeQueue) Push(x any)   { *q = append(*q, x.(candidate)) }
func (q *mergeQueue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

package tokenizer

// merge says that a pair becomes id; lower ranks go first.
type merge struct{ rank, id int32 }

// symbol is one token of a word under way, in a linked list.
type symbol struct {
	id         int32
	prev, next int32
}

// candidate is a pair that may be merged: the symbol at and its successor.
type candidate struct{ rank, at, left, right int32 }

func (c candidate) before(d candidate) bool {
	return c.rank < d.rank || c.rank == d.rank && c.at < d.at
}

// short is how many symbols are merged by looking at all of them each time,
// which is faster for words than a heap is.
const short = 24

// merged applies merges, lowest rank first and leftmost among equals. It takes
// n log n steps for n ids, which it overwrites.
func (b *bpe) merged(ids []int32) []int32 {
	if len(ids) <= short {
		return b.mergedShort(ids)
	}
	list := make([]symbol, len(ids))
	q := make(mergeQueue, 0, len(ids))
	for i, id := range ids {
		list[i] = symbol{id, int32(i - 1), int32(i + 1)}
		if i > 0 {
			if m, ok := b.merges[[2]int32{ids[i-1], id}]; ok {
				q.push(candidate{m.rank, int32(i - 1), ids[i-1], id})
			}
		}
	}
	list[len(list)-1].next = -1
	offer := func(at int32) {
		if at < 0 || list[at].next < 0 {
			return
		}
		l, r := list[at].id, list[list[at].next].id
		if m, ok := b.merges[[2]int32{l, r}]; ok {
			q.push(candidate{m.rank, at, l, r})
		}
	}
	for len(q) > 0 {
		c := q.pop()
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

func (b *bpe) mergedShort(ids []int32) []int32 {
	const none = int32(-1)
	var ranks, become [short]int32 // of each id with its successor
	look := func(i int) {
		ranks[i] = none
		if i+1 < len(ids) {
			if m, ok := b.merges[[2]int32{ids[i], ids[i+1]}]; ok {
				ranks[i], become[i] = m.rank, m.id
			}
		}
	}
	for i := range ids {
		look(i)
	}
	for {
		best := -1
		for i := range len(ids) - 1 {
			if ranks[i] != none && (best < 0 || ranks[i] < ranks[best]) {
				best = i
			}
		}
		if best < 0 {
			return ids
		}
		ids[best] = become[best]
		ids = append(ids[:best+1], ids[best+2:]...)
		copy(ranks[best+1:], ranks[best+2:])
		copy(become[best+1:], become[best+2:])
		look(best)
		if best > 0 {
			look(best - 1)
		}
	}
}

// mergeQueue is a binary heap, the next candidate first.
type mergeQueue []candidate

func (q *mergeQueue) push(c candidate) {
	h := append(*q, c)
	i := len(h) - 1
	for i > 0 && c.before(h[(i-1)/2]) {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = c
	*q = h
}

func (q *mergeQueue) pop() candidate {
	h := *q
	top, c := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	i := 0
	for {
		k := 2*i + 1
		if k >= len(h) {
			break
		}
		if k+1 < len(h) && h[k+1].before(h[k]) {
			k++
		}
		if !h[k].before(c) {
			break
		}
		h[i] = h[k]
		i = k
	}
	if len(h) > 0 {
		h[i] = c
	}
	*q = h
	return top
}

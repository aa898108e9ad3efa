// Package rank turns comparisons of pairs into an order of items: Bradley-Terry
// strengths, win shares, PageRank and Elo. Items are numbered from 0; whoever
// calls it keeps their names.
//
// All but Elo read a Table, which holds one entry a pair that was ever compared
// and so is bounded by the number of such pairs, not by that of comparisons.
// Nothing here draws random numbers.
package rank

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
)

// Outcome is a comparison of two items.
type Outcome struct {
	First, Second int
	// Value is how far First won, in 0..1: 1 a win, 0 a loss, 0.5 exactly a tie,
	// and anything else a graded verdict, such as the probability that First is
	// better, which counts as that part of a win and the rest of a loss.
	Value float64
	Count float64 // how often it came out so; 0 is once
}

// Table holds how often each of n items beat each other one. It is immutable.
type Table struct {
	n int
	// The opponents of item i are entries from[i] to from[i+1], in order.
	from  []int
	other []int32
	won   []float64 // by i
	lost  []float64
	tied  []float64
}

// maxItems keeps an item's number within the 32 bits that an entry has for it.
const maxItems = math.MaxInt32

// Tally counts outcomes among n items. Outcomes are read once, in order, and
// not kept.
func Tally(n int, outcomes iter.Seq[Outcome]) (*Table, error) {
	if n < 0 || n > maxItems {
		return nil, fmt.Errorf("counting comparisons: %d items; there may be 0 to %d", n, maxItems)
	}
	var c counter
	at := 0
	for o := range outcomes {
		if err := o.check(n); err != nil {
			return nil, fmt.Errorf("counting comparisons: number %d: %w", at, err)
		}
		at++
		c.add(o)
	}
	return c.table(n), nil
}

func (o Outcome) check(n int) error {
	switch {
	case o.First < 0 || o.First >= n || o.Second < 0 || o.Second >= n:
		return fmt.Errorf("items %d and %d, of %d counted from 0", o.First, o.Second, n)
	case o.First == o.Second:
		return fmt.Errorf("item %d is compared with itself", o.First)
	case !(o.Value >= 0 && o.Value <= 1):
		return fmt.Errorf("the value is %v; it must be from 0 (the second won) to 1 (the first won)", o.Value)
	case !(o.Count >= 0) || math.IsInf(o.Count, 0):
		return fmt.Errorf("it counts %v; it must be 0 (for once) or more", o.Count)
	}
	return nil
}

// pair is what is known of two items; low is the smaller number.
type pair struct {
	low, high       int32
	won, lost, tied float64 // won by low
}

// key orders pairs by low, then by high.
func (p pair) key() uint64 { return uint64(p.low)<<32 | uint64(p.high) }

// counter sums outcomes by pair. Equal pairs are merged whenever the list has
// doubled, which bounds it by twice the different pairs (or the least below).
type counter struct {
	pairs  []pair
	merged int // the first of them are sorted and differ
}

const leastPairs = 1 << 14

func (c *counter) add(o Outcome) {
	count := o.Count
	if count == 0 {
		count = 1
	}
	p := pair{low: int32(o.First), high: int32(o.Second)}
	won, lost := count*o.Value, count*(1-o.Value)
	if o.Value == 0.5 {
		won, lost, p.tied = 0, 0, count
	}
	if p.low > p.high {
		p.low, p.high, won, lost = p.high, p.low, lost, won
	}
	p.won, p.lost = won, lost
	if c.pairs = append(c.pairs, p); len(c.pairs) >= max(leastPairs, 2*c.merged) {
		c.merge()
	}
}

func (c *counter) merge() {
	slices.SortFunc(c.pairs, func(p, q pair) int { return cmp.Compare(p.key(), q.key()) })
	kept := c.pairs[:0]
	for _, p := range c.pairs {
		if k := len(kept); k > 0 && kept[k-1].key() == p.key() {
			last := &kept[k-1]
			last.won, last.lost, last.tied = last.won+p.won, last.lost+p.lost, last.tied+p.tied
			continue
		}
		kept = append(kept, p)
	}
	c.pairs, c.merged = kept, len(kept)
}

func (c *counter) table(n int) *Table {
	c.merge()
	size := 2 * len(c.pairs)
	t := &Table{n: n, from: make([]int, n+1), other: make([]int32, size), won: make([]float64, size), lost: make([]float64, size), tied: make([]float64, size)}
	for _, p := range c.pairs {
		t.from[p.low+1]++
		t.from[p.high+1]++
	}
	for i := range n {
		t.from[i+1] += t.from[i]
	}
	next := slices.Clone(t.from)
	put := func(i, j int32, won, lost, tied float64) {
		k := next[i]
		next[i]++
		t.other[k], t.won[k], t.lost[k], t.tied[k] = j, won, lost, tied
	}
	for _, p := range c.pairs {
		put(p.low, p.high, p.won, p.lost, p.tied)
		put(p.high, p.low, p.lost, p.won, p.tied)
	}
	return t
}

// Len is the number of items.
func (t *Table) Len() int { return t.n }

// Pairs is how many pairs of items were compared.
func (t *Table) Pairs() int { return len(t.other) / 2 }

// Order lists the items from the highest value to the lowest, the smaller
// number first among equals.
func Order(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order
}

package nn

import "math"

// ranked is a token with its probability, as one number: greater means
// likelier, and among equals the lower token. Probabilities are not negative,
// so their bits order as they do.
type ranked uint64

func rank(p float32, token int) ranked {
	return ranked(math.Float32bits(p))<<32 | ranked(^uint32(token))
}

func (r ranked) p() float64   { return float64(math.Float32frombits(uint32(r >> 32))) }
func (r ranked) token() int32 { return int32(^uint32(r)) }

// keep returns the tokens of positive probability that survive top-k, then
// top-p (Holtzman et al. 2020), then min-p (Nguyen et al. 2024), in no
// particular order. The likeliest always does. Nothing is sorted as a whole:
// first goes what cannot survive by a bound on its probability, then selection
// takes time in proportion to what is left.
func (d *drawer) keep(q []float32, p *Prompt) []ranked {
	floor, all := d.floor(q, p)
	list := d.kept[:0]
	for i, v := range q {
		if v > 0 && float64(v) >= floor {
			list = append(list, rank(v, i))
		}
	}
	d.kept = list
	if len(list) == 0 { // the logits are not numbers
		return append(list, rank(0, 0))
	}
	if p.TopK > 0 && p.TopK < len(list) {
		list = list[:likeliest(list, func(n int, _ float64) bool { return n >= p.TopK })]
	}
	if p.TopP > 0 && p.TopP < 1 {
		if p.TopK > 0 {
			all = mass(list)
		}
		list = list[:likeliest(list, func(_ int, sum float64) bool { return sum >= p.TopP*all })]
	}
	if p.MinP > 0 {
		top := ranked(0)
		for _, r := range list {
			top = max(top, r)
		}
		n := 0
		for _, r := range list {
			if r == top || r.p() >= p.MinP*top.p() {
				list[n] = r
				n++
			}
		}
		list = list[:n]
	}
	return list
}

// floor is a probability below which no token survives, and the total of q.
func (d *drawer) floor(q []float32, p *Prompt) (floor, all float64) {
	const block = 64
	tops := d.tops[:0]
	for lo := 0; lo < len(q); lo += block {
		top := float32(0)
		for _, v := range q[lo:min(lo+block, len(q))] {
			top = max(top, v)
			all += float64(v)
		}
		tops = append(tops, rank(top, lo))
	}
	d.tops = tops
	nucleus := p.TopP > 0 && p.TopP < 1
	if nucleus && p.TopK == 0 {
		// All tokens below it together have less than what top-p leaves out.
		// Half of that allows for rounding.
		floor = (1 - p.TopP) * all / float64(2*len(q))
	}
	if p.MinP > 0 && !(nucleus && p.TopK > 0) { // there, top-p needs the mass of all k
		for _, r := range tops {
			floor = max(floor, p.MinP*r.p())
		}
	}
	if p.TopK > 0 && p.TopK < len(tops) {
		// There are k tokens of at least the k-th of the blocks' largest.
		n := likeliest(tops, func(n int, _ float64) bool { return n >= p.TopK })
		least := tops[0]
		for _, r := range tops[:n] {
			least = min(least, r)
		}
		floor = max(floor, least.p())
	}
	return floor, all
}

func mass(list []ranked) float64 {
	sum := 0.0
	for _, r := range list {
		sum += r.p()
	}
	return sum
}

// likeliest rearranges list so that its first n entries are the likeliest n,
// and returns the least n for which enough(n, their mass) holds, or all. enough
// must be monotonous. The n-th entry is the least likely of them. It is
// quickselect, with masses in place of ranks.
func likeliest(list []ranked, enough func(n int, sum float64) bool) int {
	lo, hi, before := 0, len(list), 0.0
	for hi-lo > 16 {
		pivot := median(list[lo], list[(lo+hi)/2], list[hi-1])
		m, sum := lo, before
		for i := lo; i < hi; i++ {
			if r := list[i]; r >= pivot {
				list[i], list[m] = list[m], r
				m++
				sum += r.p()
			}
		}
		if enough(m, sum) {
			hi = m
		} else {
			lo, before = m, sum
		}
	}
	for i := lo + 1; i < hi; i++ {
		for j := i; j > lo && list[j] > list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	for n := lo; n < hi; n++ {
		if before += list[n].p(); enough(n+1, before) {
			return n + 1
		}
	}
	return hi
}

func median(a, b, c ranked) ranked {
	return max(min(a, b), min(max(a, b), c))
}

package nn

import (
	"container/list"

	"pawl/tensor"
)

// kvRows are the keys and values of one sequence, by layer: keys as columns, so
// that no step needs to turn them, then values as rows.
//
// A row depends on nothing but the tokens up to its own, so whoever begins with
// the same tokens may copy it. Rows are written once; those of tokens are
// complete, and may be read while later ones are being written.
type kvRows struct {
	data   []float32
	cap    int           // rows a layer
	tokens []int32       // empty: not to be found
	pins   int           // readers
	orphan bool          // dropped, but for its readers
	kept   *list.Element // in the pool's list of kept ones, or nil
}

// layer is the cache of one layer: keys [kv, cap] and values [cap, kv].
func (r *kvRows) layer(l, kv int) (kt, v tensor.Mat) {
	size := r.cap * kv
	keys, values := r.data[2*l*size:(2*l+1)*size], r.data[(2*l+1)*size:(2*l+2)*size]
	return tensor.Mat{Data: keys, Rows: kv, Cols: r.cap, Stride: r.cap}, tensor.Mat{Data: values, Rows: r.cap, Cols: kv, Stride: kv}
}

// copyFrom takes over the first n rows of every layer.
func (r *kvRows) copyFrom(src *kvRows, layers, kv, n int) {
	for l := range layers {
		kt, v := r.layer(l, kv)
		fromKeys, fromValues := src.layer(l, kv)
		for d := range kv {
			copy(kt.Row(d)[:n], fromKeys.Row(d))
		}
		copy(v.Data[:n*kv], fromValues.Data)
	}
}

// kvPool holds the memory of all sequences of a sampler, and finds those that
// ended lately by how their tokens begin. It is guarded by the sampler's mutex.
type kvPool struct {
	layers, width int
	limit, keep   int // floats in all, and in kept ones
	used, holds   int // floats that there are, and in kept ones
	free          map[int][]*kvRows
	index         map[uint64]*kvRows // by hash of a prefix of whole blocks
	lru           list.List          // of kept ones, latest first
	hashes        []uint64
}

const (
	prefixBlock = 32 // tokens; shorter prefixes are not shared
	leastKept   = 64 // tokens; shorter sequences are not kept
)

func (p *kvPool) init(c *Config, bytes, keep int64) {
	p.layers, p.width = c.Layers, 2*c.kvDim()
	p.limit, p.keep = int(bytes/4), int(max(min(bytes, keep), 0)/4)
	p.free, p.index = map[int][]*kvRows{}, map[uint64]*kvRows{}
}

// kvCap rounds up to sizes of which few are in use: multiples of 16, near powers
// of two and those in the middle between them. They are no multiples of 256, so
// that the keys of a column do not all fall into one set of the processor's
// cache.
func kvCap(rows int) int {
	size := 16
	for size < rows {
		if more := size + size/2; more >= rows && size > 16 {
			size = more
			break
		}
		size *= 2
	}
	if size%256 == 0 {
		size += 16
	}
	return size
}

func (p *kvPool) size(r *kvRows) int { return r.cap * p.layers * p.width }

// get is memory for a sequence of the given length, nil if there is no room,
// unless force says that there must be.
func (p *kvPool) get(rows int, force bool) *kvRows {
	n := kvCap(rows)
	if list := p.free[n]; len(list) > 0 {
		p.free[n] = list[:len(list)-1]
		return list[len(list)-1]
	}
	size := n * p.layers * p.width
	for p.used+size > p.limit && p.shrink() {
	}
	if p.used+size > p.limit && !force {
		return nil
	}
	p.used += size
	return &kvRows{data: tensor.Alloc(size), cap: n}
}

// shrink gives up memory that no sequence needs: unused, else the kept one that
// was of use longest ago. False if there is none.
func (p *kvPool) shrink() bool {
	for n, list := range p.free {
		if len(list) > 0 {
			p.used -= p.size(list[0])
			p.free[n] = list[:len(list)-1]
			return true
		}
	}
	return p.evict()
}

// evict frees the oldest of the kept ones; false if there is none.
func (p *kvPool) evict() bool {
	for e := p.lru.Back(); e != nil; e = e.Prev() {
		if r := e.Value.(*kvRows); r.pins == 0 {
			p.drop(r)
			return true
		}
	}
	return false
}

// drop makes memory free for others, once nobody reads it.
func (p *kvPool) drop(r *kvRows) {
	p.hide(r)
	if r.kept != nil {
		p.lru.Remove(r.kept)
		r.kept = nil
		p.holds -= p.size(r)
	}
	if r.orphan = r.pins > 0; r.orphan {
		return
	}
	p.free[r.cap] = append(p.free[r.cap], r)
}

func (p *kvPool) unpin(r *kvRows) {
	if r.pins--; r.pins == 0 && r.orphan {
		p.drop(r)
	}
}

// forget drops all that was kept: the weights have changed.
func (p *kvPool) forget() {
	for p.evict() {
	}
}

// ended keeps the rows of tokens, if they are many enough and there is room.
func (p *kvPool) ended(r *kvRows, tokens []int32) {
	if len(tokens) < leastKept || p.size(r) > p.keep {
		p.drop(r)
		return
	}
	p.publish(r, tokens)
	r.kept = p.lru.PushFront(r)
	for p.holds += p.size(r); p.holds > p.keep && p.evict(); {
	}
}

// publish lets others find r, whose rows hold tokens.
func (p *kvPool) publish(r *kvRows, tokens []int32) {
	if p.size(r) > p.keep || len(tokens) < leastKept {
		return
	}
	r.tokens = tokens
	for _, h := range p.blocks(tokens) {
		p.index[h] = r
	}
}

func (p *kvPool) hide(r *kvRows) {
	for _, h := range p.blocks(r.tokens) {
		if p.index[h] == r {
			delete(p.index, h)
		}
	}
	r.tokens = nil
}

// blocks are the hashes of all prefixes of whole blocks.
func (p *kvPool) blocks(tokens []int32) []uint64 {
	p.hashes = p.hashes[:0]
	h := uint64(0)
	for i, id := range tokens {
		h = mix64(h ^ uint64(id) + 0x9e3779b97f4a7c15)
		if (i+1)%prefixBlock == 0 {
			p.hashes = append(p.hashes, h)
		}
	}
	return p.hashes
}

// find is the sequence that shares the longest beginning with tokens, of at
// most most tokens, and how many. It is pinned.
func (p *kvPool) find(tokens []int32, most int) (*kvRows, int) {
	if most < prefixBlock || len(p.index) == 0 {
		return nil, 0
	}
	var best *kvRows
	for _, h := range p.blocks(tokens[:most]) {
		r := p.index[h]
		if r == nil {
			break
		}
		best = r
	}
	if best == nil {
		return nil, 0
	}
	n := commonPrefix(best.tokens, tokens[:most])
	if n < prefixBlock { // two prefixes of one hash
		return nil, 0
	}
	best.pins++
	if best.kept != nil {
		p.lru.MoveToFront(best.kept)
	}
	return best, n
}

func commonPrefix(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

package nn

import (
	"slices"

	"pawl/tensor"
)

// decoder advances many sequences together, one token a step. Prompts are read
// in packed passes (forward.go), each once for all its samples; a finished
// sequence gives its slot to the next at once.
//
// A cache row holds key and value of one token side by side. Slots lie one
// after the other, in each the layers.
type decoder struct {
	j   *job
	m   *Model
	pw  *packedWeights
	ctx int // cache rows per slot and layer

	cache []float32
	slots []slot
	idle  []int // slots without a sequence
	live  []int // slots at work

	read  shard       // the pass over prompts
	ready []unit      // whose prompts are in read, sequence by sequence
	last  []int       // the out of each of them that predicts the first token
	given [][]float32 // log-probabilities of their prompts, where wanted
	first int         // the first of them with samples left to start
	taken int         // samples of it already started

	x, n1, qkv, att, gateUp, act, logits block
	inv, invQK, scratch, row             []float32
	pos, path                            []int32
	draw                                 drawer
	look                                 observer
	arena                                arena
}

// slot is one sequence under way.
type slot struct {
	unit   int // index of its prompt
	at     int // sample, counted from the prompt's First
	n      int // rows in the cache
	token  int32
	limit  int
	rng    stream
	tokens []int32
	logp   []float32
	raw    []float32
	seen   *Seen
	watch  func(int32) bool
}

// cacheFloats bounds a decoder's cache, to 256 MiB: long contexts get fewer slots.
const cacheFloats = 64 << 20

// readRows is about how many prompt tokens are read in one pass.
const readRows = 192

func (d *decoder) run(m *Model, pw *packedWeights, j *job, slots int) {
	d.j, d.m, d.pw = j, m, pw
	d.prepare(slots)
	for {
		if j.failed.Load() || j.ctx.Err() != nil {
			j.failed.Store(true)
			break
		}
		for len(d.idle) > 0 && d.start() {
		}
		if len(d.live) == 0 {
			break
		}
		d.step()
	}
	d.j, d.m, d.pw = nil, nil, nil
}

// prepare sizes the cache for the longest sequence of the job.
func (d *decoder) prepare(slots int) {
	c := &d.m.cfg
	need, total := 1, 0
	for i := range d.j.prompts {
		p := &d.j.prompts[i]
		need = max(need, len(p.Tokens)+p.limit(c))
		total += p.N
	}
	d.ctx = need
	slots = max(min(slots, total, cacheFloats/d.slotSize()), 1)
	d.cache = growAligned(d.cache, slots*d.slotSize())
	for len(d.slots) < slots {
		d.slots = append(d.slots, slot{})
	}
	d.idle, d.live, d.ready = d.idle[:0], d.live[:0], d.ready[:0]
	d.taken, d.first = 0, 0
	for i := slots - 1; i >= 0; i-- {
		d.idle = append(d.idle, i)
	}
	d.scratch = growAligned(d.scratch, tensor.AttentionStepScratch(need, c.HeadDim()))
}

func (d *decoder) slotSize() int { return d.m.cfg.Layers * d.ctx * 2 * d.m.cfg.kvDim() }

// cacheOf is the keys and values of a slot's layer, side by side.
func (d *decoder) cacheOf(slot, layer int) tensor.Mat {
	row := 2 * d.m.cfg.kvDim()
	size := d.ctx * row
	lo := slot*d.slotSize() + layer*size
	return tensor.Mat{Data: d.cache[lo : lo+size], Rows: d.ctx, Cols: row, Stride: row}
}

// start gives the next sample to an idle slot; false if there is none left.
func (d *decoder) start() bool {
	if d.first == len(d.ready) && !d.readPrompts() {
		return false
	}
	u, seq := d.ready[d.first], d.first
	p := &d.j.prompts[u.prompt]
	at := u.lo + d.taken
	if d.taken++; u.lo+d.taken == u.hi {
		d.first, d.taken = d.first+1, 0
	}
	i := d.idle[len(d.idle)-1]
	s := &d.slots[i]
	n := len(p.Tokens)
	limit := p.limit(&d.m.cfg)
	*s = slot{unit: u.prompt, at: at, n: n, limit: limit, rng: newStream(p.Seed, uint64(p.First+at))}
	if p.Want != (Want{}) {
		s.seen = &Seen{Prompted: d.given[seq]}
	}
	if limit == 0 {
		d.j.done(Completion{Prompt: u.prompt, Sample: p.First + at, Seen: s.seen}, at)
		return true
	}
	if p.Watch != nil {
		s.watch = p.Watch(p.First + at)
	}
	s.tokens, s.logp, s.raw = d.arena.take(limit)
	out := d.last[seq]
	if d.choose(s, d.read.logits.Row(out), d.read.normed.Row(out)) {
		return true
	}
	// The prompt's keys and values, from the pass that read it.
	q, kv := d.m.cfg.qDim(), d.m.cfg.kvDim()
	r0, r1 := d.read.start[seq], d.read.start[seq+1]
	for l := range d.m.cfg.Layers {
		cache := d.cacheOf(i, l)
		for r := r0; r < r1; r++ {
			copy(cache.Row(r-r0), d.read.layers[l].qkv.Row(r)[q:q+2*kv])
		}
	}
	d.idle = d.idle[:len(d.idle)-1]
	d.live = append(d.live, i)
	return true
}

// readPrompts takes the next units and computes their prompts in one pass.
func (d *decoder) readPrompts() bool {
	d.ready, d.last, d.first = d.ready[:0], d.last[:0], 0
	d.read.reset()
	for d.read.rows < readRows && len(d.ready) < len(d.slots) {
		i := int(d.j.next.Add(1)) - 1
		if i >= len(d.j.units) {
			break
		}
		u := d.j.units[i]
		d.ready = append(d.ready, u)
		p := &d.j.prompts[u.prompt]
		base := d.read.rows
		d.read.feed(p.Tokens, d.m.cfg.Heads)
		if p.Want.Prompt {
			for t, id := range p.Tokens[1:] {
				d.read.want(base+t, id, len(d.ready)-1, t+1)
			}
		}
		d.read.want(d.read.rows-1, -1, 0, 0)
		d.last = append(d.last, d.read.outs-1)
	}
	if len(d.ready) == 0 {
		return false
	}
	d.read.forward(d.m, d.pw)
	d.given = grow(d.given, len(d.ready))
	clear(d.given)
	for i, u := range d.ready {
		if p := &d.j.prompts[u.prompt]; p.Want.Prompt {
			d.given[i] = make([]float32, len(p.Tokens))
		}
	}
	if s := &d.read; s.outs > len(d.ready) {
		s.logp, s.lse = growAligned(s.logp, s.outs), growAligned(s.lse, s.outs)
		tensor.LogSoftmaxAt(s.logp, s.lse, s.logits.Mat, s.target)
		for i, lp := range s.logp {
			if s.target[i] >= 0 {
				d.given[s.outSeq[i]][s.outPos[i]] = lp
			}
		}
	}
	return true
}

// step feeds the last token of every live slot and draws the next.
func (d *decoder) step() {
	c, m := &d.m.cfg, d.m
	w, q, kv, rows := c.Width, c.qDim(), c.kvDim(), len(d.live)
	eps := float32(c.NormEps)
	embed := m.lay.embed.mat(m.w)
	d.pos = grow(d.pos, rows)
	d.inv = growAligned(d.inv, rows)
	x := d.x.shape(rows, w)
	for i, id := range d.live {
		s := &d.slots[id]
		copy(x.Row(i), embed.Row(int(s.token)))
		d.pos[i] = int32(s.n)
	}
	n1 := d.n1.shape(rows, w)
	qkv, att := d.qkv.shape(rows, q+2*kv), d.att.shape(rows, q)
	if c.QKNorm {
		d.invQK = growAligned(d.invQK, rows*(c.Heads+c.KVHeads))
	}
	gu, act := d.gateUp.shape(rows, 2*c.Hidden), d.act.shape(rows, c.Hidden)
	for l := range c.Layers {
		lay, pk := &m.lay.layers[l], &d.pw.layers[l]
		tensor.RMSNorm(n1, x, lay.norm1.of(m.w), d.inv, eps)
		tensor.Mul(qkv, n1, &pk.qkv, false)
		m.finishQKV(qkv, lay, d.pos, d.invQK, tensor.Mat{})
		for i, id := range d.live {
			n := d.slots[id].n
			cache, row := d.cacheOf(id, l), qkv.Row(i)
			copy(cache.Row(n), row[q:])
			tensor.AttentionStep(att.Row(i), row[:q], part(cache, 0, n+1, 0, kv), part(cache, 0, n+1, kv, 2*kv),
				n+1, c.Heads, c.KVHeads, d.scratch)
		}
		tensor.Mul(x, att, &pk.o, true)
		m.addBias(x, lay.oBias)
		tensor.RMSNorm(n1, x, lay.norm2.of(m.w), d.inv, eps)
		tensor.Mul(gu, n1, &pk.gateUp, false)
		m.addBias(gu, lay.gateUpBias)
		tensor.SwiGLU(act, part(gu, 0, rows, 0, c.Hidden), part(gu, 0, rows, c.Hidden, 2*c.Hidden))
		tensor.Mul(x, act, &pk.down, true)
		m.addBias(x, lay.downBias)
	}
	tensor.RMSNorm(n1, x, m.lay.norm.of(m.w), d.inv, eps)
	logits := d.logits.shape(rows, c.Vocab)
	tensor.Mul(logits, n1, &d.pw.head, false)
	kept := d.live[:0]
	for i, id := range d.live {
		s := &d.slots[id]
		s.n++
		if d.choose(s, logits.Row(i), n1.Row(i)) {
			d.idle = append(d.idle, id)
		} else {
			kept = append(kept, id)
		}
	}
	d.live = kept
}

// choose draws a slot's next token, given the head's output and input, and tells
// whether the sequence has ended; the completion is then recorded.
func (d *decoder) choose(s *slot, logits, hidden []float32) bool {
	p := &d.j.prompts[s.unit]
	from := logits
	if p.changes() {
		d.row = growAligned(d.row, len(logits))
		copy(d.row, logits)
		from = d.row
		if p.Intervene != nil {
			d.path = append(append(d.path[:0], p.Tokens...), s.tokens...)
			p.Intervene(p.First+s.at, d.path, from)
		}
		for id, b := range p.Bias {
			from[id] += b
		}
	}
	token, logp := d.draw.draw(from, p, &s.rng)
	raw := logp
	if p.changes() || p.Temperature != 0 && (p.Temperature != 1 || p.truncates(len(logits))) {
		raw = d.draw.logSoftmax(logits, token)
	}
	s.token = token
	s.tokens, s.logp, s.raw = append(s.tokens, token), append(s.logp, logp), append(s.raw, raw)
	if s.seen != nil {
		d.look.see(s.seen, &p.Want, logits)
		if p.Want.Hidden {
			s.seen.Hidden = append(s.seen.Hidden, slices.Clone(hidden))
		}
	}
	if p.OnToken != nil {
		p.OnToken(p.First+s.at, token, logp)
	}
	stop := p.stops(token)
	if s.watch != nil && s.watch(token) {
		stop = true
	}
	if !stop && len(s.tokens) < s.limit {
		return false
	}
	done := Completion{Prompt: s.unit, Sample: p.First + s.at, Tokens: s.tokens, Logprobs: s.logp, Raw: s.raw, Seen: s.seen}
	if stop {
		done.Finish = FinishStop
	}
	d.j.done(done, s.at)
	return true
}

// changes tells whether the tokens are drawn from other logits than the
// model's.
func (p *Prompt) changes() bool { return p.Intervene != nil || len(p.Bias) > 0 }

// arena cuts completions from larger pieces, which they then own for good.
type arena struct {
	tokens []int32
	floats []float32
}

// take returns empty slices with room for n values each, or for fewer where n
// is large: append then moves them.
func (a *arena) take(n int) (tokens []int32, logp, raw []float32) {
	n = min(n, 64)
	const piece = 4096
	if len(a.tokens) < n {
		a.tokens = make([]int32, piece)
	}
	if len(a.floats) < 2*n {
		a.floats = make([]float32, 2*piece)
	}
	tokens, logp, raw = a.tokens[:0:n], a.floats[:0:n], a.floats[n:n:2*n]
	a.tokens, a.floats = a.tokens[n:], a.floats[2*n:]
	return tokens, logp, raw
}

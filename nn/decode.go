package nn

import (
	"slices"

	"pawl/nn/constraint"
	"pawl/tensor"
)

// decoder advances many sequences together: in each step one token of those
// that are being drawn, and some more of prompts that are being read. A finished
// sequence gives its place to the next at once.
type decoder struct {
	s  *Sampler
	m  *Model
	pw *packedWeights

	live   []*slot
	done   []*slot // ended, their memory not yet given back
	spare  []*slot
	starts []*start

	spans                                  []stretch
	pos, sel                               []int32
	x, xSel, n1, qkv, att, attSel, gu, act block
	logits                                 block
	inv, invQK, scratch, row, logp, lse    []float32
	path, target                           []int32
	draw                                   drawer
	look                                   observer
	arena                                  arena
	wide                                   wideProducts
}

// slot is one sequence under way.
type slot struct {
	j      *job
	p      *Prompt
	prompt int // its index
	at     int // sample, counted from the prompt's First
	rows   *kvRows
	n      int // rows computed
	limit  int

	after  *slot   // a slot whose first rows this one waits for
	shared int     // how many of them
	from   *kvRows // rows to be copied at the beginning, pinned
	start  *start  // or all of the prompt
	begun  bool    // the prompt is read
	ended  bool
	told   bool // ... and the completion recorded

	token  int32
	rng    stream
	tokens []int32
	logp   []float32
	raw    []float32
	seen   *Seen
	watch  func(int32) bool
	state  *constraint.State // nil: before the first token
}

// start is a prompt that was read, with more samples to come: its rows (pinned)
// and what the first token is drawn from.
type start struct {
	j              *job
	prompt         int
	rows           *kvRows
	logits, hidden []float32
	prompted       []float32
}

// stretch is the rows of one slot in a step.
type stretch struct {
	x    *slot
	n    int
	outs int // how many of them, the last ones, go through the head
}

// readRows is about how many prompt tokens are read in one step.
const readRows = 192

func (d *decoder) newSlot(j *job, prompt, at, limit int, rows *kvRows) *slot {
	var x *slot
	if n := len(d.spare); n > 0 {
		x, d.spare = d.spare[n-1], d.spare[:n-1]
	} else {
		x = new(slot)
	}
	p := &j.prompts[prompt]
	*x = slot{j: j, p: p, prompt: prompt, at: at, rows: rows, limit: limit, rng: newStream(p.Seed, uint64(p.First+at))}
	return x
}

// share finds what of x's prompt need not be computed. The sampler is locked.
func (d *decoder) share(x *slot) {
	tokens := x.p.Tokens
	for _, st := range d.starts {
		if st.j == x.j && st.prompt == x.prompt {
			x.start = st
			return
		}
	}
	if len(x.p.Shifts) > 0 { // its rows are its own
		d.follow(x)
		return
	}
	// At least the last row must be computed, for what follows it.
	most := len(tokens) - 1
	if x.p.Want.Prompt {
		most = 0
	}
	x.from, x.shared = d.s.kv.find(tokens, most)
	for _, y := range d.live {
		if y == x {
			break
		}
		if y.begun || y.after != nil || y.start != nil || len(y.p.Shifts) > 0 {
			continue
		}
		if y.j == x.j && y.prompt == x.prompt {
			x.after, x.shared = y, len(tokens)
			break
		}
		if n := commonPrefix(tokens[:most], y.p.Tokens); n >= max(prefixBlock, x.shared+1) {
			x.after, x.shared = y, n
		}
	}
	if x.after != nil && x.from != nil {
		d.s.kv.unpin(x.from)
		x.from = nil
	}
}

// follow lets x wait for another sample of its prompt, if one is being read.
func (d *decoder) follow(x *slot) {
	for _, y := range d.live {
		if y == x {
			return
		}
		if y.j == x.j && y.prompt == x.prompt && !y.begun && y.after == nil && y.start == nil {
			x.after, x.shared = y, len(x.p.Tokens)
			return
		}
	}
}

// begin prepares fresh slots, and draws first tokens where the prompt is known.
func (d *decoder) begin(fresh []*slot) {
	for _, x := range fresh {
		if x.limit == 0 && !x.p.Want.Prompt {
			d.finish(x, FinishLength)
			continue
		}
		x.tokens, x.logp, x.raw = d.arena.take(x.limit)
		if x.p.Want != (Want{}) {
			x.seen = &Seen{}
			if x.p.Want.Prompt && x.after == nil && x.start == nil {
				x.seen.Prompted = make([]float32, len(x.p.Tokens))
			}
		}
		if x.p.Watch != nil {
			d.guard(x, func() { x.watch = x.p.Watch(x.p.First + x.at) })
		}
		switch {
		case x.from != nil:
			d.copyRows(x, x.from, x.shared)
		case x.start != nil && !x.ended:
			d.copyRows(x, x.start.rows, len(x.p.Tokens))
			d.first(x, x.start.logits, x.start.hidden, x.start.prompted)
		}
	}
	d.compact()
}

func (d *decoder) copyRows(x *slot, from *kvRows, n int) {
	x.rows.copyFrom(from, d.m.cfg.Layers, d.m.cfg.kvDim(), n)
	x.n = n
}

// first draws the first token of x, whose prompt is read.
func (d *decoder) first(x *slot, logits, hidden, prompted []float32) {
	x.begun, x.after, x.start = true, nil, nil
	if x.seen != nil {
		x.seen.Prompted = prompted
	}
	if x.limit == 0 {
		d.finish(x, FinishLength)
		return
	}
	if c := x.p.Constraint; c != nil {
		if x.state = c.Start(); d.complete(x) {
			d.finish(x, FinishStop)
			return
		}
	}
	d.choose(x, logits, hidden)
}

// compact moves ended slots from live to done. Those that wait for one that was
// not read go on by themselves.
func (d *decoder) compact() {
	unread := false
	for _, x := range d.live {
		unread = unread || x.ended && !x.begun
	}
	kept := d.live[:0]
	for _, x := range d.live {
		if unread && x.after != nil && x.after.ended {
			x.after, x.shared = nil, 0
			if x.p.Want.Prompt {
				x.seen.Prompted = make([]float32, len(x.p.Tokens))
			}
		}
		if x.ended {
			d.done = append(d.done, x)
		} else {
			kept = append(kept, x)
		}
	}
	d.live = kept
}

// dropStopped ends the slots of jobs that are to end.
func (d *decoder) dropStopped() {
	var j *job
	for _, x := range d.live {
		if x.j != j {
			j = x.j
			if !j.stopped.Load() && j.ctx.Err() != nil {
				d.s.stop(j, nil, nil)
			}
		}
		x.ended = j.stopped.Load()
	}
	d.compact()
}

// release gives back what ended slots and fresh ones no longer need. The sampler
// is locked.
func (d *decoder) release() {
	for _, x := range d.live {
		if x.from != nil {
			d.s.kv.unpin(x.from)
			x.from = nil
		}
	}
	for i, x := range d.done {
		if x.from != nil {
			d.s.kv.unpin(x.from)
		}
		if x.n >= leastKept && len(x.p.Shifts) == 0 {
			d.s.kv.ended(x.rows, slices.Concat(x.p.Tokens, x.tokens)[:x.n])
		} else {
			d.s.kv.drop(x.rows)
		}
		d.s.busy--
		d.s.ended(x.j, 1, !x.told)
		*x = slot{}
		d.spare = append(d.spare, x)
		d.done[i] = nil
	}
	d.done = d.done[:0]
}

// forget drops the starts of prompts without samples to come. The sampler is
// locked.
func (d *decoder) forget() {
	kept := d.starts[:0]
	for _, st := range d.starts {
		if st.more() {
			kept = append(kept, st)
		} else {
			d.s.kv.unpin(st.rows)
		}
	}
	clear(d.starts[len(kept):])
	d.starts = kept
}

func (st *start) more() bool {
	return st.j.queued > 0 && st.j.prompt == st.prompt && st.j.at < st.j.prompts[st.prompt].N
}

// step computes the next rows of the live slots and draws what they lead to.
func (d *decoder) step() {
	d.spans = d.spans[:0]
	budget := readRows
	for _, x := range d.live {
		switch {
		case x.after != nil:
		case x.begun:
			d.spans = append(d.spans, stretch{x, 1, 1})
		case budget > 0:
			n := min(len(x.p.Tokens)-x.n, budget)
			budget -= n
			outs := 0
			if x.n+n == len(x.p.Tokens) {
				outs = 1
			}
			if x.p.Want.Prompt {
				outs = n
			}
			d.spans = append(d.spans, stretch{x, n, outs})
		}
	}
	d.forward()
	out := 0
	for _, sp := range d.spans {
		x := sp.x
		x.n += sp.n
		out += sp.outs
		switch {
		case x.begun:
			d.choose(x, d.logits.Row(out-1), d.n1.Row(out-1))
		default:
			if x.p.Want.Prompt {
				d.prompted(x, sp.n, out-sp.outs)
			}
			if x.n == len(x.p.Tokens) {
				d.read(x, d.logits.Row(out-1), d.n1.Row(out-1))
			}
		}
	}
	d.compact()
}

// prompted records the log-probabilities of the prompt tokens that follow the
// last n rows of x; out is the first of their logits.
func (d *decoder) prompted(x *slot, n, out int) {
	p := x.p.Tokens
	d.target = grow(d.target, n)
	for i := range n {
		d.target[i] = -1
		if next := x.n - n + i + 1; next < len(p) {
			d.target[i] = p[next]
		}
	}
	d.logp, d.lse = growAligned(d.logp, n), growAligned(d.lse, n)
	tensor.LogSoftmaxAt(d.logp, d.lse, d.logits.Slice(out, out+n), d.target)
	for i, lp := range d.logp[:n] {
		if d.target[i] >= 0 {
			x.seen.Prompted[x.n-n+i+1] = lp
		}
	}
}

// read goes on from a prompt that has been read: those that waited for it have
// its rows, and first tokens are drawn.
func (d *decoder) read(x *slot, logits, hidden []float32) {
	var prompted []float32
	if x.seen != nil {
		prompted = x.seen.Prompted
	}
	d.s.mu.Lock()
	if st := (&start{j: x.j, prompt: x.prompt, rows: x.rows, prompted: prompted}); st.more() {
		st.logits, st.hidden = slices.Clone(logits), slices.Clone(hidden)
		x.rows.pins++
		d.starts = append(d.starts, st)
	}
	if len(x.p.Tokens) >= leastKept && len(x.p.Shifts) == 0 {
		d.s.kv.publish(x.rows, slices.Clone(x.p.Tokens))
	}
	d.s.mu.Unlock()
	for _, y := range d.live {
		if y.after != x {
			continue
		}
		y.after = nil
		d.copyRows(y, x.rows, y.shared)
		if y.j == x.j && y.prompt == x.prompt {
			d.first(y, logits, hidden, prompted)
		}
	}
	d.first(x, logits, hidden, prompted)
}

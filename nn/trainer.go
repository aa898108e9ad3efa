package nn

import (
	"context"
	"fmt"
	"runtime"

	"pawl/nn/crew"
	"pawl/tensor"
)

// Trainer trains a model, or adapters of one (NewLoRATrainer), by AdamW
// (Loshchilov and Hutter 2019). It owns the optimizer's state and writes the
// weights that learn in Step and Restore only.
//
// Results do not depend on the number of threads: a batch is cut by its shape
// alone (see plan). One call at a time; a Trainer is not for concurrent use.
type Trainer struct {
	m      *Model
	lora   *lowRank // nil where the whole model learns
	moved  uint64   // counts changes of the adapters, from 1
	bare   bool     // packs leave the adapters out
	fw, bw packedWeights
	use    *packedWeights // of the forward pass under way: fw, or a frozen model's
	crew   crew.Crew
	plan   plan
	steps  int64

	head   *ScalarHead
	alone  bool        // only the head learns
	mute   bool        // the pass under way has values and no logits
	spans  []learnt    // what learns
	size   int         // of all spans
	lanes  [][]float32 // gradient buffers, each of that size
	dirty  int         // how many of them hold something
	m1, m2 []float32   // first and second moments; nil until they are needed
	mean   []float32   // moving average of what learns; nil where there is none
	decay  float64     // of that average

	scratch []*shard // a worker's own, for passes that keep nothing
	kept    []*shard // one per shard, between Forward and Backward

	// The call under way. Tasks read it, so that they need no closures.
	batch   []Sequence
	loss    LossFunc
	rowLoss RowLoss
	reads   *reads
	refer   referred
	losses  []float64   // of each sequence
	dlogp   [][]float32 // by sequence, then token
	dvalue  [][]float32
	dflat   []float32
	dview   [][]float32
	forward bool // a Forward awaits its Backward
	retain  bool // its activations were kept
	ctx     context.Context
	opt     tensor.AdamWStep
	sums    []float64 // squared gradient norm of each chunk

	packTask, packBackTask, fusedTask, logpTask, backTask, sumTask, stepTask func(worker, i int)
}

// LossFunc is a loss that is a sum over sequences. Given the log-probability of
// every token of sequence i of the batch (0 where it is not wanted), it writes
// d(loss)/d(log-probability) to dlogp, which arrives zeroed, and returns the
// sequence's share of the loss. It is called once a sequence, from several
// goroutines.
type LossFunc func(i int, s *Sequence, logp, dlogp []float32) float64

// NewTrainer starts training m, with fresh optimizer state. A trainer that never
// steps has none and serves well to compute log-probabilities only.
func NewTrainer(m *Model) *Trainer {
	t := newTrainer(m)
	t.learn(m.w[:m.lay.matrices], true)
	t.learn(m.w[m.lay.matrices:], false)
	return t
}

func newTrainer(m *Model) *Trainer {
	t := &Trainer{m: m, moved: 1}
	t.fw.forward = true
	t.packTask, t.packBackTask = t.packOne, t.packBack
	t.fusedTask, t.logpTask = t.fusedLane, t.logpShard
	t.backTask, t.sumTask, t.stepTask = t.backLane, t.sumChunk, t.stepChunk
	return t
}

// Model is the model in training; where adapters learn, their frozen base.
func (t *Trainer) Model() *Model { return t.m }

// Steps is the number of optimizer steps taken so far.
func (t *Trainer) Steps() int { return int(t.steps) }

// keepBytes bounds the activations kept between Forward and Backward. Beyond
// it, Backward computes them again, with the same result.
const keepBytes = 256 << 20

// Forward returns the log-probability of every wanted token of the batch, by
// sequence and position, 0 elsewhere; Backward may follow. The result is valid
// until the next call.
func (t *Trainer) Forward(batch []Sequence) ([][]float32, error) {
	t.retain, t.mute = t.keeps(batch), false
	logp, err := t.run(context.Background(), batch)
	t.forward = err == nil
	return logp, err
}

// keeps tells whether the activations of a batch are kept.
func (t *Trainer) keeps(batch []Sequence) bool {
	rows := 0
	for i := range batch {
		rows += batch[i].inputs()
	}
	c := &t.m.cfg
	perRow := 4 * (c.Layers*(6*c.Width+2*c.kvDim()+3*c.Hidden) + c.Vocab)
	return rows*perRow <= keepBytes
}

// Logprobs is Forward without a Backward to follow.
func (t *Trainer) Logprobs(ctx context.Context, batch []Sequence) ([][]float32, error) {
	t.retain, t.mute = false, false
	return t.run(ctx, batch)
}

func (t *Trainer) run(ctx context.Context, batch []Sequence) ([][]float32, error) {
	if err := t.begin(batch); err != nil {
		return nil, fmt.Errorf("computing log-probabilities: %w", err)
	}
	t.packForward()
	t.ctx = ctx
	t.crew.Run(len(t.plan.shards), t.logpTask)
	t.ctx = nil
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("computing log-probabilities: %w", err)
	}
	return t.plan.view, nil
}

// Backward adds to the gradient, given d(loss)/d(log-probability) of the batch
// of the last Forward, in the shape that Forward returned; values at tokens
// that are not wanted are ignored.
func (t *Trainer) Backward(dlogp [][]float32) error {
	if !t.forward {
		return fmt.Errorf("computing gradients: Backward needs a Forward before it")
	}
	if t.mute {
		return fmt.Errorf("computing gradients: the last pass has values and no log-probabilities; call Forward")
	}
	if err := t.checkGradient(dlogp); err != nil {
		return fmt.Errorf("computing gradients: %w", err)
	}
	return t.backward(dlogp, nil)
}

func (t *Trainer) checkGradient(dlogp [][]float32) error {
	if len(dlogp) != len(t.batch) {
		return fmt.Errorf("%d rows of log-probability gradients for %d sequences", len(dlogp), len(t.batch))
	}
	for i, d := range dlogp {
		if len(d) != len(t.batch[i].Tokens) {
			return fmt.Errorf("sequence %d: %d log-probability gradients for %d tokens", i, len(d), len(t.batch[i].Tokens))
		}
	}
	return nil
}

// backward adds to the gradient; either argument may be nil.
func (t *Trainer) backward(dlogp, dvalue [][]float32) error {
	t.forward = false
	if !t.alone {
		t.packFor(&t.bw)
	}
	t.openLanes()
	t.dlogp, t.dvalue = dlogp, dvalue
	t.crew.Run(len(t.plan.lanes), t.backTask)
	t.dlogp, t.dvalue = nil, nil
	return nil
}

// ForwardBackward adds to the gradient of a loss that is a sum over sequences,
// and returns the loss. It is the fast path: each shard goes forward and back
// while its activations are in cache.
func (t *Trainer) ForwardBackward(batch []Sequence, loss LossFunc) (float64, error) {
	if err := t.begin(batch); err != nil {
		return 0, fmt.Errorf("computing gradients: %w", err)
	}
	t.dflat = grow(t.dflat, len(t.plan.logp))
	clear(t.dflat)
	t.dview = grow(t.dview, len(batch))
	at := 0
	for i := range batch {
		n := len(batch[i].Tokens)
		t.dview[i] = t.dflat[at : at+n : at+n]
		at += n
	}
	t.loss, t.dlogp = loss, t.dview
	value := t.fused()
	t.loss, t.dlogp = nil, nil
	return value, nil
}

// fused takes the batch forward and back and returns the loss.
func (t *Trainer) fused() float64 {
	t.mute = false
	t.packForward()
	t.packFor(&t.bw)
	t.openLanes()
	t.losses = grow(t.losses, len(t.batch))
	clear(t.losses)
	t.crew.Run(len(t.plan.lanes), t.fusedTask)
	total := 0.0
	for _, l := range t.losses {
		total += l
	}
	return total
}

// CrossEntropy is the loss of supervised training: minus the log-probability of
// every wanted token, times scale (1/tokens gives the mean).
func CrossEntropy(scale float64) LossFunc {
	return func(_ int, s *Sequence, logp, dlogp []float32) float64 {
		sum := 0.0
		for t := 1; t < len(logp); t++ {
			if s.wants(t) {
				sum -= float64(logp[t])
				dlogp[t] = float32(-scale)
			}
		}
		return sum * scale
	}
}

// Targets counts the wanted tokens of a batch.
func Targets(batch []Sequence) int {
	n := 0
	for i := range batch {
		for t := range batch[i].Tokens {
			if batch[i].wants(t) {
				n++
			}
		}
	}
	return n
}

// begin plans a batch and makes sure that every worker has its workspace.
func (t *Trainer) begin(batch []Sequence) error {
	t.forward = false
	t.batch = nil
	if err := t.plan.make(&t.m.cfg, batch); err != nil {
		return err
	}
	if t.head != nil {
		t.plan.makeValues(batch)
	}
	t.batch = batch
	t.crew.Size(runtime.GOMAXPROCS(0))
	for len(t.scratch) < t.crew.Workers() {
		t.scratch = append(t.scratch, new(shard))
	}
	for t.retain && len(t.kept) < len(t.plan.shards) {
		t.kept = append(t.kept, new(shard))
	}
	return nil
}

func (t *Trainer) openLanes() {
	for len(t.lanes) < len(t.plan.lanes) {
		t.lanes = append(t.lanes, tensor.Alloc(t.size))
	}
	t.dirty = max(t.dirty, len(t.plan.lanes))
}

// packForward gets the packed copy for a forward pass. That of a frozen model is
// shared; a trainer of adapters whose base has none yet makes do with its own.
func (t *Trainer) packForward() {
	if t.m.Frozen() && t.adapters() == 0 && (t.lora == nil || t.m.packed()) {
		t.use = t.m.sharedPacks()
		return
	}
	t.packFor(&t.fw)
	t.use = &t.fw
}

// packFor brings a packed copy up to date, matrices in parallel.
func (t *Trainer) packFor(p *packedWeights) {
	if !p.stale(t.m) && p.adapters == t.adapters() {
		return
	}
	p.prepare(t.m)
	if p.forward {
		t.crew.Run(p.jobs(t.m), t.packTask)
	} else {
		t.crew.Run(p.jobs(t.m), t.packBackTask)
	}
	p.finish(t.m)
	p.adapters = t.adapters()
}

// adapters is the version of the adapters that packs must hold, 0 for none.
func (t *Trainer) adapters() uint64 {
	if t.lora == nil || t.bare {
		return 0
	}
	return t.moved
}

func (t *Trainer) packOne(worker, i int) { t.pack(&t.fw, worker, i) }

func (t *Trainer) packBack(worker, i int) {
	t.pack(&t.bw, worker, i)
	if t.lora != nil && i < len(t.lora.groups) {
		t.lora.pack(i)
	}
}

// pack copies matrix i, with its adapters added.
func (t *Trainer) pack(p *packedWeights, worker, i int) {
	if t.lora == nil {
		p.pack(t.m, i)
		return
	}
	adapted := i < len(t.lora.groups) && len(t.lora.groups[i].parts) > 0
	if !adapted && !p.stale(t.m) {
		return // the base has not changed
	}
	dst, at := p.job(t.m, i)
	if !adapted || t.bare {
		p.put(dst, at.mat(t.m.w))
		return
	}
	s := t.scratch[worker]
	merged := s.merge.shape(at.rows, at.cols)
	copy(merged.Data, at.of(t.m.w))
	s.mergeB = t.lora.add(merged, i, t.lora.w, s.mergeB)
	p.put(dst, merged)
}

func (t *Trainer) workspace(worker, i int) *shard {
	if t.retain {
		return t.kept[i]
	}
	return t.scratch[worker]
}

func (t *Trainer) logpShard(worker, i int) {
	if t.ctx.Err() != nil {
		return
	}
	s := t.workspace(worker, i)
	t.forwardShard(s, t.plan.shards[i])
	if t.head != nil {
		s.values(t.head, t.plan.values)
	}
}

func (t *Trainer) forwardShard(s *shard, r shardRange) {
	s.load(&t.m.cfg, t.batch, r.lo, r.hi)
	s.mute, s.rowsOf, s.reads = t.mute, nil, t.reads
	if t.rowLoss != nil {
		s.rowsOf = t
	}
	s.forward(t.m, t.use)
	if s.reads != nil && s.outs > 0 {
		s.read()
		return
	}
	s.logprobs(t.plan.view)
}

func (t *Trainer) fusedLane(worker, lane int) {
	s := t.scratch[worker]
	for i := t.plan.lanes[lane].lo; i < t.plan.lanes[lane].hi; i++ {
		r := t.plan.shards[i]
		t.besideShard(s, worker, r)
		t.forwardShard(s, r)
		for q := r.lo; q < r.hi && t.loss != nil; q++ {
			t.losses[q] = t.loss(q, &t.batch[q], t.plan.view[q], t.dlogp[q])
		}
		t.backShard(s, lane)
	}
}

func (t *Trainer) backLane(worker, lane int) {
	for i := t.plan.lanes[lane].lo; i < t.plan.lanes[lane].hi; i++ {
		s, r := t.workspace(worker, i), t.plan.shards[i]
		if !t.retain {
			t.forwardShard(s, r)
		}
		t.backShard(s, lane)
	}
}

func (t *Trainer) backShard(s *shard, lane int) {
	s.dlogp = growAligned(s.dlogp, s.outs)
	for i := range s.dlogp {
		s.dlogp[i] = 0
		if t.dlogp != nil && s.target[i] >= 0 {
			s.dlogp[i] = t.dlogp[s.outSeq[i]][s.outPos[i]]
		}
	}
	if t.dvalue != nil {
		s.dvalue = growAligned(s.dvalue, s.outs)
		for i := range s.dvalue {
			s.dvalue[i] = t.dvalue[s.outSeq[i]][s.outPos[i]]
		}
	}
	g := t.gradientOf(lane)
	s.backward(t.m, &t.bw, &g)
}

// gradientOf is a lane as a backward pass sees it.
func (t *Trainer) gradientOf(lane int) gradient {
	flat := t.lanes[lane]
	g := gradient{}
	switch {
	case t.alone:
	case t.lora != nil:
		g.lora, g.low = flat[:len(t.lora.w)], t.lora
	default:
		g.full = flat[:t.m.lay.size]
	}
	if t.head != nil && t.dvalue != nil {
		g.head, g.of = t.head, flat[t.size-len(t.head.w):]
	}
	return g
}

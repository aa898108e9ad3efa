package nn

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// SamplerOptions bound a sampler's resources. They do not affect its results.
type SamplerOptions struct {
	Workers int // decoders at work at the same time; 0 means GOMAXPROCS
	Slots   int // sequences that one decoder advances together; 0 means 64
	// CacheBytes bounds the keys and values of all sequences, under way or
	// kept; 0 means 512 MiB. A sequence needs 8 bytes x layers x key heads x head
	// size a token, for its prompt and all it may draw, rounded up by at most a
	// half. Sequences beyond the bound wait, but each decoder always has one.
	CacheBytes int64
	// PrefixBytes bounds the part of CacheBytes that sequences leave behind, so
	// that a request that begins with the same tokens need not compute them
	// again; 0 means 64 MiB, and less than 0 keeps nothing. Sequences shorter
	// than 64 tokens are never kept: reading them anew costs about as much.
	PrefixBytes int64
}

// Sampler draws from a model with a cache of keys and values. Generate may be
// called from several goroutines; the model must not be trained meanwhile.
//
// All calls share the decoders: each takes samples from the queue whenever it
// has room, and advances what it has, from whatever call, by one token a step.
// Goroutines run only while there is work.
type Sampler struct {
	m   *Model
	opt SamplerOptions

	mu      sync.Mutex     // guards what follows
	own     packedWeights  // of a model that may yet change
	pw      *packedWeights // in use: own, or a frozen model's; nil before the first call
	kv      kvPool
	jobs    []*job     // with samples to be taken, in rotation
	queued  int        // samples to be taken
	busy    int        // samples taken that have not ended
	idle    []*decoder // not running
	running int
}

// NewSampler makes a sampler of m. It follows m's weights as they are trained.
func NewSampler(m *Model, o SamplerOptions) *Sampler {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Slots <= 0 {
		o.Slots = 64
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 512 << 20
	}
	if o.PrefixBytes == 0 {
		o.PrefixBytes = 64 << 20
	}
	s := &Sampler{m: m, opt: o}
	s.own.forward = true
	s.kv.init(&m.cfg, o.CacheBytes, o.PrefixBytes)
	return s
}

// idleWorkers is how many decoders could be at work beside those that are.
func (s *Sampler) idleWorkers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(min(s.opt.Workers, runtime.GOMAXPROCS(0))-s.running, 0)
}

// Model is the model sampled from.
func (s *Sampler) Model() *Model { return s.m }

// job is one call of Generate. What is not said to be atomic is guarded by the
// sampler's mutex.
type job struct {
	ctx     context.Context
	prompts []Prompt
	out     [][]Completion // each written by the decoder that has the sample
	emitMu  sync.Mutex     // serialises emit
	emit    func(*Completion)

	prompt, at int // the next sample to be taken
	queued     int // samples to be taken
	left       int // samples that have not ended
	dropped    bool
	fault      *fault
	err        error
	stopped    atomic.Bool   // no more tokens are wanted
	over       chan struct{} // closed when left is 0
}

// Generate samples all prompts and returns their completions by prompt, then
// sample. If emit is not nil it sees each completion as soon as it ends, one
// call at a time, in no particular order. The result does not depend on the
// number of threads, on the order of prompts or on other calls. When ctx ends,
// so do the call's samples, within a step.
func (s *Sampler) Generate(ctx context.Context, prompts []Prompt, emit func(*Completion)) ([][]Completion, error) {
	j := &job{ctx: ctx, prompts: prompts, out: make([][]Completion, len(prompts)), emit: emit, over: make(chan struct{})}
	for i := range prompts {
		p := &prompts[i]
		if err := p.check(i, &s.m.cfg); err != nil {
			return nil, fmt.Errorf("sampling: %w", err)
		}
		j.out[i] = make([]Completion, p.N)
		j.queued += p.N
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sampling: %w", err)
	}
	if j.left = j.queued; j.left == 0 {
		return j.out, nil
	}
	if d := s.enqueue(j); d != nil {
		s.work(d, j) // one goroutine less to wake
	}
	select {
	case <-j.over:
	case <-ctx.Done():
		s.stop(j, nil, nil)
		<-j.over
	}
	if j.fault != nil {
		panic(j.fault.value)
	}
	if j.err != nil {
		return nil, fmt.Errorf("sampling: %w", j.err)
	}
	if j.dropped {
		return nil, fmt.Errorf("sampling: %w", ctx.Err())
	}
	return j.out, nil
}

// enqueue offers a job to the decoders and wakes as many as it needs. The first
// of them is for the caller to run.
func (s *Sampler) enqueue(j *job) (mine *decoder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	s.jobs = append(s.jobs, j)
	s.queued += j.queued
	for s.running < s.useful() {
		d := &decoder{}
		if n := len(s.idle); n > 0 {
			d, s.idle = s.idle[n-1], s.idle[:n-1]
		}
		s.running++
		if mine == nil {
			mine = d
		} else {
			go s.work(d, nil)
		}
	}
	return mine
}

// few sequences are not worth a second decoder: a step costs hardly more for
// them than for one.
const few = 4

// useful is the number of decoders that the samples at hand deserve.
func (s *Sampler) useful() int {
	return min((s.queued+s.busy+few-1)/few, s.opt.Workers)
}

// stop ends a job early: for want of its caller, because of f, or of err.
func (s *Sampler) stop(j *job, f *fault, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.stopped.Store(true)
	if j.fault == nil {
		j.fault = f
	}
	if j.err == nil {
		j.err = err
	}
	if j.queued > 0 {
		for i, other := range s.jobs {
			if other == j {
				s.jobs = append(s.jobs[:i], s.jobs[i+1:]...)
				break
			}
		}
		s.queued -= j.queued
		s.ended(j, j.queued, true)
		j.queued = 0
	}
}

// ended counts n samples that have ended, dropped or complete.
func (s *Sampler) ended(j *job, n int, dropped bool) {
	j.dropped = j.dropped || dropped
	if j.left -= n; j.left == 0 {
		close(j.over)
	}
}

// refresh brings the packed copy up to date, where nobody reads it.
func (s *Sampler) refresh() {
	if s.busy > 0 || (s.pw != nil && !s.pw.stale(s.m)) {
		return
	}
	s.kv.forget()
	if s.m.Frozen() {
		s.pw = s.m.sharedPacks()
		return
	}
	s.own.packAll(s.m)
	if s.pw == nil { // a decoder on its way may be reading it
		s.pw = &s.own
	}
}

// work runs a decoder until nothing is left to do. If it runs for the caller of
// until, it goes on elsewhere once that job is over.
func (s *Sampler) work(d *decoder, until *job) {
	ended := false
	defer func() {
		if v := recover(); v != nil { // not from a callback: choose catches those
			s.abandon(d, &fault{v})
		} else if !ended {
			s.abandon(d, &fault{"nn: a callback of Generate ended its goroutine (runtime.Goexit, as t.FailNow does); let it return"})
		}
	}()
	d.s, d.m, d.pw = s, s.m, s.pw
	for s.supply(d) {
		if until != nil {
			select {
			case <-until.over:
				ended = true
				go s.work(d, nil)
				return
			default:
			}
		}
		d.step()
	}
	ended = true
}

// abandon drops a decoder whose state is not to be trusted, and all its jobs.
func (s *Sampler) abandon(d *decoder, f *fault) {
	for _, x := range d.live {
		s.stop(x.j, f, nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range d.starts {
		s.kv.unpin(m.rows)
	}
	for _, x := range d.live {
		s.busy--
		s.kv.drop(x.rows)
		s.ended(x.j, 1, true)
	}
	s.running--
}

// supply takes samples for d, as many as fit and as are its share. If there is
// nothing to do, false, and d is idle.
func (s *Sampler) supply(d *decoder) bool {
	d.dropStopped()
	for {
		s.mu.Lock()
		d.release()
		d.forget()
		fresh := len(d.live)
		s.take(d)
		if len(d.live) == 0 {
			s.idle = append(s.idle, d)
			s.running--
			s.mu.Unlock()
			return false
		}
		if len(d.live) == fresh {
			s.mu.Unlock()
			return true
		}
		for _, x := range d.live[fresh:] {
			d.share(x)
		}
		s.mu.Unlock()
		d.begin(d.live[fresh:])
		if len(d.done) == 0 {
			return true
		}
	}
}

// take moves samples from the queue to d's live slots. The share of a decoder is
// what makes all of them equally long.
func (s *Sampler) take(d *decoder) {
	if s.queued == 0 {
		return
	}
	workers := s.useful()
	share := min((s.queued+s.busy+workers-1)/workers, s.opt.Slots)
	for len(d.live) < share && s.queued > 0 {
		j := s.jobs[0]
		turn := max((share-len(d.live))/len(s.jobs), 1) // of this job, before the next has its own
		for range min(turn, j.queued) {
			for j.at == j.prompts[j.prompt].N {
				j.prompt, j.at = j.prompt+1, 0
			}
			p := &j.prompts[j.prompt]
			limit := p.limit(&s.m.cfg)
			rows := s.kv.get(len(p.Tokens)+max(limit-1, 0), len(d.live) == 0)
			if rows == nil {
				return
			}
			d.live = append(d.live, d.newSlot(j, j.prompt, j.at, limit, rows))
			j.at++
			j.queued--
			s.queued--
			s.busy++
		}
		s.jobs = s.jobs[:copy(s.jobs, s.jobs[1:])]
		if j.queued > 0 {
			s.jobs = append(s.jobs, j)
		}
	}
}

// done records a completion and shows it to emit.
func (j *job) done(c Completion, at int) {
	slot := &j.out[c.Prompt][at]
	*slot = c
	if j.emit != nil {
		j.emitMu.Lock()
		defer j.emitMu.Unlock()
		j.emit(slot)
	}
}

// fault is what a callback or a decoder panicked with, on its way to the caller.
type fault struct{ value any }

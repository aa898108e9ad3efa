package embedded

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"

	"pawl/core"
	"pawl/nn"
)

// Stream is Act of one sample, told as it is drawn; see core.Streamer. sink is
// called from this goroutine, so that a slow one holds up nobody else's samples.
func (a *actor) Stream(ctx context.Context, r core.Request, sink func(core.Delta) error) (core.Node, error) {
	if r.N != 1 {
		return core.Node{}, fmt.Errorf("streaming as %s: %d samples are asked for; only one can be told as it comes", a.seat, r.N)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o := a.options.Merge(r.Options)
	q := newQueue()
	var out [][]core.Node
	var err error
	var fault any
	go func() {
		defer q.close()
		defer func() { fault = recover() }()
		out, _, err = a.sample(ctx, []core.Request{r}, func(_ int, p *nn.Prompt) { a.tell(p, o, q) })
	}()
	told := 0
	for d, ok := q.next(); ok; d, ok = q.next() {
		told += len(d.Content)
		if failed := sink(d); failed != nil {
			cancel(failed)
			q.wait()
			return core.Node{}, fmt.Errorf("streaming as %s: %w", a.seat, failed)
		}
	}
	if fault != nil {
		panic(fault) // here, where the caller can recover it
	}
	if err != nil {
		return core.Node{}, err
	}
	n := out[0][0]
	if rest := n.Content[min(told, len(n.Content)):]; rest != "" {
		if err := sink(core.Delta{Content: rest}); err != nil {
			return core.Node{}, fmt.Errorf("streaming as %s: %w", a.seat, err)
		}
	}
	return n, nil
}

// tell makes a prompt tell q of each token as it is drawn.
func (a *actor) tell(p *nn.Prompt, o core.Options, q *queue) {
	look := &looking{top: o.TopLogprobs, text: a.text}
	known := o.Logprobs || o.TopLogprobs > 0
	if known {
		named := p.Intervene
		p.Intervene = func(sample int, path []int32, logits []float32) {
			look.at(logits) // the model's own, before anything changes them
			if named != nil {
				named(sample, path, logits)
			}
		}
	}
	at, watch, eos := a.turn(*p), p.Watch, a.text.tok.EOS()
	p.Watch = func(sample int) func(int32) bool {
		w, held, stop := a.text.newStream(at), &holding{stops: o.Stop}, func(int32) bool { return false }
		if watch != nil {
			stop = watch(sample)
		}
		return func(id int32) bool {
			if id == eos {
				return stop(id)
			}
			text := w.write(id)
			d := core.Delta{Content: held.write(text)}
			if known {
				t := look.token(id, text)
				d.Tokens, d.Logprobs = []core.Token{t}, []float32{t.Logprob}
			}
			if d.Content != "" || known {
				q.put(d)
			}
			return stop(id)
		}
	}
}

// holding keeps back the end of a text while a stop string may have begun in it,
// and all that follows one.
type holding struct {
	stops []string
	tail  string
	ended bool
}

func (h *holding) write(s string) string {
	if h.ended || s == "" {
		return ""
	}
	h.tail += s
	text, found := nn.CutAtStop(h.tail, h.stops)
	if found {
		h.ended = true
		return text
	}
	keep := 0
	for _, stop := range h.stops {
		for n := min(len(stop)-1, len(text)); n > keep; n-- {
			if strings.HasSuffix(text, stop[:n]) {
				keep = n
			}
		}
	}
	h.tail = text[len(text)-keep:]
	return text[:len(text)-keep]
}

// looking keeps of a distribution what is told of the token that is drawn.
type looking struct {
	text   *text
	top    int
	logits []float32
	norm   float64
}

func (l *looking) at(logits []float32) {
	l.logits = append(l.logits[:0], logits...)
	most := math.Inf(-1)
	for _, x := range logits {
		most = max(most, float64(x))
	}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - most)
	}
	l.norm = most + math.Log(sum)
}

// token is the drawn one; text is what it adds to the answer.
func (l *looking) token(id int32, text string) core.Token {
	t := core.Token{Text: text, Logprob: float32(float64(l.logits[id]) - l.norm)}
	var best []int32 // by logit, the smaller id of equals first
	for i, x := range l.logits {
		at := len(best)
		for at > 0 && l.logits[best[at-1]] < x {
			at--
		}
		if at < l.top {
			best = append(best, 0)
			copy(best[at+1:], best[at:])
			best[at] = int32(i)
			best = best[:min(len(best), l.top)]
		}
	}
	for _, i := range best {
		t.Top = append(t.Top, core.Token{Text: l.text.spelt(i), Logprob: float32(float64(l.logits[i]) - l.norm)})
	}
	return t
}

// spelt is a token's text by itself.
func (t *text) spelt(id int32) string {
	if id == t.tok.EOS() || id == t.tok.BOS() {
		return t.tok.Token(id)
	}
	return t.plainly.Decode([]int32{id})
}

// Tell is an answer by its tokens; see core.Told.
func (a *actor) Tell(ctx context.Context, path []core.Node, top int) ([]core.Token, error) {
	all, err := a.Read(ctx, [][]core.Node{path}, core.Reading{Observe: core.Observe{Top: top}})
	if err != nil {
		return nil, err
	}
	o, ids := all[0], path[len(path)-1].TokenIDs
	if n := len(ids); n > 0 && ids[n-1] == a.text.tok.EOS() {
		o.Text = o.Text[:n-1]
	}
	tokens := make([]core.Token, len(o.Text))
	for i, text := range o.Text {
		tokens[i] = core.Token{Text: text, Logprob: o.Raw[i]}
		if top > 0 {
			for _, x := range o.Top[i] {
				tokens[i].Top = append(tokens[i].Top, core.Token{Text: a.text.spelt(x.Token), Logprob: x.Logprob})
			}
		}
	}
	return tokens, nil
}

// queue carries deltas from the decoder, which must not wait, to their reader. It
// is bounded by the length of an answer.
type queue struct {
	mu    sync.Mutex
	more  *sync.Cond
	list  []core.Delta
	ended bool
}

func newQueue() *queue {
	q := &queue{}
	q.more = sync.NewCond(&q.mu)
	return q
}

func (q *queue) put(d core.Delta) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, d)
	q.more.Signal()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.more.Broadcast()
}

// next waits for a delta; ok is false when all have been read.
func (q *queue) next() (d core.Delta, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.list) == 0 && !q.ended {
		q.more.Wait()
	}
	if len(q.list) == 0 {
		return d, false
	}
	d, q.list = q.list[0], q.list[1:]
	return d, true
}

// wait returns when nothing more will be put.
func (q *queue) wait() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ended {
		q.more.Wait()
	}
}

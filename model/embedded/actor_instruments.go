package embedded

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/nn"
)

// ActInstrumented is ActBatch with instruments; see core.Instrumented.
func (a *actor) ActInstrumented(ctx context.Context, rs []core.Request, in core.Instruments) ([][]core.Node, [][]core.Observation, error) {
	nodes, completions, err := a.sample(ctx, rs, func(i int, p *nn.Prompt) { a.instrument(i, p, in) })
	if err != nil {
		return nil, nil, err
	}
	seen := make([][]core.Observation, len(rs))
	for i, list := range completions {
		seen[i] = make([]core.Observation, len(list))
		for k, c := range list {
			seen[i][k] = observation(c)
		}
	}
	return nodes, seen, nil
}

func (a *actor) instrument(request int, p *nn.Prompt, in core.Instruments) {
	p.Want = nn.Want(in.Observe)
	p.Shifts = shifts(in.Shifts)
	if in.Hidden != nil {
		p.Steer = func(sample int, path []int32, hidden []float32) bool {
			return in.Hidden(request, sample, path, hidden)
		}
	}
	if in.Logits != nil {
		named := p.Intervene
		p.Intervene = func(sample int, path []int32, logits []float32) {
			if named != nil {
				named(sample, path, logits)
			}
			in.Logits(request, sample, path, logits)
		}
	}
	if in.Token != nil {
		at, watch := a.turn(*p), p.Watch
		// A watch has the sample to itself, and so can decode it; the
		// log-probability comes with the token just before.
		logps := make([]float32, p.N)
		p.OnToken = func(sample int, _ int32, logp float32) { logps[sample-p.First] = logp }
		first := p.First
		p.Watch = func(sample int) func(int32) bool {
			w, stop := a.text.newStream(at), func(int32) bool { return false }
			if watch != nil {
				stop = watch(sample)
			}
			return func(id int32) bool {
				in.Token(request, sample, id, w.write(id), logps[sample-first])
				return stop(id)
			}
		}
	}
}

func shifts(list []core.Shift) []nn.Shift {
	out := make([]nn.Shift, len(list))
	for i, s := range list {
		out[i] = nn.Shift(s)
	}
	return out
}

func observation(c nn.Completion) core.Observation {
	o := core.Observation{Raw: c.Raw}
	if c.Seen != nil {
		o.Entropy, o.Full, o.Hidden, o.Prompt = c.Entropy, c.Full, c.Hidden, c.Prompted
		o.Top = alternatives(c.Top)
	}
	return o
}

func alternatives(top [][]nn.Alternative) [][]core.Alternative {
	var all [][]core.Alternative
	for _, list := range top {
		row := make([]core.Alternative, len(list))
		for i, x := range list {
			row[i] = core.Alternative(x)
		}
		all = append(all, row)
	}
	return all
}

// Tokens are the ids that a continuation of path follows.
func (a *actor) Tokens(path []core.Node) ([]int32, error) {
	tools, err := a.text.offer(offered(path, a.options.Tools))
	if err != nil {
		return nil, fmt.Errorf("encoding the prompt of %s: %w", a.seat, &core.UnservedError{Err: err})
	}
	ids, err := a.text.prompt(path, tools)
	if err != nil {
		return nil, fmt.Errorf("encoding the prompt of %s: %w", a.seat, err)
	}
	return ids, nil
}

// HiddenGradient is a loss over a text's distributions and its gradient with
// respect to shifts; see core.Instrumented.
func (a *actor) HiddenGradient(ctx context.Context, tokens []int32, from int, list []core.Shift, loss func(logp, dlogp [][]float32) float64) (float64, [][]float32, error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	a.probing.Lock() // a probe serves one call at a time
	defer a.probing.Unlock()
	if a.probe == nil {
		a.probe = nn.NewProbe(a.model)
	}
	return a.probe.Gradient(tokens, from, shifts(list), loss)
}

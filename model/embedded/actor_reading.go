package embedded

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/nn"
)

// Score gives the log-probs of the token ids of each path's last node.
func (a *actor) Score(ctx context.Context, paths [][]core.Node) ([][]float32, error) {
	g, err := a.given(paths)
	if err != nil {
		return nil, err
	}
	end, err := a.reading(ctx, paths, g.tokens())
	if err != nil {
		return nil, err
	}
	a.scoring.Lock() // a scorer serves one call at a time, and its result is its own memory
	defer a.scoring.Unlock()
	logp, err := a.scorerOf().Logprobs(ctx, g.batch)
	if err = end(err); err != nil {
		return nil, fmt.Errorf("scoring as %s: %w", a.seat, tooLong(err))
	}
	out := make([][]float32, len(paths))
	for i := range out {
		out[i] = append([]float32(nil), logp[i][g.from[i]:]...)
	}
	return out, nil
}

// Read tells of the distributions that the token ids of each path's last node
// are read under. Dropout is nn.Reading's.
func (a *actor) Read(ctx context.Context, paths [][]core.Node, r core.Reading) ([]core.Observation, error) {
	g, err := a.given(paths)
	if err != nil {
		return nil, err
	}
	want := nn.Want{Top: r.Top, Entropy: r.Entropy, Full: r.Full}
	end, err := a.reading(ctx, paths, g.tokens())
	if err != nil {
		return nil, err
	}
	a.scoring.Lock()
	defer a.scoring.Unlock()
	reads, err := a.scorerOf().Read(ctx, g.batch, nn.Reading{Want: want, Reduce: r.Reduce, Dropout: r.Dropout, Seed: r.Seed})
	if err = end(err); err != nil {
		return nil, fmt.Errorf("reading as %s: %w", a.seat, tooLong(err))
	}
	out := make([]core.Observation, len(paths))
	for i, x := range reads {
		out[i] = core.Observation{Raw: x.Logprobs, Entropy: x.Entropy, Full: x.Full, Top: alternatives(x.Top), Reduced: x.Reduced}
		out[i].Text = a.text.spell(g.batch[i].Tokens, g.from[i])
	}
	return out, nil
}

// scorerOf is the scorer of the weights; callers hold scoring.
func (f *frozen) scorerOf() *nn.Trainer {
	if f.scorer == nil {
		f.scorer = nn.NewTrainer(f.model)
	}
	return f.scorer
}

// finished is the Finish of a turn that came to its end by itself.
const finished = "stop"

// given are paths as sequences, of which the tokens of the last nodes are
// wanted: those from from on.
type given struct {
	batch []nn.Sequence
	from  []int
}

// tokens is how many are read.
func (g given) tokens() (n int64) {
	for _, s := range g.batch {
		n += int64(len(s.Tokens))
	}
	return n
}

func (a *actor) given(paths [][]core.Node) (given, error) {
	g := given{make([]nn.Sequence, len(paths)), make([]int, len(paths))}
	for i, path := range paths {
		if len(path) == 0 {
			return given{}, fmt.Errorf("scoring as %s: path %d has no node", a.seat, i)
		}
		last := path[len(path)-1]
		tools, err := a.text.offer(offered(path, a.options.Tools))
		if err != nil {
			return given{}, fmt.Errorf("encoding a path to score: %w", &core.UnservedError{Err: err})
		}
		ids, err := a.text.prompt(path[:len(path)-1], tools)
		if err != nil {
			return given{}, fmt.Errorf("encoding a path to score: %w", err)
		}
		if len(ids) == 0 {
			return given{}, fmt.Errorf("encoding a path to score: nothing precedes the answer, and the tokenizer has no begin token to start from")
		}
		answer := last.TokenIDs
		if answer == nil {
			if answer, err = a.text.answer(last.Content, a.text.blank(ids)); err != nil {
				return given{}, fmt.Errorf("encoding a path to score: %w", err)
			}
			// A turn that ended by itself is read with its end, as its own seat reads it:
			// one that stops too soon is else as likely as its beginning.
			if eos := a.text.tok.EOS(); last.Finish == finished && eos >= 0 {
				answer = append(answer, eos)
			}
		}
		g.from[i] = len(ids)
		g.batch[i].Tokens = append(ids, answer...)
		// The prompt's own log-probabilities cost as much as the answer's.
		g.batch[i].Loss = make([]bool, len(g.batch[i].Tokens))
		for t := len(ids); t < len(g.batch[i].Tokens); t++ {
			g.batch[i].Loss[t] = true
		}
	}
	return g, nil
}

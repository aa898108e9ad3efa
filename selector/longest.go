package selector

import (
	"context"
	"unicode/utf8"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Selector("longest", registry.Doc{
		Summary: "Keeps the attempts that are hardly shorter than the longest of the round: the length filter.",
		Detail: "A model that is asked for more than it has learnt tends to stop early, and where all tasks of a round ask for " +
			"outputs of about one length, what is much shorter than the longest is wrong. The filter needs no labels and no second " +
			"attempt. Lengths are in characters, spaces around an attempt aside. Where a round mixes difficulties, " +
			"`among: prompts` compares attempts at prompts of equal length alone. The paper's published code has a " +
			"threshold in place of `within`, and drops what is shorter than the longest by that or more: 2 in forward " +
			"addition, where sums of one length have a digit more or not, is `within: 1`; 1 in multiplication, where " +
			"all right outputs of a round are equally long, is `within: 0`.",
		Paper:   "Self-Improving Transformers Overcome Easy-to-Hard and Length Generalization Challenges (Lee et al., 2025)",
		ID:      "S224",
		Example: "longest: {within: 1}",
	}, newLongest)
}

// Longest configures longest.
type Longest struct {
	Within int    `yaml:"within" default:"1" min:"0" inline:"true" doc:"Characters by which an attempt may be shorter than the longest."`
	Among  string `yaml:"among" enum:"round|prompts" default:"round" doc:"What it is compared with: all attempts of the round, or those at prompts of the same length."`
	Limits
}

func newLongest(_ context.Context, _ core.Host, c Longest) (core.Selector, error) {
	return longest{c}, nil
}

type longest struct{ cfg Longest }

// Select reads in twice: for the longest attempt, and, when the examples are
// asked for, for those that come near it. It yields one example per attempt,
// labelled 1, and reads no scores.
func (l longest) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	if in == nil {
		return nil, errNoInput
	}
	most := map[int]int{}
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		for _, leaf := range l.cfg.attempts(ep) {
			g := l.group(ep)
			most[g] = max(most[g], length(ep, leaf))
		}
	}
	return each(ctx, in, func(ep *core.Episode) []picked {
		var near []picked
		for _, leaf := range l.cfg.attempts(ep) {
			if length(ep, leaf) >= most[l.group(ep)]-l.cfg.Within {
				near = append(near, picked{leaf, 1})
			}
		}
		return l.cfg.apply(ep, near)
	}), nil
}

// group is the difficulty within which lengths are compared.
func (l longest) group(ep *core.Episode) int {
	if l.cfg.Among == "prompts" {
		return utf8.RuneCountInString(ep.Task.Text())
	}
	return 0
}

// length is that of an attempt from the prompt on, in characters; runs of
// spaces count as one.
func length(ep *core.Episode, leaf core.Ref) int {
	return utf8.RuneCountInString(pathText(ep, leaf))
}

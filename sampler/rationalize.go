package sampler

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Sampler("rationalize", registry.Doc{
		Summary: "Tries each task, and tries those it fails again with the reference answer as a hint.",
		Detail: "What the hinted prompt gives is stored as if the plain prompt had given it, so that training on it " +
			"teaches to answer without hints; such attempts keep their tokens and lose their log-probs. An attempt " +
			"fails where `by` gives less than 0.5. Tasks without a reference answer are tried once, plainly. The paper decodes " +
			"greedily (`temperature: 0`), tries once each way, and puts worked examples before both prompts; here there are " +
			"none, so the model must know from its training what a hint is.",
		Paper:   "STaR: Bootstrapping Reasoning With Reasoning (Zelikman et al., 2022)",
		Example: `rationalize: {by: exact, hint: "{prompt} (The answer is {answer}.)"}`,
		Needs:   []string{registry.NeedReference},
	}, newRationalize)
}

// Rationalize configures rationalize.
type Rationalize struct {
	N           int       `yaml:"n" default:"1" min:"1" doc:"Attempts of the first try."`
	Hinted      int       `yaml:"hinted" default:"1" min:"1" doc:"Attempts with the hint, where all of the first try fail."`
	Temperature *float64  `yaml:"temperature" min:"0" doc:"Sampling temperature; left out, the seat's own."`
	By          core.Spec `yaml:"by" kind:"verifier" default:"exact" doc:"Verifier that says which attempts are right."`
	Hint        string    `yaml:"hint" default:"{prompt}\n\nHint: the answer is {answer}. Explain, step by step, how one finds it." doc:"Text of the hinted prompt; {prompt} is the task's last prompt text, {answer} the reference answer."`
	Seat
}

func newRationalize(ctx context.Context, h core.Host, c Rationalize) (core.Sampler, error) {
	if c.Hint == "" || !strings.Contains(c.Hint, "{answer}") {
		return nil, fmt.Errorf("the hint %.60q lacks {answer}", c.Hint)
	}
	built, err := h.Build(ctx, c.By)
	if err != nil {
		return nil, fmt.Errorf("building the verifier of rationalize: %w", err)
	}
	by, ok := built.(core.Verifier)
	if !ok {
		return nil, fmt.Errorf("%s is a %T, not a verifier", c.By.Label(), built)
	}
	o := core.Options{Temperature: c.Temperature}
	first, err := newShots(h, c.Seat, c.N, o)
	if err != nil {
		return nil, err
	}
	second, err := newShots(h, c.Seat, c.Hinted, o)
	if err != nil {
		return nil, err
	}
	r := &rationalize{first, second, by, c.Hint}
	if many, ok := first.(core.BatchSampler); ok {
		return &batchRationalize{r, many, second.(core.BatchSampler)}, nil
	}
	return r, nil
}

type rationalize struct {
	first, second core.Sampler
	by            core.Verifier
	hint          string
}

// Sample tries plainly, and again with a hint where that fails.
func (r *rationalize) Sample(ctx context.Context, c core.Call, t core.Task) (*core.Episode, error) {
	ep, err := r.first.Sample(ctx, c, t)
	if err != nil {
		return nil, err
	}
	hinted, again, err := r.again(ctx, ep)
	if err != nil || !again {
		return ep, err
	}
	rescue, err := r.second.Sample(ctx, hintedCall(c), hinted)
	if err != nil {
		return nil, err
	}
	recast(ep, rescue)
	return ep, nil
}

// hintedCall keeps the second try's random stream apart from the first's.
func hintedCall(c core.Call) core.Call {
	c.Seed = core.NewHasher("rationalize").Uint(c.Seed).Seed()
	return c
}

// again tells whether every attempt of ep fails, and gives the task with its
// hint. A verifier that abstains does not call an attempt right.
func (r *rationalize) again(ctx context.Context, ep *core.Episode) (core.Task, bool, error) {
	answer := ep.Task.Ref().Answer
	if answer == "" {
		return core.Task{}, false, nil
	}
	if i := strings.LastIndex(answer, "####"); i >= 0 { // a worked solution: hint its answer alone
		answer = strings.TrimSpace(answer[i+len("####"):])
	}
	j, err := r.by.Verify(ctx, ep, nil)
	if err != nil {
		return core.Task{}, false, fmt.Errorf("judging the first try at task %s: %w", ep.Task.ID, err)
	}
	for _, s := range j.Scores {
		if !s.Abstain && s.Value >= 0.5 {
			return core.Task{}, false, nil
		}
	}
	t := ep.Task
	t.Prompt = append([]core.Node{}, t.Prompt...)
	last := &t.Prompt[len(t.Prompt)-1]
	last.Content = strings.NewReplacer("{prompt}", last.Content, "{answer}", answer).Replace(r.hint)
	return t, true, nil
}

// hintedData marks attempts that saw the answer.
var hintedData = json.RawMessage(`{"hinted":true}`)

// recast hangs the attempts of rescue below the plain prompt of ep. Their
// log-probs and rendered prefix were those after the hinted prompt, and go.
func recast(ep, rescue *core.Episode) {
	for _, leaf := range rescue.Leaves() {
		n := *rescue.Node(leaf)
		n.Parent, n.Prefix, n.Logprobs, n.Data = ep.Root(), "", nil, hintedData
		ep.Append(n)
	}
	ep.Usage.Add(rescue.Usage)
}

// batchRationalize plays all first tries in one batch, then all second ones.
type batchRationalize struct {
	*rationalize
	firsts, seconds core.BatchSampler
}

// SampleBatch equals Sample on each task.
func (r *batchRationalize) SampleBatch(ctx context.Context, calls []core.Call, tasks []core.Task) ([]*core.Episode, error) {
	eps, err := r.firsts.SampleBatch(ctx, calls, tasks)
	if err != nil {
		return nil, err
	}
	var (
		failed []int
		hints  []core.Task
		more   []core.Call
	)
	for i, ep := range eps {
		hinted, again, err := r.again(ctx, ep)
		if err != nil {
			return nil, err
		}
		if again {
			failed, hints, more = append(failed, i), append(hints, hinted), append(more, hintedCall(calls[i]))
		}
	}
	rescues, err := r.seconds.SampleBatch(ctx, more, hints)
	if err != nil {
		return nil, err
	}
	for k, i := range failed {
		recast(eps[i], rescues[k])
	}
	return eps, nil
}

package embedded

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"pawl/core"
	"pawl/nn"
	"pawl/nn/constraint"
)

// Intervene gives an intervention a name, by which options ask for it. A name
// stands for one function for good: results are known by it.
func (e *Engine) Intervene(name string, f core.Intervention) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if name == "" || f == nil || e.interventions[name] != nil {
		return fmt.Errorf("naming an intervention %q: the name is taken, or it or the function is missing", name)
	}
	// A map of its own: actors at work read the old one.
	next := maps.Clone(e.interventions)
	if next == nil {
		next = map[string]core.Intervention{}
	}
	next[name] = f
	e.interventions = next
	return nil
}

// further refuses fields that only models know which others serve.
func further(extra json.RawMessage) error {
	if len(extra) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(extra, &fields); err != nil {
		return fmt.Errorf("further fields: %w", err)
	}
	if len(fields) == 0 {
		return nil
	}
	return fmt.Errorf("the embedded engine has no %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
}

// decoding is how a request is sampled, after ids.
func (a *actor) decoding(ids []int32, r core.Request) (nn.Prompt, error) {
	o := a.options.Merge(r.Options)
	p := nn.Prompt{
		Tokens: ids, N: r.N, First: r.First, Seed: r.Seed, MaxTokens: o.MaxTokens,
		Temperature: 1, TopK: o.TopK, TopP: o.TopP, MinP: o.MinP,
	}
	if o.Temperature != nil {
		p.Temperature = *o.Temperature
	}
	if eos := a.text.tok.EOS(); eos >= 0 {
		p.Stop = []int32{eos}
	}
	var err error
	p.Want.Top = o.TopLogprobs
	if p.Bias, err = a.biases(o); err != nil {
		return p, err
	}
	var list []core.Intervention
	for _, name := range o.Interventions {
		f := a.interventions[name]
		if f == nil {
			return p, fmt.Errorf("there is no intervention %q; there are: %s", name, strings.Join(slices.Sorted(maps.Keys(a.interventions)), ", "))
		}
		list = append(list, f)
	}
	if len(list) > 0 {
		p.Intervene = func(_ int, path []int32, logits []float32) {
			for _, f := range list {
				f(path, logits)
			}
		}
	}
	if p.Constraint, err = a.text.constraint(o, a.text.blank(ids)); err != nil {
		return p, err
	}
	if at := a.turn(p); len(o.Stop) > 0 {
		p.Watch = func(int) func(int32) bool {
			t, m := a.text.newStream(at), nn.NewStopMatcher(o.Stop)
			return func(id int32) bool { return m.Write(t.write(id)) }
		}
	}
	return p, nil
}

// constraints keeps what was compiled for a text's tokens.
type constraints struct {
	mu    sync.Mutex
	vocab map[bool]*constraint.Vocabulary // by whether text precedes
	made  map[constraintKey]*constraint.Constraint
}

type constraintKey struct {
	kind, source string
	start        bool
}

// maxConstraints bounds those that are kept: each holds a mask for every state
// that it has seen.
const maxConstraints = 32

// constraint is what the options demand of an answer, nil if nothing. start
// tells that no text precedes it.
func (t *text) constraint(o core.Options, start bool) (*constraint.Constraint, error) {
	var asked []constraintKey
	for _, k := range []constraintKey{{"schema", string(o.Schema), start}, {"regex", o.Regex, start}, {"grammar", o.Grammar, start}} {
		if k.source != "" && k.source != "null" {
			asked = append(asked, k)
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	if len(asked) > 1 {
		return nil, fmt.Errorf("the answer is to keep a %s and a %s; only one of schema, regex and grammar can be kept", asked[0].kind, asked[1].kind)
	}
	k, c := asked[0], &t.constraints
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.made[k]; known != nil {
		return known, nil
	}
	g, err := compile(k)
	if err != nil {
		return nil, err
	}
	made, err := constraint.New(g, t.vocabulary(start))
	if err != nil {
		return nil, err
	}
	if len(c.made) >= maxConstraints || c.made == nil {
		c.made = map[constraintKey]*constraint.Constraint{}
	}
	c.made[k] = made
	return made, nil
}

func compile(k constraintKey) (*constraint.Grammar, error) {
	switch k.kind {
	case "schema":
		return constraint.Schema([]byte(k.source))
	case "regex":
		return constraint.Regexp(k.source)
	}
	return constraint.Parse(k.source)
}

// vocabulary is what tokens add to the content of a turn, as decode gives it.
func (t *text) vocabulary(start bool) *constraint.Vocabulary {
	if v := t.constraints.vocab[start]; v != nil {
		return v
	}
	texts, first := t.tok.Texts()
	if t.strips && t.source == "" && !start {
		first = nil // a text goes on, with the space that it begins with
	}
	if t.source == wordTemplate {
		for i, s := range first {
			first[i] = []byte(strings.TrimPrefix(string(s), " "))
		}
	}
	v := constraint.NewVocabulary(texts, first)
	if t.constraints.vocab == nil {
		t.constraints.vocab = map[bool]*constraint.Vocabulary{}
	}
	t.constraints.vocab[start] = v
	return v
}

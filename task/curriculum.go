package task

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Tasks("curriculum", registry.Doc{
		Summary: "Tasks of several sources, one source after the other: with `take`, a harder one each round.",
		Detail: "A round draws the next `take` tasks of a set, so that sources of as many tasks each are one to a round, in their " +
			"order. With `vary` there is one source, repeated with a setting at each whole number of a range. " +
			"Where all sources have vocabularies of the same unit, the curriculum has every token of each. " +
			"As a gate or audit set it measures all difficulties together.",
		Paper:   "Self-Improving Transformers Overcome Easy-to-Hard and Length Generalization Challenges (Lee et al., 2025)",
		ID:      "S224",
		Example: "curriculum: {vary: digits, from: 9, to: 24, of: [{addition: {n: 2000, order: reversed}}]}",
	}, newCurriculum)
}

// Curriculum configures curriculum.
type Curriculum struct {
	Of   []core.Spec `yaml:"of" kind:"tasks" required:"true" min:"1" doc:"Sources, the easiest first; one where a setting varies."`
	Vary string      `yaml:"vary" doc:"Whole-number setting of the source that varies."`
	From int         `yaml:"from" default:"0" doc:"Its first value."`
	To   int         `yaml:"to" default:"0" doc:"Its last value."`
}

// mostSources bounds a range, so that a typing error does not exhaust memory.
const mostSources = 10_000

// Validate says which settings do not go together.
func (c Curriculum) Validate() error {
	switch {
	case c.Vary == "" && (c.From != 0 || c.To != 0):
		return errors.New("from and to need the name of a setting; add vary")
	case c.Vary != "" && len(c.Of) != 1:
		return fmt.Errorf("vary needs one source in of; it has %d", len(c.Of))
	case c.Vary != "" && (c.To < c.From || c.To-c.From >= mostSources):
		return fmt.Errorf("%s varies from %d to %d: the range must ascend and have at most %d values", c.Vary, c.From, c.To, mostSources)
	}
	_, err := c.sources()
	return err
}

// sources are the components of the curriculum, in order.
func (c Curriculum) sources() ([]core.Spec, error) {
	if c.Vary == "" {
		return c.Of, nil
	}
	var all []core.Spec
	for n := c.From; n <= c.To; n++ {
		s, err := registry.WithInt(c.Of[0], c.Vary, n)
		if err != nil {
			return nil, fmt.Errorf("varying %s: %w", c.Vary, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func newCurriculum(ctx context.Context, h core.Host, c Curriculum) (core.TaskSource, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("making a curriculum: %w", err)
	}
	specs, err := c.sources()
	if err != nil {
		return nil, fmt.Errorf("making a curriculum: %w", err)
	}
	var all curriculum
	for i, s := range specs {
		built, err := h.Build(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("making source %d of a curriculum: %w", i+1, err)
		}
		source, ok := built.(core.TaskSource)
		if !ok {
			return nil, fmt.Errorf("making source %d of a curriculum: %s is a %T", i+1, s.Label(), built)
		}
		if source.Len() < 0 && i+1 < len(specs) {
			return nil, fmt.Errorf("making source %d of a curriculum: %s is endless, so none after it is ever reached; give it a size", i+1, s.Label())
		}
		all = append(all, source)
	}
	words, unit, err := all.vocabulary(specs)
	if err != nil {
		return nil, fmt.Errorf("making a curriculum: %w", err)
	}
	if words == nil {
		return all, nil
	}
	return spelled{all, words, unit}, nil
}

// curriculum is its sources; all but the last end.
type curriculum []core.TaskSource

// Len is the sum of the lengths, or -1 where the last source is endless.
func (c curriculum) Len() int {
	sum := 0
	for _, s := range c {
		n := s.Len()
		if n < 0 {
			return -1
		}
		sum += n
	}
	return sum
}

// Tasks yields the tasks from index first on, source after source.
func (c curriculum) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		skip := max(first, 0)
		for _, s := range c {
			n := s.Len()
			if n >= 0 && skip >= n {
				skip -= n
				continue
			}
			for t, err := range s.Tasks(ctx, skip) {
				if !yield(t, err) || err != nil {
					return
				}
			}
			skip = 0
		}
	}
}

// vocabulary is every token of every source, in the order of their first
// occurrence; nil where a source takes any text. Words and characters together
// would make no tokenizer, so differing units are an error.
func (c curriculum) vocabulary(specs []core.Spec) (all []string, unit string, err error) {
	seen := map[string]bool{}
	open := false
	for i, s := range c {
		v, ok := s.(core.Vocabularied)
		if !ok || v.Vocabulary() == nil {
			open = true
			continue
		}
		if unit != "" && v.Unit() != unit {
			return nil, "", fmt.Errorf("a token is a %s in %s and a %s in %s: one model cannot read both; choose sources of one kind, or their chat dialect",
				unit, specs[0].Label(), v.Unit(), specs[i].Label())
		}
		unit = v.Unit()
		for _, w := range v.Vocabulary() {
			if !seen[w] {
				seen[w] = true
				all = append(all, w)
			}
		}
	}
	if open {
		return nil, "", nil
	}
	return all, unit, nil
}

// spelled is a curriculum of a known vocabulary.
type spelled struct {
	curriculum
	words []string
	unit  string
}

// Vocabulary lists the tokens of all sources, each once.
func (s spelled) Vocabulary() []string { return slices.Clone(s.words) }

// Unit tells what a token is: core.UnitWords or core.UnitCharacters.
func (s spelled) Unit() string { return s.unit }

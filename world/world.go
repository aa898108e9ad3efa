package world

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
)

// Dialects of prompts and completions.
const (
	Compact = "compact" // no filler, for small models trained on the world
	Chat    = "chat"    // English, for models that know nothing of it
)

// World is a set of tasks with exact answers.
type World interface {
	// Len is the number of tasks, none twice.
	Len() int
	// Task makes task i, 0 <= i < Len. It is a pure function of i.
	Task(i int) core.Task
	// Vocabulary lists every token of the compact dialect, prompts and
	// demonstrations together, in a fixed order; nil in the chat dialect.
	Vocabulary() []string
	// Unit tells what a token of Vocabulary is: core.UnitWords or
	// core.UnitCharacters.
	Unit() string
}

// Verdict is an oracle's judgement of one completion.
type Verdict struct {
	Right      bool   `json:"right"`                 // the final answer is right
	Valid      bool   `json:"valid"`                 // right, and every step is legal and none is missing
	FirstWrong int    `json:"first_wrong,omitempty"` // number of the first wrong step, from 1; 0 where there is none
	Answer     string `json:"answer,omitempty"`      // the answer read from the completion
	Reason     string `json:"reason,omitempty"`      // what is wrong
}

// An oracle judges completions of one task.
type oracle func(text string) Verdict

// oracles make the oracle of a task by the world that its reference names.
// They trust the instance in the reference, never its answer.
var oracles = map[string]func(reference json.RawMessage) (oracle, error){
	"chain":     chainOracle,
	"addition":  additionOracle,
	"countdown": countdownOracle,
}

// Oracle makes the judge of completions of t, by the world that made t. The
// error tells that t has no oracle or a damaged reference. The judge is a pure
// function and safe for concurrent use.
func Oracle(t core.Task) (func(text string) Verdict, error) {
	name := t.Ref().World
	build := oracles[name]
	if build == nil {
		return nil, fmt.Errorf("judging task %s: its reference names world %q; oracles exist for %s",
			t.ID, name, strings.Join(slices.Sorted(maps.Keys(oracles)), ", "))
	}
	judge, err := build(t.Reference)
	if err != nil {
		return nil, fmt.Errorf("judging task %s: %w", t.ID, err)
	}
	return judge, nil
}

// Check judges one completion of t.
func Check(t core.Task, text string) (Verdict, error) {
	judge, err := Oracle(t)
	if err != nil {
		return Verdict{}, err
	}
	return judge(text), nil
}

// HasOracle reports whether a world made t.
func HasOracle(t core.Task) bool { return oracles[t.Ref().World] != nil }

// Source is a world, or the first n tasks of it, as a task source. It also
// tells the world's vocabulary, so that a tokenizer can be made from it.
type Source struct {
	World
	n int
}

// NewSource offers the first n tasks of w; 0 offers all. More than there are
// is an error, since repeated tasks would pass for independent ones.
func NewSource(w World, n int) (*Source, error) {
	switch {
	case n < 0:
		return nil, fmt.Errorf("taking %d tasks: the number may not be negative", n)
	case n > w.Len():
		return nil, fmt.Errorf("taking %d tasks: the split has only %d different ones; make the world larger or n smaller", n, w.Len())
	case n == 0:
		n = w.Len()
	}
	return &Source{World: w, n: n}, nil
}

// Len is the number of tasks offered.
func (s *Source) Len() int { return s.n }

// Tasks yields the tasks from index first on.
func (s *Source) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := max(first, 0); i < s.n; i++ {
			if err := ctx.Err(); err != nil {
				yield(core.Task{}, err)
				return
			}
			if !yield(s.Task(i), nil) {
				return
			}
		}
	}
}

// newTask puts a task together. The reference is one of this package's
// structs, which always encode.
func newTask(world, id, prompt string, reference any) core.Task {
	raw, err := json.Marshal(reference)
	if err != nil {
		panic("world: " + err.Error())
	}
	return core.Task{
		ID:        id,
		Prompt:    []core.Node{{Role: core.RoleUser, Content: prompt}},
		Reference: raw,
		Origin:    []string{"world:" + world},
	}
}

// checkDialect refuses unknown dialects; "" means Compact.
func checkDialect(d string) (string, error) {
	switch d {
	case "", Compact:
		return Compact, nil
	case Chat:
		return Chat, nil
	}
	return "", fmt.Errorf("no dialect named %q; there are %s and %s", d, Compact, Chat)
}

func words(ns []int) string {
	var b strings.Builder
	for i, n := range ns {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

func orDefault[T comparable](v, or T) T {
	var zero T
	if v == zero {
		return or
	}
	return v
}

// decode reads a reference of this package.
func decode(raw json.RawMessage, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reading its reference: %w", err)
	}
	return nil
}

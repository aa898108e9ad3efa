package recipe

import (
	"encoding/json"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

// Test is one example that a recipe carries; Plan.Play runs it. It plays one task through one
// stage with scripted seats and compares what came of it.
//
// Every key that is not listed here names a seat and lists its replies. A seat
// gives them in the order of asking, alternative by alternative, and from the
// start again when they run out; replies that nobody asks for fail the test,
// unless Expect.Calls states how many are asked for. The task has the given
// prompt and reference; the set train holds it alone. Every other task set that
// the recipe names is empty, except those listed under Sets. Sample, verify,
// answer and the update's selector run; optimizers and gates do not.
type Test struct {
	Pos     registry.Pos                      `yaml:"-"`
	Name    string                            `yaml:"name" doc:"What it shows."`
	Task    TestTask                          `yaml:"task" doc:"The task that is played."`
	Sets    registry.Ordered[[]TestTask]      `yaml:"sets" doc:"Tasks of further sets, by set."`
	With    registry.Ordered[json.RawMessage] `yaml:"with" doc:"Values of the recipe to change for this test, by path: sample.repeat.n."`
	Control string                            `yaml:"control" doc:"The control to play; the real arm where absent."`
	Stage   int                               `yaml:"stage" default:"0" min:"0" doc:"Which stage, from 0."`
	Update  int                               `yaml:"update" default:"0" min:"0" doc:"Which update's selector, from 0."`
	Expect  Expect                            `yaml:"expect" required:"true" doc:"What must come of it."`
	Seats   registry.Ordered[[]string]        `yaml:",rest" doc:"Replies of a seat, in request order."`
}

// TestTask is a task as a test writes it.
type TestTask struct {
	ID        string          `yaml:"id" doc:"Its id; test, or the set and the number, where absent."`
	Prompt    string          `yaml:"prompt" default:"test" doc:"The user's question."`
	Answer    string          `yaml:"answer" doc:"Reference answer."`
	Solution  string          `yaml:"solution" doc:"Reference solution."`
	Reference json.RawMessage `yaml:"reference" doc:"The whole hidden reference, where answer and solution do not say enough."`
}

// Expect is what a test compares; keys left out are not compared. Texts are
// compared without the white space around them.
type Expect struct {
	Pos      registry.Pos         `yaml:"-"`
	Answer   *string              `yaml:"answer" doc:"Content of the attempt that answer picks."`
	Abstain  *bool                `yaml:"abstain" doc:"Whether answer picks none."`
	Kept     *[]string            `yaml:"kept" doc:"Attempts in the selected examples, in order; examples of other tasks do not count."`
	Dropped  *[]string            `yaml:"dropped" doc:"Attempts in no selected example, in order of sampling."`
	Chosen   *string              `yaml:"chosen" doc:"Of the first example with two paths: the one of larger label."`
	Rejected *string              `yaml:"rejected" doc:"Of the first example with two paths: the one of smaller label."`
	Labels   *[]float64           `yaml:"labels" doc:"Labels of the selected examples, in order."`
	Scores   map[string][]float64 `yaml:"scores" doc:"By verifier: the value on each attempt, in order of sampling; abstained ones are left out."`
	Calls    *int                 `yaml:"calls" doc:"Replies asked for, of all seats together."`
}

// ForTest is p as t wants it: with the values that the test changes.
func (p *Plan) ForTest(t Test) (*Plan, error) {
	q := *p
	for _, w := range t.With {
		if err := q.Override(w.Key, string(w.Value)); err != nil {
			return nil, fmt.Errorf("preparing test %s: %w", t.Pos, err)
		}
	}
	return &q, nil
}

// Of makes the task; name is its id where it has none.
func (t TestTask) Of(name string) core.Task {
	reference := t.Reference
	if reference == nil && (t.Answer != "" || t.Solution != "") {
		reference, _ = json.Marshal(core.Reference{Answer: t.Answer, Solution: t.Solution}) // two strings encode
	}
	if t.ID != "" {
		name = t.ID
	}
	return core.Task{ID: name, Prompt: []core.Node{{Role: core.RoleUser, Content: t.Prompt}}, Reference: reference}
}

// Tasks gives the task that is played and the further sets, by name.
func (t Test) Tasks() (core.Task, map[string][]core.Task) {
	sets := map[string][]core.Task{}
	for _, s := range t.Sets {
		for i, x := range s.Value {
			sets[s.Key] = append(sets[s.Key], x.Of(fmt.Sprintf("%s-%d", s.Key, i)))
		}
	}
	return t.Task.Of("test"), sets
}

package recipe

import (
	"encoding/json"

	"pawl/registry"
)

// Test is one example that a recipe carries. It plays one task through one
// stage with scripted seats and compares what came of it.
//
// Every key that is not listed here names a seat and lists its replies. A seat
// gives its replies in request order, alternative by alternative; asking for
// more than there are fails the test, and so do replies left over, unless Calls
// states how many were asked for. The task has the given prompt and reference;
// its set is called train. Every other task set that the recipe names is
// empty, except those listed under Sets. Optimizers do not run.
type Test struct {
	Pos     registry.Pos                 `yaml:"-"`
	Name    string                       `yaml:"name" doc:"What it shows."`
	Task    TestTask                     `yaml:"task" doc:"The task that is played."`
	Sets    registry.Ordered[[]TestTask] `yaml:"sets" doc:"Tasks of further sets, by set."`
	Control string                       `yaml:"control" doc:"The control to play; the real arm where absent."`
	Stage   int                          `yaml:"stage" default:"0" min:"0" doc:"Which stage, from 0."`
	Update  int                          `yaml:"update" default:"0" min:"0" doc:"Which update's selector, from 0."`
	Expect  Expect                       `yaml:"expect" required:"true" doc:"What must come of it."`
	Seats   registry.Ordered[[]string]   `yaml:",rest" doc:"Replies of a seat, in request order."`
}

// TestTask is a task as a test writes it.
type TestTask struct {
	ID        string          `yaml:"id" default:"test" doc:"Its id."`
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

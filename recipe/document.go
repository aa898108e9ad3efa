package recipe

import (
	"encoding/json"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

// document is a recipe as it is written. Its tags are the specification of the
// language: decoding, lint and the JSON Schema come from them.
type document struct {
	About    About                       `yaml:"about" doc:"What the recipe is."`
	Seed     uint64                      `yaml:"seed" default:"1" doc:"Seed of everything drawn."`
	Policies registry.Ordered[policyDoc] `yaml:"policies" doc:"Policies under improvement, by name."`
	Seats    registry.Ordered[seatDoc]   `yaml:"seats" doc:"Who sits where: seats that samplers and verifiers call, by name."`
	Tasks    registry.Ordered[setDoc]    `yaml:"tasks" doc:"Task sets by name: train, gate, audit and others."`
	Prompts  registry.Ordered[promptDoc] `yaml:"prompts" doc:"Words of the prompts that components ask with, by name of the prompt."`
	Sample   core.Spec                   `yaml:"sample" kind:"sampler" doc:"How a task is attempted."`
	Verify   []core.Spec                 `yaml:"verify" kind:"verifier" doc:"What judges the attempts, in order."`
	Answer   Answer                      `yaml:"answer" doc:"What inference returns."`
	Measure  *measureDoc                 `yaml:"measure" doc:"What gate and audit compare."`
	Updates  []updateDoc                 `yaml:"updates" doc:"How policies learn, one lane a policy."`
	Stages   []stageDoc                  `yaml:"stages" min:"1" doc:"Stages of a round, in place of updates."`
	Gate     core.Spec                   `yaml:"gate" kind:"gate" doc:"What decides on the candidate."`
	Rounds   int                         `yaml:"rounds" default:"1" min:"1" max:"100000" doc:"Rounds to run."`
	Parents  string                      `yaml:"parents" enum:"incumbent" default:"incumbent" doc:"What a round starts from."`
	Watch    *Watch                      `yaml:"watch" doc:"Monitors on a probe set; checked, but nothing is measured yet."`
	Metrics  []core.Spec                 `yaml:"metrics" kind:"metric" doc:"What is measured of every round."`
	// Overrides inherit what they leave out, so that their parts are decoded
	// only after they are merged with the real arm.
	Controls registry.Ordered[registry.Ordered[overrideDoc]] `yaml:"controls" doc:"Arms that start from the same base and differ in what is named here; never served."`
	Budget   Budget                                          `yaml:"budget" doc:"Where the run stops."`
	Tests    []Test                                          `yaml:"tests" doc:"Examples that pawl test runs with a scripted actor."`
}

// About says what a recipe is. It does not enter the identity of a run.
type About struct {
	Title    string   `yaml:"title" doc:"Its name for people."`
	Summary  string   `yaml:"summary" doc:"What it does, in one or two sentences."`
	Paper    string   `yaml:"paper" doc:"Title of the paper it follows."`
	ID       string   `yaml:"id" doc:"Its number in the catalogue."`
	Improves []string `yaml:"improves" doc:"The parts of a policy it changes: weights, prompt, skills."`
	Needs    []string `yaml:"needs" doc:"What it cannot do without."`
}

type policyDoc struct {
	From string    `yaml:"from" doc:"What it starts from: base, the model given at the command line; a policy above; or a folder."`
	Init core.Spec `yaml:",component" kind:"policy" doc:"How it is made."`
}

type seatDoc struct {
	Policy      string                    `yaml:"policy" ref:"policy" doc:"The policy that plays the seat."`
	Env         core.Spec                 `yaml:"env" kind:"env" doc:"The environment that plays the seat."`
	Temperature *float64                  `yaml:"temperature" min:"0" max:"10" doc:"Sampling temperature; 0 is greedy."`
	MaxTokens   int                       `yaml:"max_tokens" min:"1" doc:"Most tokens of one reply."`
	TopK        int                       `yaml:"top_k" min:"0" doc:"Sample among this many likeliest tokens; 0 is all."`
	TopP        float64                   `yaml:"top_p" min:"0" max:"1" doc:"Sample among the likeliest tokens of this total probability; 0 is all."`
	MinP        float64                   `yaml:"min_p" min:"0" max:"1" doc:"Sample among tokens of at least this share of the likeliest one's probability; 0 is all."`
	Stop        []string                  `yaml:"stop" doc:"Texts that end a reply."`
	Regex       string                    `yaml:"regex" doc:"A regular expression that the whole reply matches."`
	Grammar     string                    `yaml:"grammar" doc:"A grammar, in GBNF, that the reply keeps."`
	Schema      json.RawMessage           `yaml:"schema" doc:"A JSON schema that the reply keeps."`
	LogitBias   registry.Ordered[float64] `yaml:"logit_bias" doc:"What is added to the logits of tokens, by their text, or by number where the key is one without quotes."`
	Logprobs    bool                      `yaml:"logprobs" doc:"Whether replies carry log-probs."`
	Dialect     string                    `yaml:"dialect" enum:"chat|compact" doc:"How it is asked: chat is English, compact the lines that Pawl's own models learn; left out, what its model was made for."`
}

type setDoc struct {
	Source core.Spec `yaml:",component" kind:"tasks" doc:"Where the tasks come from; none where files are given at the command line."`
	Take   int       `yaml:"take" default:"0" min:"0" doc:"Tasks drawn a round, new ones each time; 0 is all."`
}

type measureDoc struct {
	Sample core.Spec   `yaml:"sample" kind:"sampler" default:"greedy" doc:"How a measured task is attempted."`
	Verify []core.Spec `yaml:"verify" kind:"verifier" default:"exact" min:"1" doc:"What judges it; the last one counts."`

	Answered bool `yaml:"answered" default:"false" doc:"Measure what answer picks of the recipe's own sample, in place of sample here."`
}

type updateDoc struct {
	Policy   string    `yaml:"policy" ref:"policy" required:"true" doc:"The policy that learns."`
	Select   core.Spec `yaml:"select" kind:"selector" required:"true" doc:"How judged attempts become examples."`
	Optimize core.Spec `yaml:"optimize" kind:"optimizer" required:"true" doc:"How examples make a candidate."`
}

type stageDoc struct {
	Steps   int         `yaml:"steps" default:"1" min:"1" doc:"Passes of sample, verify, select and optimize."`
	Sample  core.Spec   `yaml:"sample" kind:"sampler" doc:"How a task is attempted; the recipe's where absent."`
	Verify  []core.Spec `yaml:"verify" kind:"verifier" doc:"What judges the attempts; the recipe's where absent."`
	Updates []updateDoc `yaml:"updates" required:"true" min:"1" doc:"How policies learn, one lane a policy."`
}

type overrideDoc struct {
	Sample   json.RawMessage `yaml:"sample" doc:"How this arm attempts tasks."`
	Verify   json.RawMessage `yaml:"verify" doc:"What judges this arm's attempts."`
	Select   json.RawMessage `yaml:"select" doc:"How this arm selects; settings left out are the real arm's."`
	Optimize json.RawMessage `yaml:"optimize" doc:"How this arm learns; settings left out are the real arm's."`
	Answer   json.RawMessage `yaml:"answer" doc:"The rule by which this arm answers where it is measured, in place of the recipe's."`
}

// Answer says what inference returns: the attempt that the named verifier
// values most.
type Answer struct {
	Pos          registry.Pos `yaml:"-"`
	By           string       `yaml:"by" ref:"verifier" doc:"The verifier whose best attempt is the answer."`
	Else         string       `yaml:"else" ref:"verifier" doc:"The verifier that answers where by abstains on every attempt, as one that is yet to be trained does; left out, nothing does."`
	AbstainBelow Abstain      `yaml:"abstain_below" doc:"Answer nothing where its value is smaller."`
}

// Abstain is a smallest value that is answered: a number, or the largest share
// of wrong answers, for which a calibration of the answering verifier has the
// value: that of the policy (the part that the optimizer calibrate makes), or of
// a file.
type Abstain struct {
	Value      float64 `yaml:"value" inline:"true" default:"0" min:"0" max:"1" doc:"Smallest value that is answered."`
	Risk       float64 `yaml:"risk" default:"0" min:"0" max:"0.5" doc:"In place of a value: the largest share of answers that may be wrong."`
	Confidence float64 `yaml:"confidence" default:"0.95" min:"0.5" max:"0.9999" doc:"With risk: the probability, over the tasks that were calibrated on, that the share is kept."`
	File       string  `yaml:"file" doc:"With risk: a calibration to use in place of the policy's."`
}

// Validate says what does not go together.
func (a Abstain) Validate() error {
	switch {
	case a.Risk > 0 && a.Value > 0:
		return fmt.Errorf("both a value, %v, and a risk, %v, are given; the risk finds its own value", a.Value, a.Risk)
	case a.Risk == 0 && a.File != "":
		return fmt.Errorf("the file %q is a calibration, for a risk; give the risk, or leave the file out", a.File)
	}
	return nil
}

// Files is the calibration, which determines what is answered.
func (a Abstain) Files() []string {
	if a.File == "" {
		return nil
	}
	return []string{a.File}
}

// Watch is a set of monitors on a probe set.
type Watch struct {
	Tasks   string      `yaml:"tasks" ref:"tasks" required:"true" doc:"The probe set."`
	Metrics []core.Spec `yaml:"metrics" kind:"metric" doc:"What is measured on it."`
}

// Budget is where a run stops; zero values are no limit. It does not enter the
// identity of a run, so that a run resumes under a larger one.
type Budget struct {
	USD    float64 `yaml:"usd" min:"0" doc:"Most dollars spent on calls."`
	Tokens int64   `yaml:"tokens" min:"0" doc:"Most tokens, prompts and replies together."`
}

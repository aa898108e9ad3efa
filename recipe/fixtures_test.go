package recipe

import (
	"context"
	"errors"

	"pawl/core"
	"pawl/registry"
)

// fixtures is a registry with the shapes of the standard components and no
// behaviour, so that the language is tested apart from what it names.
func fixtures() *registry.Registry {
	r := registry.New()
	type chain struct {
		Split   string `yaml:"split" enum:"labelled|train|gate|audit" default:"train" doc:"Share."`
		N       int    `yaml:"n" default:"0" min:"0" doc:"Tasks."`
		Modulus int    `yaml:"modulus" default:"20" min:"2" doc:"Size."`
	}
	type jsonl struct {
		Path string `yaml:"path" required:"true" inline:"true" doc:"File."`
	}
	type pretrain struct {
		Tasks string  `yaml:"tasks" ref:"tasks" default:"labelled" doc:"Set."`
		Steps int     `yaml:"steps" default:"2500" min:"1" doc:"Steps."`
		Rate  float64 `yaml:"rate" default:"0.002" min:"0" doc:"Rate."`
	}
	type repeat struct {
		N           int      `yaml:"n" default:"8" min:"1" doc:"Attempts."`
		Seat        string   `yaml:"of" ref:"seat" default:"solver" doc:"Seat."`
		Temperature *float64 `yaml:"temperature" min:"0" doc:"Temperature."`
	}
	type greedy struct {
		Seat string `yaml:"of" ref:"seat" default:"solver" doc:"Seat."`
	}
	type vote struct {
		Of  string `yaml:"of" ref:"seat" default:"solver" doc:"Seat."`
		Min int    `yaml:"min_votes" default:"2" min:"1" doc:"Votes."`
	}
	type none struct{}
	type ask struct {
		Prompt string `yaml:"prompt" ref:"prompt" default:"verify" doc:"Prompt."`
	}
	type filter struct {
		By      string  `yaml:"by" ref:"verifier" required:"true" doc:"Verifier."`
		AtLeast float64 `yaml:"at_least" default:"0.5" min:"0" max:"1" doc:"Value."`
		PerTask int     `yaml:"per_task" default:"0" min:"0" doc:"Cap."`
	}
	type first struct {
		PerTask int `yaml:"per_task" default:"0" min:"0" doc:"Cap."`
	}
	type pairs struct {
		By     string  `yaml:"by" ref:"verifier" allow:"random" required:"true" doc:"Verifier."`
		Margin float64 `yaml:"margin" default:"0" doc:"Margin."`
	}
	type demonstrations struct {
		Tasks string `yaml:"tasks" ref:"tasks" default:"labelled" inline:"true" doc:"Set."`
	}
	type mix struct {
		New     core.Spec `yaml:"new" kind:"selector" required:"true" doc:"New."`
		Anchors core.Spec `yaml:"anchors" kind:"selector" doc:"Old."`
		Keep    int       `yaml:"keep" default:"-1" min:"-1" doc:"Rounds."`
	}
	type train struct {
		Objective core.Spec `yaml:"objective" kind:"objective" default:"sft" doc:"Loss."`
		Steps     int       `yaml:"steps" default:"1000" min:"1" doc:"Steps."`
		Rate      float64   `yaml:"rate" default:"0.0015" min:"0" doc:"Rate."`
		From      string    `yaml:"from" enum:"incumbent|base" default:"incumbent" doc:"Start."`
	}
	type paired struct {
		Alpha float64 `yaml:"alpha" default:"0.05" min:"0" max:"0.5" doc:"Level."`
	}
	add[chain, core.TaskSource](r, core.KindTasks, "chain")
	add[jsonl, core.TaskSource](r, core.KindTasks, "jsonl")
	add[pretrain, core.Policy](r, core.KindPolicy, "pretrain")
	add[repeat, core.Sampler](r, core.KindSampler, "repeat")
	add[greedy, core.Sampler](r, core.KindSampler, "greedy")
	add[vote, core.Verifier](r, core.KindVerifier, "majority_vote")
	add[none, core.Verifier](r, core.KindVerifier, "oracle", registry.NeedOracle)
	add[ask, core.Verifier](r, core.KindVerifier, "ask")
	add[none, core.Verifier](r, core.KindVerifier, "exact", registry.NeedReference)
	add[filter, core.Selector](r, core.KindSelector, "filter")
	add[first, core.Selector](r, core.KindSelector, "first")
	add[pairs, core.Selector](r, core.KindSelector, "pairs")
	add[demonstrations, core.Selector](r, core.KindSelector, "demonstrations")
	add[mix, core.Selector](r, core.KindSelector, "mix")
	add[none, core.Objective](r, core.KindObjective, "sft")
	add[train, core.Optimizer](r, core.KindOptimizer, "train")
	add[paired, core.Gate](r, core.KindGate, "paired")
	add[none, core.Metric](r, core.KindMetric, "accuracy")
	return r
}

func add[C, T any](r *registry.Registry, kind core.Kind, name string, needs ...string) {
	registry.Register(r, kind, name, registry.Doc{Summary: "A fixture.", Needs: needs}, func(context.Context, core.Host, C) (T, error) {
		var zero T
		return zero, errors.New("a fixture builds nothing")
	})
}

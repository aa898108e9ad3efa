package recipe

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
)

const steered = `
seats:
  solver:
    policy: solver
    min_p: 0.1
    stop: ["\n"]
    regex: "(yes|no)!?"
    logit_bias: {7: 1.5, "8": -2, " yes": 3}
  clerk: {policy: solver, schema: {type: object, properties: {b: {type: integer}, a: {type: string}}, required: [b]}}
  poet:
    policy: solver
    grammar: |
      root ::= line+
      line ::= [a-z ]+ "\n"
sample: greedy
metrics: [accuracy]
`

func TestSeatsSayHowTheySample(t *testing.T) {
	p := mustParse(t, steered)
	solver, _ := p.Seat("solver")
	want := core.Options{MinP: 0.1, Stop: []string{"\n"}, Regex: "(yes|no)!?", Bias: map[int32]float64{7: 1.5}, BiasText: map[string]float64{"8": -2, " yes": 3}}
	if !reflect.DeepEqual(solver.Options, want) {
		t.Errorf("solver: %+v", solver.Options)
	}
	clerk, _ := p.Seat("clerk")
	if got := string(clerk.Options.Schema); got != `{"type":"object","properties":{"b":{"type":"integer"},"a":{"type":"string"}},"required":["b"]}` {
		t.Errorf("the schema lost its order: %s", got)
	}
	if poet, _ := p.Seat("poet"); !strings.HasPrefix(poet.Options.Grammar, "root ::= line+\n") {
		t.Errorf("poet: %+v", poet.Options)
	}
}

// Whatever steers a seat is part of what names its results.
func TestSteeringEntersTheSeatsForm(t *testing.T) {
	seen := map[string]string{string(mustParse(t, steered).SeatsCanonical()): "as it is"}
	for _, c := range [][2]string{
		{"min_p: 0.1", "min_p: 0.2"}, {"(yes|no)!?", "(yes|no)"}, {"7: 1.5", "9: 1.5"}, {"7: 1.5", "7: 2.5"}, {`"8": -2`, `"9": -2`}, {`"8": -2`, `8: -2`}, {`" yes": 3`, `" no": 3`},
		{"{7: 1.5, ", "{"}, {"required: [b]", "required: [a]"}, {"[a-z ]+", "[a-z]+"},
	} {
		form := string(mustParse(t, replace(t, steered, c)).SeatsCanonical())
		if other, ok := seen[form]; ok {
			t.Errorf("with %s the seats are what they are with %s", c[1], other)
		}
		seen[form] = c[1]
	}
}

func TestSteer(t *testing.T) {
	p := mustParse(t, steered)
	zero := 0.0
	s := Steering{MinP: &zero, Grammar: `root ::= "a"`, Bias: map[int32]float64{7: 9}, BiasText: map[string]float64{"b": 1}}
	before := string(p.SeatsCanonical())
	if err := p.Steer(s); err != nil {
		t.Fatal(err)
	}
	solver, _ := p.Seat("solver")
	want := core.Options{Stop: []string{"\n"}, Grammar: `root ::= "a"`, Bias: map[int32]float64{7: 9}, BiasText: map[string]float64{"8": -2, " yes": 3, "b": 1}}
	if !reflect.DeepEqual(solver.Options, want) {
		t.Errorf("solver: %+v", solver.Options)
	}
	if clerk, _ := p.Seat("clerk"); clerk.Options.Schema != nil || clerk.Options.Grammar == "" {
		t.Errorf("clerk keeps two: %+v", clerk.Options)
	}
	if string(p.SeatsCanonical()) == before {
		t.Error("steering does not show in the seats' form")
	}
	if err := p.Steer(Steering{}); err != nil {
		t.Error(err)
	}
	if now, _ := p.Seat("solver"); !reflect.DeepEqual(now.Options, want) {
		t.Errorf("nothing changes %+v", now.Options)
	}
	high := 1.5
	for _, c := range []struct {
		s    Steering
		want string
	}{
		{Steering{MinP: &high}, "min_p is 1.5"},
		{Steering{Regex: "("}, "missing closing"},
		{Steering{Grammar: "x"}, "line 1"},
		{Steering{Schema: []byte(`{"minimum": 1}`)}, `"minimum"`},
		{Steering{Regex: "a", Schema: []byte(`true`)}, "a schema and a regex are given"},
		{Steering{Bias: map[int32]float64{1: math.Inf(-1)}}, "a logit bias is -Inf"},
	} {
		if err := p.Steer(c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

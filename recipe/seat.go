package recipe

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"pawl/core"
	"pawl/nn/constraint"
	"pawl/registry"
)

// Keys of a test that are no seats.
var reserved = []string{"name", "task", "sets", "with", "control", "stage", "update", "expect", "reference"}

func (b *builder) seat(e registry.Entry[seatDoc]) {
	b.nameable(e.Key, e.Pos, "seat", reserved...)
	s := e.Value
	if s.Policy != "" && s.Env.Name != "" {
		b.AddAt(e.Pos, e.Key, fmt.Sprintf("the seat is played by the policy %q and by the environment %s", s.Policy, s.Env.Name), "name one of them")
	}
	if s.Policy == "" && s.Env.Name == "" {
		s.Policy = e.Key
		if _, ok := b.plan.Policy(e.Key); !ok {
			b.AddAt(e.Pos, e.Key, "nobody plays the seat", "add policy: and a name")
		}
	}
	b.plan.Seats = append(b.plan.Seats, Seat{Name: e.Key, Policy: s.Policy, Env: s.Env, Dialect: s.Dialect, Pos: e.Pos, Options: b.options(e)})
}

// options are how the seat samples. What they demand of an answer is compiled
// once here, so that a mistake in it is one of the page.
func (b *builder) options(e registry.Entry[seatDoc]) core.Options {
	s := e.Value
	o := core.Options{
		Temperature: s.Temperature, MaxTokens: s.MaxTokens, TopK: s.TopK, TopP: s.TopP, MinP: s.MinP, Stop: s.Stop, Logprobs: s.Logprobs,
		Regex: s.Regex, Grammar: s.Grammar, Schema: s.Schema,
	}
	seats, _ := b.root.Get("seats")
	page, _ := seats.Get(e.Key)
	path := "seats." + e.Key
	first := ""
	for _, c := range demands(o) {
		v, ok := page.Get(c.key)
		if !ok || v.Form == registry.Null || v.Form != registry.Text && c.key != "schema" {
			continue // no text where one is wanted has been reported
		}
		at := path + "." + c.key
		switch {
		case first != "":
			b.Add(v, at, fmt.Sprintf("the seat has a %s and a %s", first, c.key), "a reply keeps one of schema, regex and grammar")
		case c.source == "":
			b.Add(v, at, fmt.Sprintf("the %s is empty", c.key), "leave it out where replies are free")
		default:
			if err := c.compile(); err != nil {
				b.Add(v, at, err.Error(), "")
			}
		}
		first = c.key
	}
	biases, _ := page.Get("logit_bias")
	o.Bias, o.BiasText = b.biases(s.LogitBias, biases, path+".logit_bias")
	return o
}

// biases tells token numbers from texts: {7: 1} is the token 7, {"7": 1} the
// one whose text is 7.
func (b *builder) biases(list registry.Ordered[float64], page registry.Value, path string) (ids map[int32]float64, texts map[string]float64) {
	for i, e := range list {
		id, err := strconv.ParseUint(e.Key, 10, 31)
		switch {
		case e.Key == "":
			b.AddAt(e.Pos, e.Key, "no token has an empty text", "")
		case err == nil && !page.Fields[i].Quoted:
			ids = put(ids, int32(id), e.Value)
		default:
			texts = put(texts, e.Key, e.Value)
		}
	}
	return ids, texts
}

func put[K comparable](m map[K]float64, k K, v float64) map[K]float64 {
	if m == nil {
		m = map[K]float64{}
	}
	m[k] = v
	return m
}

// demand is something that the whole of an answer must keep.
type demand struct{ key, source string }

// demands lists those that options can make, whether or not these do.
func demands(o core.Options) []demand {
	return []demand{{"schema", string(o.Schema)}, {"regex", o.Regex}, {"grammar", o.Grammar}}
}

func (d demand) compile() error {
	var err error
	switch d.key {
	case "schema":
		_, err = constraint.Schema([]byte(d.source))
	case "regex":
		_, err = constraint.Regexp(d.source)
	default:
		_, err = constraint.Parse(d.source)
	}
	return err
}

// Steering is what may be changed of how all seats sample, beside what Override
// can. Zero values change nothing.
type Steering struct {
	MinP     *float64
	Regex    string // this, Grammar or Schema replaces whichever a seat has
	Grammar  string
	Schema   json.RawMessage
	Bias     map[int32]float64 // added to a seat's own, which it replaces token by token
	BiasText map[string]float64
}

// Steer lays s over the options of every seat that a policy plays. Override
// undoes it.
func (p *Plan) Steer(s Steering) error {
	if s.MinP != nil && !(*s.MinP >= 0 && *s.MinP <= 1) {
		return fmt.Errorf("min_p is %v; it must be between 0 and 1", *s.MinP)
	}
	for _, b := range append(slices.Collect(maps.Values(s.Bias)), slices.Collect(maps.Values(s.BiasText))...) {
		if math.IsNaN(b) || math.IsInf(b, 0) {
			return fmt.Errorf("a logit bias is %v; -100 keeps a token from being drawn", b)
		}
	}
	first := ""
	for _, d := range demands(core.Options{Schema: s.Schema, Regex: s.Regex, Grammar: s.Grammar}) {
		if d.source == "" {
			continue
		}
		if first != "" {
			return fmt.Errorf("a %s and a %s are given; a reply keeps one of schema, regex and grammar", first, d.key)
		}
		if err := d.compile(); err != nil {
			return err
		}
		first = d.key
	}
	for i := range p.Seats {
		o := &p.Seats[i].Options
		if p.Seats[i].Env.Name != "" {
			continue
		}
		if s.MinP != nil {
			o.MinP = *s.MinP
		}
		if first != "" {
			o.Schema, o.Regex, o.Grammar = s.Schema, s.Regex, s.Grammar
		}
		o.Bias, o.BiasText = over(o.Bias, s.Bias), over(o.BiasText, s.BiasText)
	}
	return nil
}

// over is a copy of m with the entries of n.
func over[K comparable](m, n map[K]float64) map[K]float64 {
	if len(n) == 0 {
		return m
	}
	all := make(map[K]float64, len(m)+len(n))
	maps.Copy(all, m)
	maps.Copy(all, n)
	return all
}

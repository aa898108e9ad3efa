package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("error_spans", registry.Doc{
		Summary: "Lets a model mark the errors of an attempt, each with place, type and severity, and judges by their weight.",
		Detail: "The judge replies with a JSON list; a span that does not stand in the attempt, or a severity that there is none of, is asked for again once, and then abstained on. " +
			"A minor error weighs 1 point and a major one 5, as Freitag et al. weigh them; 25 they give to a segment that is no translation at all, five " +
			"major errors, and here to a critical one, which they have not. Theirs weigh minor errors of punctuation 0.1, which is left out. " +
			"The value is 1 less the share that their sum is of `worst`, never below 0. " +
			"The paper's model marks minor and major errors only and is trained to; here any seat is asked. " +
			"The rationale lists the errors, for revising; kept judgements hold them with their bytes from and to in the attempt.",
		Paper:   "Pinpoint, Not Criticize: Refining Large Language Models via Fine-Grained Actionable Feedback (Xu et al., 2023); Experts, Errors, and Context (Freitag et al., 2021)",
		ID:      "S170",
		Example: "error_spans: {seat: judge}",
	}, newErrorSpans)
}

// ErrorSpansConfig configures error_spans.
type ErrorSpansConfig struct {
	Judging
	Prompt   string  `yaml:"prompt" ref:"prompt" default:"error_spans" doc:"How the seat is asked."`
	Minor    float64 `yaml:"minor" default:"1" min:"0" doc:"Weight of a minor error."`
	Major    float64 `yaml:"major" default:"5" min:"0" doc:"Weight of a major error."`
	Critical float64 `yaml:"critical" default:"25" min:"0" doc:"Weight of a critical error."`
	Worst    float64 `yaml:"worst" default:"25" min:"0.001" doc:"Weight of errors from which on an attempt is worth nothing."`
}

func newErrorSpans(_ context.Context, h core.Host, c ErrorSpansConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.ErrorSpans
	}
	p, err := newPanel[[]prompt.SpanError](h, c.Judging, c.Prompt, nil)
	if err != nil {
		return nil, fmt.Errorf("making error_spans: %w", err)
	}
	return attempts{"error_spans", "marking errors", errorSpans{c, p}.judge}, nil
}

type errorSpans struct {
	cfg   ErrorSpansConfig
	panel panel[[]prompt.SpanError] // without a reader: spans are of an attempt
}

// placed is an error with where it stands in the attempt, in bytes; both are 0
// for what is missing.
type placed struct {
	From int `json:"from"`
	To   int `json:"to"`
	prompt.SpanError
}

func (e errorSpans) judge(ctx context.Context, items []item) ([]ruling, error) {
	qs := make([]question, len(items))
	for i, it := range items {
		qs[i] = question{data: prompt.Data{Task: it.ep.Task.Prompt, Attempt: it.text()}, about: it.about()}
	}
	p := e.panel
	p.read = func(i int, dialect, reply string) ([]prompt.SpanError, error) {
		return prompt.ParseErrors(dialect, reply, items[i].text())
	}
	all, err := p.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, found := range all {
		f := found.of[0]
		if !f.ok() {
			rulings[i] = unread(f.why, found.usage)
			continue
		}
		v, list := e.rule(items[i].text(), f.value)
		v.usage = found.usage
		if v.node = e.cfg.kept(f.node); v.node != nil {
			data, err := json.Marshal(map[string]any{"errors": list})
			if err != nil {
				return nil, fmt.Errorf("keeping the errors of an attempt: %w", err)
			}
			v.node.Data = data
		}
		rulings[i] = v
	}
	return rulings, nil
}

func (e errorSpans) weight(severity string) float64 {
	switch severity {
	case "minor":
		return e.cfg.Minor
	case "major":
		return e.cfg.Major
	}
	return e.cfg.Critical
}

// rule weighs errors. Those that mark the same bytes count once, as the gravest.
func (e errorSpans) rule(text string, errors []prompt.SpanError) (ruling, []placed) {
	list := []placed{}
	at := map[[2]int]int{}
	for _, x := range errors {
		p := placed{SpanError: x}
		p.From, p.To, _ = prompt.FindSpan(text, x.Span)
		where := [2]int{p.From, p.To}
		if k, ok := at[where]; ok && x.Span != "" {
			if e.weight(x.Severity) > e.weight(list[k].Severity) {
				list[k] = p
			}
			continue
		}
		at[where] = len(list)
		list = append(list, p)
	}
	if len(list) == 0 {
		return said(1, 0, "no errors"), list
	}
	var points float64
	var says []string
	for _, x := range list {
		points += e.weight(x.Severity)
		span := "something is missing"
		if x.Span != "" {
			span = fmt.Sprintf("%q", x.Span)
		}
		says = append(says, strings.TrimSpace(fmt.Sprintf("%s %s: %s. %s", x.Severity, x.Type, span, x.Why)))
	}
	return said(max(0, 1-points/e.cfg.Worst), 0, fmt.Sprintf("%d errors, -%g points: %s", len(list), points, strings.Join(says, "; "))), list
}

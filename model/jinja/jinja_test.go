package jinja

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Templates come from anywhere: none may take much time or memory, or crash.
func TestHostileTemplates(t *testing.T) {
	for name, x := range map[string][2]string{
		"endless loop":     {`{% for a in range(9999) %}{% for b in range(99) %}{{ a }}{% endfor %}{% endfor %}`, "more than 2097152 steps"},
		"recursion":        {`{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}`, "too deeply"},
		"loop in itself":   {`{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}`, "too deeply"},
		"doubled string":   {`{% set ns = namespace(s="aaaaaaaaaaaaaaaa") %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`, "bytes of values"},
		"repeated string":  {`{{ "a" * 99999999999 }}`, "bytes of values"},
		"doubled list":     {`{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}`, "bytes of values"},
		"nested list":      {`{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}`, "nested too deeply"},
		"much output":      {`{% set x = "0123456789" * 100000 %}{% for i in range(99) %}{{ x }}{% endfor %}`, "writes more than"},
		"joined":           {`{{ range(99999) | join("0123456789" * 100000) }}`, "bytes of values"},
		"replaced":         {`{{ ("a" * 100000) | replace("a", "b" * 100000) }}`, "bytes of values"},
		"large range":      {`{{ range(2000000) }}`, "at most 100000"},
		"long sum":         {`{{ 1` + strings.Repeat(" + 1", 5000) + ` }}`, "nested too deeply"},
		"brackets":         {`{{ ` + strings.Repeat("(", 5000) + strings.Repeat(")", 5000) + ` }}`, "nested too deeply"},
		"signs":            {`{{ ` + strings.Repeat("-", 5000) + `1 }}`, "nested too deeply"},
		"blocks":           {strings.Repeat("{% if x %}", 5000), "nested too deeply"},
		"elif":             {`{% if x %}` + strings.Repeat("{% elif x %}", 5000) + `{% endif %}`, "nested too deeply"},
		"large number":     {`{{ 9223372036854775807 + 1 }}`, "too large"},
		"power":            {`{{ 10 ** 99 }}`, "too large"},
		"indent":           {`{{ "a" | indent(99999999) }}`, "too much"},
		"other file":       {`{% include "/etc/passwd" %}`, "reads another file"},
		"import":           {`{% import "x" as y %}`, "reads another file"},
		"extends":          {`{% extends "x" %}`, "reads another file"},
		"python inside":    {`{{ "".__class__.__mro__ }}`, "has no attribute"},
		"changing a list":  {`{% set l = [] %}{{ l.append(1) }}`, "cannot be called"},
		"unknown filter":   {`{{ 1 | pprint }}`, `line 1: the filter "pprint" is not supported`},
		"unknown test":     {`{{ 1 is lovely }}`, `the test "lovely" is not supported`},
		"unknown tag":      {"a\n\n{% trans %}", `line 3: the statement "trans" is not supported`},
		"format that asks": {`{{ "%99999999s" % "a" }}`, "is not supported"},
	} {
		tm, err := Parse(x[0])
		if err == nil {
			_, err = tm.Render(nil, time.Time{})
		}
		if err == nil || !strings.Contains(err.Error(), x[1]) {
			t.Errorf("%s: error %v, want %q", name, err, x[1])
		}
	}
}

func TestRaised(t *testing.T) {
	tm, err := Parse("{{ raise_exception('roles must ' ~ x) }}")
	if err != nil {
		t.Fatal(err)
	}
	_, err = tm.Render(map[string]any{"x": Dict{{"b", []any{1, 2.5}}, {"a", nil}}}, time.Time{})
	var r *Raised
	if !errors.As(err, &r) || r.Message != "roles must {'b': [1, 2.5], 'a': None}" {
		t.Errorf("error %v", err)
	}
}

func TestClock(t *testing.T) {
	tm, err := Parse(`{{ strftime_now("%d %b %Y") }}`)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := tm.Render(nil, time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)); err != nil || s != "04 Mar 2025" {
		t.Errorf("%q (%v)", s, err)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, q := range append(chats(&testing.T{}), expressions(&testing.T{})...) {
		f.Add(q.Template)
	}
	v := values(conversations[8], "tools", someTools)
	f.Fuzz(func(t *testing.T, source string) {
		s, err := render(question{Template: source, Values: v})
		if len(s) > maxOutput || err != nil && s != "" {
			t.Fatalf("%d bytes (%v)", len(s), err)
		}
	})
}

func TestReads(t *testing.T) {
	tm, err := Parse("{% if tools %}{{ raise_exception('documents') }}{% endif %}{{ m.content }} messages {# x #}")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"tools": true, "m": true, "documents": false, "content": false, "messages": false, "x": false} {
		if tm.Reads(name) != want {
			t.Errorf("reading %s: %v", name, !want)
		}
	}
}

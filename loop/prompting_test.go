package loop

import (
	"context"
	"strings"
	"testing"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

// speaking are skills that are best asked in the compact dialect.
type speaking struct{ *skills }

func (speaking) Dialect(context.Context, core.Policy) (string, error) { return prompt.Compact, nil }

// asking judges by what a template says, and keeps it.
func asking(t *testing.T, said *prompt.Asker, fail *error) {
	hooked(t, "asker", func(h core.Host) core.Verifier {
		return verifierFunc(func(context.Context, *core.Episode, []core.Ref) (core.Judgement, error) {
			a, err := prompt.For(h, prompt.Verify, "solver")
			if err != nil {
				*fail = err
			} else {
				*said = *a
			}
			// The dialect alone is told to who names no template.
			if d, err := prompt.DialectOf(h, "solver"); err != nil || a != nil && d != a.Dialect() {
				t.Errorf("the seat speaks %q (%v)", d, err)
			}
			if _, err := prompt.DialectOf(h, "nobody"); err == nil {
				t.Error("a seat that is not there speaks a dialect")
			}
			return core.Judgement{}, nil
		})
	})
}

func judging(r *Run) *sampling {
	return r.sampling(nil, 1, "sample 0", r.Initial, r.Plan.Sample, r.Plan.Verify, numbers("train")[:1])
}

const asker = "verify:  [majority_vote, {hook: {name: asker, ask: verify}}]"

// A template that is worded anew finds no results of the old wording, and one
// that nobody asks with changes nothing.
func TestWordsArePartOfTheKey(t *testing.T) {
	key := func(changes ...string) core.Key {
		r, _ := newRun(t, newLedger(), changes...)
		return judging(r).key()
	}
	words := func(name string) string {
		return "verify:  [majority_vote, {hook: {name: asker, ask: verify}}]\nprompts: {" + name + ": {chat: '{{.Task}}: {{.Attempt}}?'}}"
	}
	plain := key("verify:  [majority_vote]", asker)
	if plain != key("verify:  [majority_vote]", words("grade")) {
		t.Error("words that nobody asks with change the key")
	}
	if plain == key("verify:  [majority_vote]", words("verify")) {
		t.Error("other words have the key of the old ones")
	}
	standard, err := prompt.Get(prompt.Verify)
	if err != nil {
		t.Fatal(err)
	}
	same := "verify:  [majority_vote, {hook: {name: asker, ask: verify}}]\nprompts: {verify: {compact: '" + standard.Text(prompt.Compact) + "'}}"
	if plain != key("verify:  [majority_vote]", same) {
		t.Error("the same words, written out, have another key")
	}
	// Nested components count, too.
	inner := core.Spec{Kind: core.KindVerifier, Name: "hook", Config: hookConfig{Name: "x", Ask: prompt.Grade}}
	outer := core.Spec{Kind: core.KindSampler, Name: "outer", Config: struct{ By core.Spec }{inner}}
	if got := promptsNamed(outer); len(got) != 1 || got[0] != prompt.Grade {
		t.Errorf("a nested component asks with %v", got)
	}
}

func TestSeatsAreAskedInTheirDialect(t *testing.T) {
	for _, c := range []struct {
		what, dialect string
		compact       bool
		changes       []string
	}{
		{"a model that knows no dialect", prompt.Chat, false, nil},
		{"a model made for the compact one", prompt.Compact, true, nil},
		{"a seat that says so", prompt.Chat, true, []string{"temperature: 1}", "temperature: 1, dialect: chat}"}},
	} {
		var said prompt.Asker
		var failed error
		asking(t, &said, &failed)
		r, s := newRun(t, newLedger(), append([]string{"verify:  [majority_vote]", asker}, c.changes...)...)
		if c.compact {
			r.Models = speaking{s}
		}
		if _, err := judging(r).all(t.Context()); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		if said.Dialect() != c.dialect {
			t.Errorf("%s is asked in %s", c.what, said.Dialect())
		}
	}
}

// A component that does not name its template gets none: its words would be
// missing from the key.
func TestTemplatesMustBeNamed(t *testing.T) {
	var said prompt.Asker
	var failed error
	asking(t, &said, &failed)
	r, _ := newRun(t, newLedger(), "verify:  [majority_vote]", "verify:  [majority_vote, {hook: {name: asker}}]")
	if _, err := judging(r).all(t.Context()); err != nil {
		t.Fatal(err)
	}
	if failed == nil || !strings.Contains(failed.Error(), "names no prompt") {
		t.Errorf("an unnamed template: %v", failed)
	}
}

// A seat may be an environment, which the host builds.
func TestEnvironmentSeats(t *testing.T) {
	r, _ := newRun(t, newLedger(), "seats:    {solver: {policy: solver, temperature: 1}}", "seats:    {solver: {policy: solver, temperature: 1}, board: {env: echo}}")
	a, err := (&host{run: r, team: r.Initial}).Actor("board")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := a.(core.Environment); !ok {
		t.Errorf("the seat is a %T", a)
	}
}

type echo struct{ core.Actor }

func (echo) Environment() {}

func init() {
	registry.Env("echo", registry.Doc{Summary: "A test's own."}, func(context.Context, core.Host, struct{}) (core.Environment, error) { return echo{}, nil })
}

package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pawl/core"
)

type Limits struct {
	PerTask int `yaml:"per_task" default:"2" min:"0" doc:"Most of a task."`
}

type everything struct {
	Pos     Pos                `yaml:"-"`
	Text    string             `yaml:"text" default:"hi" doc:"Text."`
	Mode    string             `yaml:"mode" enum:"fast|slow" default:"fast" doc:"Mode."`
	Flag    bool               `yaml:"flag" default:"true" doc:"Flag."`
	Count   int                `yaml:"count" default:"7" min:"1" max:"100000000" doc:"Count."`
	Big     int64              `yaml:"big" doc:"Big."`
	Seed    uint64             `yaml:"seed" doc:"Seed."`
	Share   float64            `yaml:"share" default:"0.5" min:"0" max:"1" doc:"Share."`
	Wait    time.Duration      `yaml:"wait" default:"5s" min:"0" max:"60" doc:"Wait."`
	Ks      []int              `yaml:"ks" default:"1,4" min:"1" max:"3" doc:"Ks."`
	Weights map[string]float64 `yaml:"weights" doc:"Weights."`
	Heat    *float64           `yaml:"heat" min:"0" doc:"Heat."`
	Sub     struct {
		Deep string `yaml:"deep" default:"down" doc:"Deep."`
	} `yaml:"sub" doc:"Nested."`
	Raw   json.RawMessage `yaml:"raw" doc:"Anything."`
	Inner core.Spec       `yaml:"inner" kind:"verifier" default:"plain" doc:"Inner."`
	Maybe *core.Spec      `yaml:"maybe" kind:"verifier" doc:"Maybe."`
	Many  []core.Spec     `yaml:"many" kind:"verifier" doc:"Many."`
	Order Ordered[int]    `yaml:"order" doc:"Order."`
	Limits
}

type plainConfig struct{}

type bareConfig struct {
	N int `yaml:"n" default:"3" inline:"true" doc:"N."`
}

func (c bareConfig) Validate() error {
	if c.N == 13 {
		return errors.New("13 brings bad luck")
	}
	return nil
}

func sample(t testing.TB) *Registry {
	t.Helper()
	r := New()
	Register(r, core.KindVerifier, "plain", Doc{Summary: "Plain.", Needs: []string{NeedReference}}, func(context.Context, core.Host, plainConfig) (core.Verifier, error) { return nil, nil })
	Register(r, core.KindVerifier, "bare", Doc{Summary: "Bare."}, func(_ context.Context, _ core.Host, c bareConfig) (core.Verifier, error) {
		return nil, errors.New("bare fails")
	})
	Register(r, core.KindSelector, "everything", Doc{Summary: "All there is.", Detail: "In detail.", Paper: "A paper", ID: "S001", Example: "everything: {count: 3}", Needs: []string{NeedLogprobs}},
		func(_ context.Context, _ core.Host, c everything) (core.Selector, error) { return fake{c}, nil })
	return r
}

type fake struct{ everything }

func (fake) Select(context.Context, core.Episodes) (core.Examples, error) { return nil, nil }

func TestDefaultsFillWhatIsLeftOut(t *testing.T) {
	spec, problems := sample(t).Decode(core.KindSelector, Scalar("everything"), "f")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c := spec.Config.(everything)
	if c.Text != "hi" || c.Mode != "fast" || !c.Flag || c.Count != 7 || c.Share != 0.5 || c.Wait != 5*time.Second || c.Sub.Deep != "down" || c.PerTask != 2 {
		t.Errorf("%+v", c)
	}
	if !reflect.DeepEqual(c.Ks, []int{1, 4}) || c.Heat != nil || c.Maybe != nil || c.Many != nil || c.Weights != nil {
		t.Errorf("%+v", c)
	}
	if c.Inner.Name != "plain" || c.Inner.Config != (plainConfig{}) || c.Inner.Kind != core.KindVerifier {
		t.Errorf("inner %+v", c.Inner)
	}
}

func member(key string, v Value) Member { return Member{Key: key, Line: 2, Col: 3, Value: v} }

func config(members ...Member) Value {
	return Object(Member{Key: "everything", Line: 1, Col: 1, Value: Value{Form: Map, Line: 2, Col: 3, Fields: members}})
}

func scalar(text string) Value { return Value{Form: Text, Text: text, Line: 4, Col: 5} }

func TestEveryFormDecodes(t *testing.T) {
	list := func(items ...string) Value {
		v := Value{Form: List, Line: 4, Col: 5}
		for _, i := range items {
			v.Items = append(v.Items, scalar(i))
		}
		return v
	}
	spec, problems := sample(t).Decode(core.KindSelector, config(
		member("text", scalar("42")), member("mode", scalar("slow")), member("flag", scalar("false")), member("count", scalar("50_000_000")),
		member("big", scalar("-9_000")), member("seed", scalar("18446744073709551615")), member("share", scalar("2e-3")), member("wait", scalar("1m")),
		member("ks", list("3")), member("weights", Object(member("a", scalar("1")), member("b", scalar("2.5")))), member("heat", scalar("0")),
		member("sub", Object(member("deep", scalar("up")))), member("raw", Object(member("x", list("1", "a")))),
		member("inner", Object(member("bare", scalar("5")))), member("maybe", scalar("plain")), member("per_task", scalar("0")),
		member("many", list("plain", "bare")), member("order", Object(member("z", scalar("1")), member("a", scalar("2")))), member("as", scalar("mine")),
	), "f.yaml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c := spec.Config.(everything)
	if spec.As != "mine" || spec.Label() != "mine" || spec.Where != "f.yaml:1:1" || c.Pos.Line != 2 {
		t.Errorf("spec %+v at %v", spec, c.Pos)
	}
	if c.Text != "42" || c.Mode != "slow" || c.Flag || c.Count != 50_000_000 || c.Big != -9000 || c.Seed != 1<<64-1 || c.Share != 0.002 || c.Wait != time.Minute || c.PerTask != 0 {
		t.Errorf("%+v", c)
	}
	if c.Weights["b"] != 2.5 || *c.Heat != 0 || c.Sub.Deep != "up" || string(c.Raw) != `{"x":[1,"a"]}` {
		t.Errorf("%+v raw %s", c, c.Raw)
	}
	if c.Inner.Config.(bareConfig).N != 5 || c.Maybe.Name != "plain" || len(c.Many) != 2 || c.Many[1].Config.(bareConfig).N != 3 {
		t.Errorf("nested: %+v %+v %+v", c.Inner, c.Maybe, c.Many)
	}
	if strings.Join(c.Order.Keys(), "") != "za" {
		t.Errorf("order %v", c.Order)
	}
	if n := Nested(spec); len(n) != 4 || n[0].Name != "bare" || n[1].Name != "plain" {
		t.Errorf("nested: %+v", n)
	}
	if needs := sample(t).Needs(spec); !reflect.DeepEqual(needs, []string{NeedLogprobs, NeedReference}) {
		t.Errorf("needs %v", needs)
	}
}

func TestAllProblemsAreCollected(t *testing.T) {
	quoted := scalar("3")
	quoted.Quoted = true
	_, problems := sample(t).Decode(core.KindSelector, config(
		member("mode", scalar("slwo")), member("flag", scalar("yes")), member("count", quoted), member("seed", scalar("-1")), member("share", scalar("1.5")),
		member("wait", scalar("2m")), member("ks", Value{Form: List, Line: 4, Col: 5}), member("heat", scalar("-1")), member("inner", scalar("plian")),
		member("many", scalar("plain")), member("cuont", scalar("3")), member("maybe", Object(member("bare", scalar("13")))), member("big", scalar("1_")),
	), "f.yaml")
	want := []string{
		`everything.mode: "slwo" is not a value of this key; did you mean "slow"?`,
		`everything.flag: wants true or false, not "yes"`,
		`everything.count: wants an integer, not "3"; drop the quotes`,
		`everything.seed: wants an integer from 0, not "-1"`,
		`everything.share: 1.5 is not from 0 to 1`,
		`everything.wait: 2m is not from 0 to 60`,
		`everything.ks: the list has 0 items, not from 1 to 3`,
		`everything.heat: -1 is not 0 or more`,
		`everything.inner: no verifier named "plian"; did you mean "plain"?`,
		`everything.many: wants a list of verifiers, not "plain"; write [plain]`,
		`everything: unknown key "cuont"; did you mean "count"?`,
		`everything.maybe.bare: 13 brings bad luck`,
		`everything.big: wants an integer, not "1_"`,
	}
	all := Problems(problems).Error()
	for _, w := range want {
		if !strings.Contains(all, w) {
			t.Errorf("no problem %q", w)
		}
	}
	if len(problems) != len(want) {
		t.Errorf("%d problems, not %d:\n%s", len(problems), len(want), all)
	}
}

func TestBuild(t *testing.T) {
	r, ctx := sample(t), context.Background()
	built, err := Make[core.Selector](ctx, r, nil, core.Spec{Kind: core.KindSelector, Name: "everything"})
	if err != nil || built.(fake).Count != 7 {
		t.Errorf("%+v, %v", built, err)
	}
	for name, c := range map[string]struct {
		spec core.Spec
		want string
	}{
		"unknown":      {core.Spec{Kind: core.KindSelector, Name: "everithing", Where: "r.yaml:1:2"}, `building selector at r.yaml:1:2: no selector named "everithing"; did you mean "everything"?`},
		"failing":      {core.Spec{Kind: core.KindVerifier, Name: "bare"}, "building verifier bare: bare fails"},
		"wrong config": {core.Spec{Kind: core.KindVerifier, Name: "bare", Config: 3}, "config is a int, not a registry.bareConfig"},
	} {
		if _, err := r.Build(ctx, nil, c.spec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Make[core.Gate](ctx, r, nil, core.Spec{Kind: core.KindSelector, Name: "everything"}); err == nil {
		t.Error("a selector was made a gate")
	}
}

func TestRegistrationRefusesWhatNoRecipeCanSay(t *testing.T) {
	panics := func(name string, f func()) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s is accepted", name)
			}
		}()
		f()
	}
	r := sample(t)
	reg := func(name string, kind core.Kind) {
		Register(r, kind, name, Doc{}, func(context.Context, core.Host, plainConfig) (core.Verifier, error) { return nil, nil })
	}
	panics("a name taken", func() { reg("plain", core.KindVerifier) })
	panics("a bad name", func() { reg("Plain", core.KindVerifier) })
	panics("an unknown kind", func() { reg("plain", "nothing") })
	panics("a channel", func() {
		Register(r, core.KindVerifier, "x", Doc{}, func(context.Context, core.Host, struct {
			C chan int `yaml:"c"`
		}) (core.Verifier, error) {
			return nil, nil
		})
	})
	panics("a field without tag", func() {
		Register(r, core.KindVerifier, "y", Doc{}, func(context.Context, core.Host, struct{ C int }) (core.Verifier, error) { return nil, nil })
	})
}

func TestCheckFindsIncompleteRegistrations(t *testing.T) {
	if err := sample(t).Check(); err != nil {
		t.Errorf("a complete registry: %v", err)
	}
	r := New()
	Register(r, core.KindVerifier, "bad", Doc{Summary: "no sentence", Needs: []string{"luck"}}, func(context.Context, core.Host, struct {
		A int    `yaml:"a" default:"x" doc:"A."`
		B int    `yaml:"b"`
		C string `yaml:"c" ref:"friend" doc:"C."`
		D string `yaml:"d" required:"true" default:"d" doc:"D."`
	}) (core.Verifier, error) {
		return nil, nil
	})
	err := r.Check()
	for _, want := range []string{"is not a sentence", `needs "luck"`, `wants an integer, not "x"`, "setting b has no doc", `refers to a "friend"`, "required and has a default"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no complaint %q in %v", want, err)
		}
	}
}

func TestReferenceGolden(t *testing.T) {
	var b bytes.Buffer
	r := sample(t)
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n---\n")
	found, err := r.Describe("everything")
	if err != nil {
		t.Fatal(err)
	}
	if err := found[0].WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("PAWL_UPDATE") != "" {
		if err := os.WriteFile("testdata/reference.md", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the reference is now\n%s", b.String())
	}
	if _, err := r.Describe("everythin"); err == nil || !strings.Contains(err.Error(), `did you mean "everything"?`) {
		t.Errorf("a typo: %v", err)
	}
	if got := len(r.List("")); got != 3 {
		t.Errorf("%d components", got)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"majority_vote", "exact", "oracle", "pairs", "first"}
	for name, want := range map[string]string{
		"pair": "pairs", "majority-vote": "majority_vote", "Majority_Vote": "majority_vote", "orcale": "oracle", "exat": "exact",
		"vote": "majority_vote", "zebra": "", "": "", "judge": "", "frist": "first",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("nearest to %q is %q, not %q", name, got, want)
		}
	}
}

func TestDistanceIsSymmetricAndZeroOnlyForEquals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[a-d]{0,8}`).Draw(t, "a"), rapid.StringMatching(`[a-d]{0,8}`).Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a)-len(b), len(b)-len(a)) {
			t.Fatalf("distance(%q, %q) = %d", a, b, d)
		}
	})
	if distance("frist", "first") != 1 || distance("ab", "ba") != 1 || distance("kitten", "sitting") != 3 {
		t.Error("hand-worked distances are wrong")
	}
}

func TestCanonicalLeavesPositionsOut(t *testing.T) {
	r := sample(t)
	a, _ := r.Decode(core.KindSelector, Scalar("everything"), "a")
	b, _ := r.Decode(core.KindSelector, config(member("count", scalar("7")), member("inner", Object(member("plain", Value{})))), "b")
	if !bytes.Equal(Canonical(a), Canonical(b)) {
		t.Errorf("%s\n%s", Canonical(a), Canonical(b))
	}
	c, _ := r.Decode(core.KindSelector, config(member("inner", scalar("bare"))), "b")
	if bytes.Equal(Canonical(a), Canonical(c)) {
		t.Error("another inner component leaves the form as it was")
	}
}

func TestCanonicalLeavesZerosOutWhereTold(t *testing.T) {
	type old struct {
		N int `yaml:"n" doc:"N."`
	}
	type grown struct {
		N int `yaml:"n" doc:"N."`
		M int `yaml:"m,omitzero" doc:"M."`

		Sizes map[string]map[string]int `yaml:"sizes,omitzero" doc:"Sizes."`
		Names []string                  `yaml:"names,omitzero" doc:"Names."`
	}
	for _, unused := range []grown{{N: 1}, {N: 1, Sizes: map[string]map[string]int{}, Names: []string{}}} {
		if a, b := Canonical(old{N: 1}), Canonical(unused); !bytes.Equal(a, b) {
			t.Errorf("a new setting that is not used changes the form: %s, %s", a, b)
		}
	}
	if a, b := Canonical(grown{N: 1, M: 2}), `{"m":2,"n":1}`; string(a) != b {
		t.Errorf("%s, want %s", a, b)
	}
}

func TestMerge(t *testing.T) {
	r := sample(t)
	base := config(member("count", scalar("3")), member("inner", Object(member("bare", Object(member("n", scalar("9")))))), member("maybe", Object(member("bare", Object(member("n", scalar("8")))))))
	merge := func(over Value) everything {
		spec, problems := r.Decode(core.KindSelector, r.Merge(core.KindSelector, base, over), "f")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return spec.Config.(everything)
	}
	if c := merge(Scalar("everything")); c.Count != 3 || c.Inner.Config.(bareConfig).N != 9 {
		t.Errorf("a bare name changes %+v", c)
	}
	if c := merge(config(member("text", scalar("x")), member("inner", scalar("plain")))); c.Text != "x" || c.Count != 3 || c.Inner.Name != "plain" || c.Maybe.Config.(bareConfig).N != 8 {
		t.Errorf("%+v", c)
	}
	if c := merge(config(member("maybe", Object(member("bare", Value{Form: Map}))))); c.Maybe.Config.(bareConfig).N != 8 {
		t.Errorf("an optional component is not merged: %+v", c.Maybe)
	}
	if got := r.Merge(core.KindSelector, base, Scalar("other")); got.Text != "other" {
		t.Errorf("another component is merged: %+v", got)
	}
}

// reading is a config that reads files and needs what its settings say.
type reading struct {
	Path string    `yaml:"path" doc:"A file."`
	Gold bool      `yaml:"gold" doc:"Whether it needs the reference."`
	In   core.Spec `yaml:"in" kind:"verifier" doc:"One inside it."`
}

func (r reading) Files() []string { return []string{r.Path} }

func (r reading) Needs() []string {
	if r.Gold {
		return []string{NeedReference}
	}
	return nil
}

func TestFilesAndNeedsOfConfigs(t *testing.T) {
	r := New()
	Register(r, core.KindVerifier, "reading", Doc{Summary: "Reads.", Needs: []string{NeedSandbox}}, func(context.Context, core.Host, reading) (core.Verifier, error) { return nil, nil })
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write := func(path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(a, "1")
	spec := func(in string, gold bool) core.Spec {
		inner := core.Spec{Kind: core.KindVerifier, Name: "reading", Config: reading{Path: in, Gold: gold}}
		return core.Spec{Kind: core.KindVerifier, Name: "reading", Config: reading{Path: a, In: inner}}
	}
	if got := fmt.Sprint(r.Needs(spec(b, false)), r.Needs(spec(b, true))); got != "[sandbox] [reference sandbox]" {
		t.Errorf("needs %s", got)
	}
	if d := FilesDigest(core.Spec{Config: everything{}}); d != "" {
		t.Errorf("a component without files has the digest %s", d)
	}
	seen := map[core.Digest]string{}
	differs := func(what string) {
		d := FilesDigest(spec(b, false))
		if before, ok := seen[d]; ok || d == "" {
			t.Errorf("%s: the digest %s is that of %q", what, d, before)
		}
		seen[d] = what
	}
	differs("no second file")
	write(b, "")
	differs("an empty one")
	write(b, "2")
	differs("a second file")
	write(a, "12")
	write(b, "")
	differs("the same bytes in other files")
	if FilesDigest(spec(b, false)) != FilesDigest(spec(b, true)) {
		t.Error("settings change the digest of files")
	}
}

func TestWithInt(t *testing.T) {
	s := core.Spec{Name: "thing", Config: everything{Count: 7, Text: "x"}}
	got, err := WithInt(s, "count", 9)
	if err != nil || got.Config.(everything).Count != 9 || got.Config.(everything).Text != "x" || s.Config.(everything).Count != 7 {
		t.Errorf("%+v, %v; it began as %+v", got, err, s)
	}
	for setting, want := range map[string]string{"counts": `did you mean "count"?`, "text": "no whole number", "": "no whole number"} {
		if _, err := WithInt(s, setting, 9); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", setting, err, want)
		}
	}
	if _, err := WithInt(s, "count", 0); err == nil || !strings.Contains(err.Error(), "from 1 to") {
		t.Errorf("below its bound: %v", err)
	}
	if _, err := WithInt(core.Spec{Name: "bare"}, "count", 1); err == nil {
		t.Error("a component without settings has one")
	}
}

// A message and its advice are parted by a semicolon, so that advice is one clause.
func TestAMissingKeySaysWhatToGive(t *testing.T) {
	for _, c := range []struct {
		f    field
		want string
	}{
		{field{name: "words", doc: "What must be there; a word may be several."}, "give words: what must be there, a word may be several"},
		{field{name: "metric", doc: "What is measured.", enum: []string{"f1", "bleu"}}, "give metric: what is measured (one of f1, bleu)"},
		{field{name: "url", doc: "URL that is asked."}, "give url: URL that is asked"},
		{field{name: "a"}, ""},
	} {
		if got := c.f.ask(); got != c.want {
			t.Errorf("%s: %q, not %q", c.f.name, got, c.want)
		}
	}
}

func TestAnUnknownComponentAmongManySaysWhereTheyAreListed(t *testing.T) {
	r := New()
	for i := range 13 { // more than an error lists
		Register(r, core.KindVerifier, fmt.Sprintf("judge%d", i), Doc{Summary: "Judges."}, func(context.Context, core.Host, struct{}) (core.Verifier, error) { return nil, nil })
	}
	_, problems := r.Decode(core.KindVerifier, Value{Form: Text, Text: "zebra", Line: 1, Col: 1}, "")
	if len(problems) != 1 || problems[0].Hint != "pawl components verifier lists them" {
		t.Errorf("%v", problems)
	}
}

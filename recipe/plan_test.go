package recipe

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"pawl/core"
	"pawl/registry"
)

// shuffled writes v as JSON, which is YAML in flow style, with the keys of
// every map in random order.
func shuffled(v any, rng *rand.Rand) string {
	var parts []string
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			name, _ := json.Marshal(k)
			parts = append(parts, string(name)+": "+shuffled(v[k], rng))
		}
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, x := range v {
			parts = append(parts, shuffled(x, rng))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func TestCanonicalIgnoresOrderAndComments(t *testing.T) {
	src := readFull(t)
	want := string(mustParse(t, src).Canonical())
	commented := "# a comment\n\n" + strings.ReplaceAll(src, "\nsample:", "\n# another\n\nsample:") + "# the end\n"
	if got := string(mustParse(t, commented).Canonical()); got != want {
		t.Errorf("a comment changes\n%s\nto\n%s", want, got)
	}
	var tree map[string]any
	root, _ := Read("", []byte(src))
	d := json.NewDecoder(strings.NewReader(string(root.JSON())))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		text := shuffled(tree, rng)
		p, problems := Parse(fixtures(), "other.yaml", []byte(text))
		if len(problems) > 0 {
			rt.Fatalf("%v\n%s", problems, text)
		}
		if got := string(p.Canonical()); got != want {
			rt.Fatalf("another order changes the identity:\n%s", text)
		}
	})
}

func TestCanonicalSeesWhatMatters(t *testing.T) {
	src := readFull(t)
	want := string(mustParse(t, src).Canonical())
	same := [][2]string{
		{"title: Full", "title: Other"}, {"usd: 20", "usd: 21"}, {"4_000", "4000"}, {"2e-3", "0.002"},
		{"sample: greedy", "sample: {greedy: {of: solver}}"}, {"name: the vote decides", "name: other"},
	}
	for _, c := range same {
		if got := mustParse(t, replace(t, src, c)).Canonical(); string(got) != want {
			t.Errorf("%q for %q changes the identity", c[1], c[0])
		}
	}
	seen := map[string]bool{want: true}
	different := [][2]string{
		{"seed: 3", "seed: 4"}, {"n: 16", "n: 17"}, {"rounds: 4", "rounds: 5"}, {"alpha: 0.01", "alpha: 0.02"},
		{"abstain_below: 0.4", "abstain_below: 0.5"}, {"abstain_below: 0.4", "abstain_below: {risk: 0.05}"}, {"abstain_below: 0.4", "else: vote"}, {"temperature: 0.7", "temperature: 0.8"}, {"take: 3000", "take: 3001"},
		{"n: 500", "n: 501"}, {"first: {per_task: 6}", "first: {per_task: 7}"}, {"steps: 2500", "steps: 2501"},
		{"sample: greedy", "sample: {repeat: {n: 1}}"}, {"from: ./critic", "from: ./other"},
	}
	for _, c := range different {
		got := string(mustParse(t, replace(t, src, c)).Canonical())
		if seen[got] {
			t.Errorf("%q for %q leaves the identity as it was", c[1], c[0])
		}
		seen[got] = true
	}
}

func replace(t *testing.T, s string, c [2]string) string {
	t.Helper()
	if !strings.Contains(s, c[0]) {
		t.Fatalf("the page has no %q", c[0])
	}
	return strings.Replace(s, c[0], c[1], 1)
}

func TestOverride(t *testing.T) {
	get := func(p *Plan) core.Spec { return p.Stages[0].Updates[0].Optimize }
	cases := []struct {
		path, value string
		check       func(p *Plan) bool
	}{
		{"rounds", "2", func(p *Plan) bool { return p.Rounds == 2 }},
		{"seed", "7", func(p *Plan) bool { return p.Seed == 7 }},
		{"budget.tokens", "1_000", func(p *Plan) bool { return p.Budget.Tokens == 1000 && p.Budget.USD == 20 }},
		{"updates[0].optimize.train.steps", "5", func(p *Plan) bool {
			return field(t, get(p), "Steps") == 5 && field(t, get(p), "Rate") == 0.0015 && field(t, p.StagesFor("null")[0].Updates[0].Optimize, "Steps") == 5
		}},
		{"measure.sample.greedy.of", "judge", func(p *Plan) bool { return field(t, p.Measure.Sample, "Seat") == "judge" }},
		{"tasks.train", "{jsonl: mine.jsonl}", func(p *Plan) bool {
			s, _ := p.Set("train")
			return s.Source.Name == "jsonl" && field(t, s.Source, "Path") == "mine.jsonl"
		}},
		{"tasks.probe.chain.n", "9", func(p *Plan) bool { s, ok := p.Set("probe"); return ok && s.Source.Name == "chain" }},
		{"policies.solver", "{from: base}", func(p *Plan) bool { return p.Policies[0].From == "base" && p.Policies[0].Init.Name == "" }},
		{"controls", "none", func(p *Plan) bool { return len(p.Controls) == 0 && len(p.Tests) == 1 }},
		{"controls", "null", func(p *Plan) bool { return len(p.Controls) == 1 && p.Controls[0].Name == "null" && len(p.Tests) == 2 }},
		{"controls", "all", func(p *Plan) bool { return len(p.Controls) == 2 }},
	}
	for _, c := range cases {
		p := mustParse(t, readFull(t))
		if err := p.Override(c.path, c.value); err != nil || !c.check(p) {
			t.Errorf("%s=%s: %v; plan %+v", c.path, c.value, err, p)
		}
	}
	bad := []struct{ path, value, message string }{
		{"rounds", "many", `wants an integer, not "many"`},
		{"round", "3", `did you mean "rounds"?`},
		{"updates[3].policy", "x", "there is no item 3"},
		{"updates.policy", "x", "here is a list"},
		{"updates[x]", "x", "is not like"},
		{"updates[0].optimize.train.stps", "3", `did you mean "steps"?`},
		{"controls", "nul", `did you mean "null"?`},
		{"gate", "{paired: [", "paired"},
	}
	for _, c := range bad {
		p := mustParse(t, readFull(t))
		before := string(p.Canonical())
		err := p.Override(c.path, c.value)
		if err == nil || !strings.Contains(err.Error(), c.message) && c.message != "paired" {
			t.Errorf("%s=%s: %v; want %q", c.path, c.value, err, c.message)
		}
		if string(p.Canonical()) != before {
			t.Errorf("%s=%s: a refused override changed the plan", c.path, c.value)
		}
	}
}

// Set is Override for what is no page.
func TestSet(t *testing.T) {
	of := func(text string) registry.Value {
		v, problems := Read("text", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return v
	}
	for _, c := range []struct{ text, path, value, want string }{
		{"exact: {extract: boxed}", "exact.extract", "line", `{"exact":{"extract":"line"}}`},
		{"exact: {extract: boxed}", "exact.of.deep", "[1, 2]", `{"exact":{"extract":"boxed","of":{"deep":[1,2]}}}`},
		{"command: {run: [a, b]}", "command.run[1]", "c", `{"command":{"run":["a","c"]}}`},
	} {
		got, err := Set(of(c.text), c.path, c.value)
		if err != nil || string(got.JSON()) != c.want {
			t.Errorf("%s, %s=%s: %s, %v", c.text, c.path, c.value, got.JSON(), err)
		}
	}
	for _, c := range []struct{ path, value, want string }{{"exact[x", "1", "is not like"}, {"exact[7]", "1", "setting exact[7]"}, {"exact.extract", "[", "setting exact.extract"}} {
		if _, err := Set(of("exact: {extract: boxed}"), c.path, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v", c.path, c.value, err)
		}
	}
}

func TestFinder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	page := "sample: greedy\nmetrics: [accuracy]\n"
	write("rest_em.yaml", page+"rounds: 2\n")
	other := write("mine.yaml", page)
	f := Finder{Dir: dir, Embedded: fstest.MapFS{
		"rest-em.yaml": {Data: []byte(page)}, "star.yaml": {Data: []byte(page)}, "readme.md": {Data: []byte("no")},
	}}
	all, err := f.List()
	if err != nil || len(all) != 3 {
		t.Fatalf("list: %v, %v", all, err)
	}
	if s, err := f.Find("rest-em"); err != nil || s.Embedded {
		t.Errorf("the folder does not hide the binary's: %+v, %v", s, err)
	}
	if s, err := f.Find("star"); err != nil || !s.Embedded || s.Path != "star.yaml" {
		t.Errorf("star: %+v, %v", s, err)
	}
	if p, err := f.Load(fixtures(), other); err != nil || p.Name != "mine" || p.Path != other {
		t.Errorf("by path: %+v, %v", p, err)
	}
	if _, err := f.Find("stra"); err == nil || !strings.Contains(err.Error(), `did you mean "star"?`) {
		t.Errorf("a typo: %v", err)
	}
	if _, err := (Finder{Dir: filepath.Join(dir, "absent")}).List(); err == nil {
		t.Error("a named folder that is absent is no error")
	}
	if _, err := f.Load(fixtures(), write("bad.yaml", "sample: gredy\n")); err == nil || !strings.Contains(err.Error(), "bad.yaml:1:9") {
		t.Errorf("a faulty recipe: %v", err)
	}
}

func compileSchema(t *testing.T, r *registry.Registry) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(Schema(r))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("recipe.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("recipe.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	root, problems := Read("", text)
	if len(problems) > 0 {
		return problems
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(root.JSON())))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// The schema and the decoder come from one specification: what lint accepts
// the schema accepts, and what is wrong in form both refuse.
func TestSchemaAgreesWithLint(t *testing.T) {
	s := compileSchema(t, fixtures())
	if err := validate(t, s, []byte(readFull(t))); err != nil {
		t.Errorf("the schema refuses the full recipe: %v", err)
	}
	for _, name := range []string{"unknown_keys", "types", "bounds", "component_shapes", "missing"} {
		text, err := os.ReadFile("testdata/lint/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if validate(t, s, text) == nil {
			t.Errorf("the schema accepts %s.yaml", name)
		}
	}
}

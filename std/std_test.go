package std

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pawl/core"
	"pawl/recipe"
	"pawl/recipes"
	"pawl/registry"
	"pawl/world"
)

func TestComponentsAreDocumented(t *testing.T) {
	if err := registry.Default.Check(); err != nil {
		t.Error(err)
	}
	for _, kind := range registry.Kinds() {
		if len(registry.Default.List(kind)) == 0 && kind != core.KindMetric {
			t.Errorf("the standard distribution has no %s", kind)
		}
	}
}

func TestRecipesLintAndPassTheirTests(t *testing.T) {
	found, err := recipe.Finder{Dir: t.TempDir(), Embedded: recipes.FS}.List()
	if err != nil || len(found) < 5 {
		t.Fatalf("recipes: %d, %v", len(found), err)
	}
	for _, s := range found {
		plan, problems := recipe.Parse(registry.Default, s.Path, s.Text)
		for _, p := range problems {
			t.Error(p)
		}
		if plan == nil {
			continue
		}
		if len(plan.Tests) == 0 || plan.About.Paper == "" || plan.About.Summary == "" {
			t.Errorf("%s: a recipe names its paper, says what it does and carries tests", s.Path)
		}
		for _, test := range plan.Tests {
			outcome, err := plan.Play(t.Context(), test)
			if err != nil {
				t.Errorf("%s: %s: %v", s.Path, test.Name, err)
				continue
			}
			for _, difference := range test.Check(outcome) {
				t.Errorf("%s: %s: %s", s.Path, test.Name, difference)
			}
		}
	}
}

// Editors check recipes by the schema; what lint accepts it must accept.
func TestRecipesSatisfyTheSchema(t *testing.T) {
	text, err := json.Marshal(recipe.Schema(registry.Default))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("recipe.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("recipe.json")
	if err != nil {
		t.Fatal(err)
	}
	found, err := recipe.Finder{Dir: t.TempDir(), Embedded: recipes.FS}.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range found {
		root, problems := recipe.Read(s.Path, s.Text)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		page, err := jsonschema.UnmarshalJSON(strings.NewReader(string(root.JSON())))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(page); err != nil {
			t.Errorf("%s: %v", s.Path, err)
		}
	}
}

// folders says where components of a kind live; each world has its own.
var folders = map[core.Kind][]string{
	core.KindTasks: {"task", "lesson"}, core.KindPolicy: {"optimizer"}, core.KindEnv: {"env"}, core.KindSampler: {"sampler"},
	core.KindVerifier: {"verifier"}, core.KindSelector: {"selector"}, core.KindObjective: {"objective"},
	core.KindOptimizer: {"optimizer"}, core.KindGate: {"gate"}, core.KindMetric: {"evaluate"},
}

// families names the packages of worlds that share one.
var families = map[string]string{"listapply": "listfn", "listinduce": "listfn", "listrepair": "listfn"}

// A key of a recipe names the file of its code, and a test beside it: one of
// its name, or one that speaks of it.
func TestNameIsPath(t *testing.T) {
	for _, c := range registry.Default.List("") {
		coded, tested := false, false
		where := folders[c.Kind]
		if slices.Contains(world.Names(), c.Name) && c.Kind == core.KindTasks {
			where = []string{"world/" + cmp.Or(families[c.Name], c.Name)}
		}
		for _, folder := range where {
			_, err := os.Stat("../" + folder + "/" + c.Name + ".go")
			coded = coded || err == nil
			tests, _ := filepath.Glob("../" + folder + "/*_test.go")
			for _, file := range tests {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				spoken := strings.Contains(string(text), c.Name) || strings.Contains(string(text), camel(c.Name))
				tested = tested || spoken || filepath.Base(file) == c.Name+"_test.go"
			}
		}
		if !coded {
			t.Errorf("%s %s has no file %s/%s.go", c.Kind, c.Name, where[0], c.Name)
		}
		if !tested {
			t.Errorf("no test in %s speaks of %s %s", where[0], c.Kind, c.Name)
		}
	}
}

// camel is majority_vote as Go writes it: MajorityVote.
func camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

package std

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pawl/core"
	"pawl/recipe"
	"pawl/recipes"
	"pawl/registry"
)

func TestComponentsAreDocumented(t *testing.T) {
	if err := registry.Default.Check(); err != nil {
		t.Error(err)
	}
	for _, kind := range registry.Kinds() {
		if len(registry.Default.List(kind)) == 0 && kind != core.KindEnv && kind != core.KindMetric {
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

package std

import (
	"os"
	"strings"
	"testing"

	"pawl/recipe"
	"pawl/registry"
)

// The examples of the language's page are one recipe, and its tests pass. An
// example that gives a key anew is a recipe of its own.
func TestLanguagePage(t *testing.T) {
	page, err := os.ReadFile("../docs/recipe.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for i, part := range strings.Split(string(page), "```yaml\n") {
		if i > 0 {
			example, _, _ := strings.Cut(part, "```")
			key, _, _ := strings.Cut(example, ":")
			if !strings.Contains("\n"+text.String(), "\n"+key+":") {
				text.WriteString(example)
				continue
			}
			if !strings.Contains(example, "sample:") {
				example += "sample: greedy\n"
			}
			if _, problems := recipe.Parse(registry.Default, "recipe.md", []byte(example)); len(problems) > 0 {
				t.Errorf("%v\n%s", problems, example)
			}
		}
	}
	plan, problems := recipe.Parse(registry.Default, "recipe.md", []byte(text.String()))
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, text.String())
	}
	for _, test := range plan.Tests {
		outcome, err := plan.Play(t.Context(), test)
		if err != nil {
			t.Fatal(err)
		}
		for _, difference := range test.Check(outcome) {
			t.Errorf("%s: %s", test.Name, difference)
		}
	}
	if len(plan.Controls) != 2 || len(plan.Tests) == 0 {
		t.Errorf("%d controls, %d tests", len(plan.Controls), len(plan.Tests))
	}
}

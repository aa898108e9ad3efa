package pawl

import (
	"context"
	"fmt"

	"pawl/recipe"
	"pawl/registry"
)

// RecipeInfo is what a recipe says of itself.
type RecipeInfo struct {
	Name     string   `json:"name"`
	Paper    string   `json:"paper"`
	ID       string   `json:"id"`
	Improves []string `json:"improves"`
	Needs    []string `json:"needs"`
}

// RecipePage is a recipe with its text.
type RecipePage struct {
	RecipeInfo
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Path    string `json:"path"` // of the file; embedded ones have a name only
	Text    string `json:"text"`
}

// RecipeList gives all recipes that f finds, by name. One that cannot be read
// is an error: lint tells more.
func RecipeList(f recipe.Finder) ([]RecipePage, error) {
	sources, err := f.List()
	if err != nil {
		return nil, input(err)
	}
	var pages []RecipePage
	for _, s := range sources {
		page, err := recipePage(s)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	return pages, nil
}

// RecipeNamed gives one recipe by name or path.
func RecipeNamed(f recipe.Finder, name string) (RecipePage, error) {
	s, err := f.Find(name)
	if err != nil {
		return RecipePage{}, input(err)
	}
	return recipePage(s)
}

func recipePage(s recipe.Source) (RecipePage, error) {
	plan, problems := recipe.Parse(registry.Default, s.Path, s.Text)
	if len(problems) > 0 {
		return RecipePage{}, input(fmt.Errorf("loading recipe %w", problems))
	}
	a := plan.About
	return RecipePage{
		RecipeInfo: RecipeInfo{Name: s.Name, Paper: a.Paper, ID: a.ID, Improves: list(a.Improves), Needs: list(a.Needs)},
		Title:      a.Title, Summary: a.Summary, Path: s.Path, Text: string(s.Text),
	}, nil
}

// list is never nil, so that JSON has [] and not null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Lint gives every mistake in the named recipes; in all that f finds where no
// name is given. The number of recipes is returned too.
func Lint(f recipe.Finder, names ...string) (registry.Problems, int, error) {
	sources, err := sourcesOf(f, names)
	if err != nil {
		return nil, 0, err
	}
	all := registry.Problems{}
	for _, s := range sources {
		_, problems := recipe.Parse(registry.Default, s.Path, s.Text)
		all = append(all, problems...)
	}
	return all, len(sources), nil
}

func sourcesOf(f recipe.Finder, names []string) ([]recipe.Source, error) {
	if len(names) == 0 {
		sources, err := f.List()
		return sources, input(err)
	}
	var sources []recipe.Source
	for _, name := range names {
		s, err := f.Find(name)
		if err != nil {
			return nil, input(err)
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// Outcomes of a recipe's own tests.
const (
	TestPassed = "pass"
	TestFailed = "fail"
)

// RecipeTests is what came of a recipe's own tests.
type RecipeTests struct {
	Recipe string        `json:"recipe"`
	Tests  []TestOutcome `json:"tests"`
}

// TestOutcome is what came of one test.
type TestOutcome struct {
	Name        string   `json:"name"`
	Line        int      `json:"line"`
	Outcome     string   `json:"outcome"`               // "pass" or "fail"
	Differences []string `json:"differences,omitempty"` // from what it expects
}

// TestRecipes plays the tests that recipes carry, with scripted actors: of the
// named recipes, or of all that f finds. Nothing outside the process is
// touched.
func TestRecipes(ctx context.Context, f recipe.Finder, names ...string) ([]RecipeTests, error) {
	sources, err := sourcesOf(f, names)
	if err != nil {
		return nil, err
	}
	all := []RecipeTests{}
	for _, s := range sources {
		plan, problems := recipe.Parse(registry.Default, s.Path, s.Text)
		if len(problems) > 0 {
			return nil, input(fmt.Errorf("loading recipe %w", problems))
		}
		r := RecipeTests{Recipe: s.Name, Tests: []TestOutcome{}}
		for i, t := range plan.Tests {
			o := TestOutcome{Name: t.Name, Line: t.Pos.Line, Outcome: TestPassed}
			if o.Name == "" {
				o.Name = fmt.Sprintf("test %d", i+1)
			}
			came, err := plan.Play(ctx, t)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				o.Differences = []string{err.Error()}
			} else {
				o.Differences = t.Check(came)
			}
			if len(o.Differences) > 0 {
				o.Outcome = TestFailed
			}
			r.Tests = append(r.Tests, o)
		}
		all = append(all, r)
	}
	return all, nil
}

package cli

import (
	"context"
	"fmt"
	"strings"

	"pawl"
)

type recipesCmd struct {
	List recipeListCmd `cmd:"" default:"withargs" help:"List recipes, or show one."`
	Lint recipeLintCmd `cmd:"" help:"Find every mistake in a recipe, or in all."`
}

type recipeListCmd struct {
	Name string `arg:"" optional:"" help:"Show this one: a name, or a path."`
	JSON bool   `help:"Print one JSON document."`
}

func (cmd *recipeListCmd) Run(a *app, c *console) error {
	f := pawl.Finder(a.RecipesDir)
	if cmd.Name != "" {
		page, err := pawl.RecipeNamed(f, cmd.Name)
		if err != nil {
			return err
		}
		if cmd.JSON {
			return c.document(page)
		}
		_, err = fmt.Fprint(c.out, page.Text)
		return err
	}
	pages, err := pawl.RecipeList(f)
	if err != nil {
		return err
	}
	if cmd.JSON {
		infos := []pawl.RecipeInfo{}
		for _, p := range pages {
			infos = append(infos, p.RecipeInfo)
		}
		return c.document(infos)
	}
	width := 0
	for _, p := range pages {
		width = max(width, len(p.Name))
	}
	for _, p := range pages {
		fmt.Fprintf(c.out, "%-*s  %s\n", width, p.Name, p.Paper)
		for _, line := range wrap(p.Summary, 76) {
			fmt.Fprintf(c.out, "    %s\n", line)
		}
	}
	return nil
}

// wrap breaks text at spaces into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

type recipeLintCmd struct {
	Files []string `arg:"" optional:"" help:"Names or paths (default: all recipes)."`
	JSON  bool     `help:"Print the mistakes as one JSON document."`
}

func (cmd *recipeLintCmd) Run(a *app, c *console) error {
	problems, n, err := pawl.Lint(pawl.Finder(a.RecipesDir), cmd.Files...)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		c.status = exitUsage
	}
	if cmd.JSON {
		return c.document(problems)
	}
	if len(problems) == 0 {
		fmt.Fprintf(c.out, "%s, no mistakes\n", recipes(n))
		return nil
	}
	for _, p := range problems {
		hint := p.Hint
		p.Hint = ""
		fmt.Fprintf(c.err, "error: %s\n", p)
		if hint != "" {
			fmt.Fprintf(c.err, "hint: %s\n", hint)
		}
	}
	return nil
}

type testCmd struct {
	Recipes []string `arg:"" optional:"" help:"Names or paths (default: all recipes)."`
	JSON    bool     `help:"Print one JSON document: each recipe's tests and their outcome."`
}

func (cmd *testCmd) Run(ctx context.Context, a *app, c *console) error {
	all, err := pawl.TestRecipes(ctx, pawl.Finder(a.RecipesDir), cmd.Recipes...)
	if err != nil {
		return err
	}
	passed, failed := 0, 0
	for _, r := range all {
		for _, t := range r.Tests {
			if t.Outcome == pawl.TestPassed {
				passed++
				continue
			}
			failed++
			if !cmd.JSON {
				fmt.Fprintf(c.out, "FAIL %s:%d: %s\n", r.Recipe, t.Line, t.Name)
				for _, d := range t.Differences {
					fmt.Fprintf(c.out, "     %s\n", d)
				}
			}
		}
	}
	if failed > 0 {
		c.status = exitFailed
	}
	if cmd.JSON {
		return c.document(all)
	}
	fmt.Fprintf(c.out, "%s: %d tests passed, %d failed\n", recipes(len(all)), passed, failed)
	return nil
}

func recipes(n int) string {
	if n == 1 {
		return "1 recipe"
	}
	return fmt.Sprintf("%d recipes", n)
}

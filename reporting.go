package pawl

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pawl/atomicfile"
	"pawl/recipe"
	"pawl/registry"
	"pawl/report"
	"pawl/store"
)

// CommandOf is the command line that started a run.
func (p *Pawl) CommandOf(ctx context.Context, row store.Run) string {
	words := []string{"pawl", "run", row.Recipe, "--seed", fmt.Sprint(row.Seed)}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, quote(value))
		}
	}
	if row.Model != "" && row.Model != string(ModelRecipe) {
		add("--model", row.Model)
	}
	if o, err := p.origin(ctx, row); err == nil {
		add("--tasks", o.Tasks.Train)
		add("--gate-tasks", o.Tasks.Gate)
		add("--audit-tasks", o.Tasks.Audit)
		if o.Tasks.SkipBad > 0 {
			add("--skip-bad", fmt.Sprint(o.Tasks.SkipBad))
		}
		for _, path := range slices.Sorted(maps.Keys(o.Set)) {
			add("--set", path+"="+o.Set[path])
		}
		if !slices.Equal(o.Controls, controlsOf(row)) {
			add("--controls", cmp.Or(strings.Join(o.Controls, ","), "none"))
		}
	}
	return strings.Join(words, " ")
}

// controlsOf are the controls that a run's recipe has; with --set they may have
// been fewer to choose from.
func controlsOf(row store.Run) []string {
	names := []string{}
	if plan, problems := recipe.Parse(registry.Default, row.Recipe+".yaml", []byte(row.Text)); len(problems) == 0 {
		for _, c := range plan.Controls {
			names = append(names, c.Name)
		}
	}
	return names
}

// quote makes a word safe for a shell.
func quote(s string) string {
	if strings.ContainsAny(s, " '\"\\$&|;<>()[]{}*?!#~`\n\t") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// WriteReport writes the page of a run into the data directory and returns its
// path. Stopped tells why the run is not at its end; nil if it is.
func (p *Pawl) WriteReport(ctx context.Context, result *RunResult, stopped error) (string, error) {
	doc := report.Document{
		Report: result.Report, Command: p.CommandOf(ctx, result.Run), Version: Version,
		Machine: ThisMachine().String(), Date: result.Run.Updated,
	}
	if p.dir != DefaultDir {
		doc.Dir = p.dir
	}
	if stopped != nil {
		doc.Problem = stopped.Error()
	}
	if plan, problems := recipe.Parse(registry.Default, result.Run.Recipe+".yaml", []byte(result.Run.Text)); len(problems) == 0 {
		doc.Title, doc.Summary, doc.Paper = plan.About.Title, plan.About.Summary, plan.About.Paper
	}
	var b bytes.Buffer
	if err := report.Write(&b, doc); err != nil {
		return "", err
	}
	dir := filepath.Join(p.dir, "reports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("writing the report of run %s: %w", result.Run.ID, err)
	}
	path := filepath.Join(dir, result.Run.ID+".html")
	return path, atomicfile.WriteFile(path, b.Bytes())
}

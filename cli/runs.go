package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/store"
)

type runsCmd struct {
	List     runsListCmd     `cmd:"" default:"withargs" help:"List runs, newest first."`
	Show     runsShowCmd     `cmd:"" help:"Show a run: its rounds, its figures, its history of policies."`
	Resume   runsResumeCmd   `cmd:"" help:"Continue a run that was stopped."`
	Rollback runsRollbackCmd `cmd:"" help:"Put an earlier policy in force again."`
	Compare  runsCompareCmd  `cmd:"" help:"Measure the policies of two runs on the same tasks."`
	GC       runsGCCmd       `cmd:"" name:"gc" help:"Drop stored content that nothing needs."`
}

// runRow is a run as lists show it.
type runRow struct {
	ID       string                 `json:"id"`
	Recipe   string                 `json:"recipe"`
	Seed     uint64                 `json:"seed"`
	Model    string                 `json:"model,omitempty"`
	Status   string                 `json:"status"`
	Created  time.Time              `json:"created"`
	Updated  time.Time              `json:"updated"`
	Policies map[string]core.Policy `json:"policies,omitempty"`
	Holder   *store.Holder          `json:"holder,omitempty"`
	Report   *loop.Report           `json:"report,omitempty"`
	History  []historyRow           `json:"history,omitempty"`
	Spending *core.Spending         `json:"spending,omitempty"` // on models that others serve
}

// historyRow is one decision about what is in force.
type historyRow struct {
	Round    int         `json:"round"`
	Outcome  string      `json:"outcome"`
	Version  core.Digest `json:"version"`
	Parent   core.Digest `json:"parent,omitempty"`
	InForce  bool        `json:"in_force"` // now
	Decided  time.Time   `json:"decided"`
	Sequence int64       `json:"sequence"`
}

func rowOf(r store.Run) runRow {
	status := string(r.Status)
	if r.Status == store.Running && r.Holder == nil {
		status = "stopped" // it was killed, or its machine was
	}
	return runRow{ID: r.ID, Recipe: r.Recipe, Seed: r.Seed, Model: r.Model, Status: status, Created: r.Created, Updated: r.Updated, Policies: r.Policies, Holder: r.Holder}
}

type runsListCmd struct {
	JSON bool `help:"Print one JSON document."`
}

func (cmd *runsListCmd) Run(ctx context.Context, a *app, c *console) error {
	p, err := a.look(c)
	if err != nil {
		return err
	}
	defer p.Close()
	runs, err := p.Store().Runs(ctx)
	if err != nil {
		return err
	}
	rows := []runRow{}
	for _, r := range runs {
		rows = append(rows, rowOf(r))
	}
	if cmd.JSON {
		return c.document(rows)
	}
	if len(rows) == 0 {
		c.note("no runs in %s; start one with pawl run", p.Dir())
		return nil
	}
	fmt.Fprintf(c.out, "%-28s %-12s %6s  %-12s %s\n", "run", "recipe", "seed", "status", "updated")
	for _, r := range rows {
		fmt.Fprintf(c.out, "%-28s %-12s %6d  %-12s %s\n", r.ID, r.Recipe, r.Seed, r.Status, r.Updated.Local().Format(time.DateTime))
	}
	return nil
}

type runsShowCmd struct {
	ID   string `arg:"" optional:"" name:"run" help:"The run, or the beginning of its name (default: the newest)."`
	JSON bool   `help:"Print one JSON document."`
}

func (cmd *runsShowCmd) Run(ctx context.Context, a *app, c *console) error {
	p, err := a.look(c)
	if err != nil {
		return err
	}
	defer p.Close()
	r, err := p.FindRun(ctx, cmd.ID)
	if err != nil {
		return inputError(ctx, err)
	}
	row := rowOf(r)
	if len(r.Summary) > 0 {
		if err := json.Unmarshal(r.Summary, &row.Report); err != nil {
			return fmt.Errorf("reading the report of run %s: %w", r.ID, err)
		}
	}
	if row.History, err = history(ctx, p, r.ID); err != nil {
		return err
	}
	if sum, err := p.Store().Spent(ctx, r.ID); err != nil {
		return err
	} else if sum.Attempts > 0 {
		row.Spending = &sum
	}
	if cmd.JSON {
		return c.document(row)
	}
	fmt.Fprintf(c.out, "run %s: %s, seed %d, %s\n", row.ID, row.Recipe, row.Seed, row.Status)
	fmt.Fprintf(c.out, "started with: %s\n", p.CommandOf(ctx, r))
	if row.Holder != nil {
		fmt.Fprintf(c.out, "advanced by %s\n", row.Holder)
	}
	if row.Report != nil {
		view := newRunView(c, false)
		view.replay(row.Report)
		view.end(c.out, row.Report)
	}
	if row.Spending != nil {
		fmt.Fprintf(c.out, "%s\n", spent(*row.Spending))
	}
	if len(row.History) == 0 {
		return nil // a run at its beginning
	}
	fmt.Fprintf(c.out, "\nhistory of policies\n")
	for _, h := range row.History {
		mark := ""
		if h.InForce {
			mark = "  <- in force"
		}
		fmt.Fprintf(c.out, "  round %-3d %-12s %s%s\n", h.Round, h.Outcome, h.Version.Short(), mark)
	}
	return nil
}

// spent says what calls to models that others serve came to. What nobody knows the
// outcome of is in it at the most that it can have cost.
func spent(s core.Spending) string {
	all := s.Total()
	line := fmt.Sprintf("paid calls: $%.4f, %d tokens, %d attempts", float64(all.MicroUSD)/1e6, all.Tokens(), s.Attempts)
	if n := s.Unknown + s.Open; n > 0 {
		line += fmt.Sprintf(", %d of unknown outcome counted at their most", n)
	}
	return line
}

// history lists the real arm's decisions.
func history(ctx context.Context, p *pawl.Pawl, id string) ([]historyRow, error) {
	all, err := p.Store().Promotions(ctx, id)
	if err != nil {
		return nil, err
	}
	var rows []historyRow
	current := -1
	for _, h := range all {
		if h.Arm != "" {
			continue
		}
		if h.InForce() {
			current = len(rows)
		}
		rows = append(rows, historyRow{Round: h.Round, Outcome: h.Outcome, Version: h.Version, Parent: h.Parent, Decided: h.At, Sequence: h.Seq})
	}
	if current >= 0 {
		rows[current].InForce = true
	}
	return rows, nil
}

type runsResumeCmd struct {
	ID   string `arg:"" optional:"" name:"run" help:"The run (default: the newest)."`
	JSON bool   `help:"Print one JSON document."`
}

func (cmd *runsResumeCmd) Run(ctx context.Context, a *app, c *console) error {
	p, err := a.look(c)
	if err != nil {
		return err
	}
	defer p.Close()
	view := newRunView(c, cmd.JSON)
	result, err := p.Resume(ctx, cmd.ID, view.observe)
	return finishRun(ctx, c, view, p, result, err, cmd.JSON)
}

type runsRollbackCmd struct {
	ID      string `arg:"" name:"run" help:"The run."`
	Version string `arg:"" optional:"" help:"Version as runs show lists it, its beginning, or base (default: the one before)."`
	JSON    bool   `help:"Print one JSON document."`
}

func (cmd *runsRollbackCmd) Run(ctx context.Context, a *app, c *console) error {
	p, err := a.look(c)
	if err != nil {
		return err
	}
	defer p.Close()
	row, err := p.Rollback(ctx, cmd.ID, cmd.Version)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(map[string]any{"run": row.Run, "version": row.Version, "replaced": row.Parent, "policies": row.Policies})
	}
	_, err = fmt.Fprintf(c.out, "run %s: version %s is in force again, in place of %s\n", row.Run, row.Version.Short(), row.Parent.Short())
	return err
}

type runsCompareCmd struct {
	A    string `arg:"" help:"One run."`
	B    string `arg:"" help:"Another run."`
	JSON bool   `help:"Print one JSON document."`
}

func (cmd *runsCompareCmd) Run(ctx context.Context, a *app, c *console) error {
	p, err := a.look(c)
	if err != nil {
		return err
	}
	defer p.Close()
	view := newRunView(c, true)
	r, err := p.CompareRuns(ctx, cmd.A, cmd.B, view.observe)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(r)
	}
	c.clear()
	fmt.Fprintf(c.out, "policies in force, on the %d %s tasks of %s, 95%% intervals\n", r.N, r.Set, r.A.Run)
	for _, f := range []pawl.RunFigures{r.A, r.B} {
		fmt.Fprintf(c.out, "  %-28s seed %-6d %s, %d promoted, %s tokens, %.1f s\n", f.Run, f.Seed, share(f.Accuracy.Accuracy, f.Accuracy.Low, f.Accuracy.High), f.Promoted, count(f.Tokens), f.Seconds)
	}
	fmt.Fprintf(c.out, "  second minus first: %s, paired, p %s\n", difference(r.Difference, r.Low, r.High), pvalue(r.PValue))
	return nil
}

type runsGCCmd struct {
	DryRun   bool `help:"Only tell what would go."`
	Finished bool `help:"Forget the intermediate steps of finished runs too; their policies and reports stay."`
	JSON     bool `help:"Print one JSON document."`
}

func (cmd *runsGCCmd) Run(ctx context.Context, a *app, c *console) error {
	p, err := a.look(c)
	if err != nil {
		return err
	}
	defer p.Close()
	r, err := p.Collect(ctx, cmd.DryRun, cmd.Finished)
	if err != nil {
		return err
	}
	for _, d := range r.Damaged {
		c.note("warning: %s", d)
	}
	if cmd.JSON {
		return c.document(r)
	}
	verb := "dropped"
	if cmd.DryRun {
		verb = "would drop"
	}
	_, err = fmt.Fprintf(c.out, "%s %s of %.1f MiB, %s of %.1f MiB, %s; kept %s of %.1f MiB\n", verb,
		counted(r.Dropped.Blobs, "blob"), mib(r.Dropped.Bytes), counted(r.Checkpoints.Blobs, "checkpoint"), mib(r.Checkpoints.Bytes),
		counted(r.Steps, "step"), counted(r.Kept.Blobs, "blob"), mib(r.Kept.Bytes))
	return err
}

// counted is a number of things, in words: 1 blob, 2 blobs.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

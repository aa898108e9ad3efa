package cli

import (
	"context"
	"fmt"
	"strings"

	"pawl"
)

type verifyCmd struct {
	Verifier    string   `arg:"" name:"name" help:"The verifier, by its name or with its settings in YAML: exact, 'exact: {extract: boxed}'."`
	Tasks       string   `required:"" help:"Task rows, JSONL or Parquet, or a task source such as keysum or {keysum: {level: 2, n: 500}}." placeholder:"FILE"`
	Completions string   `required:"" help:"Completion rows, JSONL or Parquet: id, completion and, where a task has several, sample. Nothing else of a row is read." placeholder:"FILE"`
	Set         []string `help:"Change a setting of the verifier: extract=boxed. May be repeated." sep:"none" placeholder:"PATH=VALUE"`
	SkipBad     int      `help:"Pass over up to N bad rows of each file." placeholder:"N"`
	Results     string   `help:"Also write a score row for every completion, as pawl gate reads them." placeholder:"FILE"`
	Fresh       bool     `help:"Judge anew what was judged before."`
	JSON        bool     `help:"Print the score rows as JSON lines, in the order of the completions."`
}

// Help is shown below the flags.
func (cmd *verifyCmd) Help() string {
	return `No model is asked. The same command continues where it was stopped, however it was: what it judged lies in the data directory, by the contents of verifier, tasks and completions.

Score rows are {"id", "sample", "scores": [{"by", "value", "confidence", "abstain", "rationale"}]}. An abstention counts as 0 in figures; one with "unjudged": true is no verdict, since the verifier failed.

Exit status: 0 judged, 1 failed, 2 usage or bad input, 130 interrupted.`
}

func (cmd *verifyCmd) Run(ctx context.Context, a *app, c *console) error {
	o := pawl.VerifyOptions{
		Verifier: cmd.Verifier, Tasks: cmd.Tasks, Completions: cmd.Completions, SkipBad: cmd.SkipBad, Fresh: cmd.Fresh, Set: map[string]string{},
	}
	for _, s := range cmd.Set {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return usagef("reading --set %q: it has no value; write PATH=VALUE", s)
		}
		o.Set[path] = value
	}
	view := newRunView(c, true)
	o.Observe = view.observe
	v, err := pawl.PrepareVerify(ctx, o)
	if err != nil {
		return err
	}
	for _, row := range v.Skipped {
		c.note("skipped: %v", row)
	}
	p, err := a.open(c)
	if err != nil {
		return err
	}
	defer p.Close()
	sink := func(pawl.ScoreRow) error { return nil }
	if cmd.JSON {
		sink = func(row pawl.ScoreRow) error { return c.row(row) }
	}
	var file *pawl.RowFile
	if cmd.Results != "" {
		if file, err = pawl.CreateRows(cmd.Results); err != nil {
			return err
		}
		defer file.Drop()
		print := sink
		sink = func(row pawl.ScoreRow) error {
			if err := file.Add(row); err != nil {
				return err
			}
			return print(row)
		}
	}
	s, err := p.Verify(ctx, v, sink)
	c.clear()
	if err == nil && file != nil {
		err = file.Save()
	}
	if err != nil {
		return err
	}
	text := verifySummary(s)
	if cmd.JSON {
		c.note("%s", strings.TrimSuffix(text, "\n"))
	} else if _, err := fmt.Fprint(c.out, text); err != nil {
		return err
	}
	if s.Abstained == s.N && s.Unjudged == 0 {
		c.note("warning: %s has no verdict on any of %s: %s", s.Verifier, counted(s.N, "completion"), s.Silent)
	}
	if s.Unjudged > 0 && s.Unjudged == s.N {
		return fmt.Errorf("verifying with %s: it judged none of %d completions: %s", s.Verifier, s.N, s.Reason)
	}
	return nil
}

// verifySummary is what people are told.
func verifySummary(s *pawl.VerifySummary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s of %s, 95%% intervals\n", s.Verifier, counted(s.N, "completion"), counted(s.Tasks, "task"))
	for i, e := range s.Metrics {
		line := estimateLine(e)
		if i == 0 && s.Binary() {
			line += fmt.Sprintf(": %d right of %d", s.Right, s.N)
			if s.N > s.Tasks {
				line += fmt.Sprintf(", %d of %s solved", s.Solved, counted(s.Tasks, "task"))
			}
		}
		fmt.Fprintln(&b, line)
	}
	fmt.Fprintf(&b, "  %-28s %.3f, %d of %d", "abstained", float64(s.Abstained)/float64(s.N), s.Abstained, s.N)
	if s.Abstained > 0 {
		b.WriteString(", counted as 0")
	}
	if s.Silent != "" {
		fmt.Fprintf(&b, "; the first: %s", s.Silent)
	}
	b.WriteString("\n")
	if s.Unjudged > 0 {
		fmt.Fprintf(&b, "  %-28s %d, since the verifier failed: %s; the same command asks again\n", "of these not judged", s.Unjudged, s.Reason)
	}
	switch {
	case s.Judged == 0:
		b.WriteString("all had been judged before; --fresh judges anew\n")
	case s.Judged < s.N:
		fmt.Fprintf(&b, "%d had been judged before; %d now, in %.1f s, %.0f a second\n", s.N-s.Judged, s.Judged, s.Seconds, float64(s.Judged)/s.Seconds)
	default:
		fmt.Fprintf(&b, "judged in %.1f s, %.0f a second\n", s.Seconds, float64(s.Judged)/s.Seconds)
	}
	return b.String()
}

package cli

import (
	"context"
	"fmt"

	"pawl"
	"pawl/core"
)

type evalVerifiersCmd struct {
	Model       string   `help:"The policy whose attempts are judged, and that judges them: run, run:ID, embedded:DIR, embedded (the model in the binary), or openai:MODEL (default: embedded; none with --completions)." placeholder:"MODEL"`
	Verifier    []string `help:"One of the verifiers only, by name, or name and settings: '{weighted_vote: {by: p_true}}'; repeat it for several (default: all that need no answers and no settings)." placeholder:"NAME" sep:"none"`
	Against     string   `help:"Compare the choices of every verifier with those of this one, task by task." placeholder:"NAME"`
	Tasks       string   `help:"Judge attempts at these tasks in place of worlds: task rows with an answer, JSONL or Parquet, or a task source such as {chain: {level: 2}}." placeholder:"FILE"`
	Completions string   `help:"Judge these attempts at the tasks in place of samples: rows of id, completion and sample." placeholder:"FILE"`
	servedFlags
	worldFlags
	JSON bool `help:"Print one JSON document."`
}

func (cmd *evalVerifiersCmd) Run(ctx context.Context, a *app, c *console) error {
	if err := cmd.misplaced(); err != nil {
		return err
	}
	model, err := cmd.parse(cmd.Model)
	if err != nil {
		return err
	}
	p, err := a.openFor(c, model, cmd.Prices)
	if err != nil {
		return err
	}
	defer p.Close()
	o := pawl.VerifierOptions{Verifiers: cmd.Verifier, Against: cmd.Against, From: cmd.Tasks, Completions: cmd.Completions}
	policy, err := cmd.measured(ctx, c, p, model, &o)
	if err != nil {
		return err
	}
	rows, err := p.EvalVerifiers(ctx, policy, o)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(struct {
			Rows []pawl.VerifierRow `json:"rows"`
		}{rows})
	}
	c.clear()
	cmd.print(c, model, rows)
	return nil
}

// misplaced refuses flags that would do nothing, before anything is opened.
func (cmd *evalVerifiersCmd) misplaced() error {
	elsewhere := cmd.World != "" || cmd.Level != 0
	switch {
	case cmd.Completions != "" && cmd.Tasks == "":
		return usagef("measuring verifiers: --completions %s: of which tasks? give --tasks FILE", cmd.Completions)
	case cmd.Tasks != "" && elsewhere:
		return usagef("measuring verifiers on %s: --world and --level have no place here; leave them out, or --tasks", cmd.Tasks)
	case cmd.Completions != "" && (cmd.N != worldTasks || cmd.Samples != worldSamples):
		return usagef("measuring verifiers on %s: -n and --samples have no place here: all completions are judged", cmd.Completions)
	}
	return cmd.check()
}

// measured gives the policy and says where it is measured. Recorded completions want
// none, unless one is named.
func (cmd *evalVerifiersCmd) measured(ctx context.Context, c *console, p *pawl.Pawl, model pawl.Model, o *pawl.VerifierOptions) (policy core.Policy, err error) {
	if cmd.Tasks == "" {
		o.EnvironmentOptions, policy, err = cmd.prepare(ctx, c, p, model)
		return policy, err
	}
	o.EnvironmentOptions = pawl.EnvironmentOptions{Tasks: cmd.N, Samples: cmd.Samples, Seed: cmd.Seed, Observe: observed(c)}
	if cmd.Completions != "" && cmd.Model == "" {
		return nil, nil
	}
	if err := unlearnt(c, p, model, pawl.SourceName(cmd.Tasks)); err != nil {
		return nil, err
	}
	return p.Policy(ctx, model)
}

// print is the table for people.
func (cmd *evalVerifiersCmd) print(c *console, model pawl.Model, rows []pawl.VerifierRow) {
	what := fmt.Sprintf("%s judging its own attempts: %d tasks a world, %d samples a task", model, cmd.N, cmd.Samples)
	switch {
	case cmd.Completions != "":
		what = fmt.Sprintf("%s, recorded attempts at %s", cmd.Completions, cmd.Tasks)
	case cmd.Tasks != "":
		what = fmt.Sprintf("%s judging its own attempts at %s: %d samples a task", model, cmd.Tasks, cmd.Samples)
	}
	fmt.Fprintf(c.out, "%s; accuracy is of the attempt that a verifier likes best, 95%% intervals\n", what)
	advantage := ""
	if cmd.Against != "" {
		advantage = "  advantage over " + cmd.Against
	}
	fmt.Fprintf(c.out, "%-14s %-32s %6s %-22s %-24s %6s %6s %6s %7s %7s%s\n", "world", "verifier", "tasks", "accuracy", "gain over any attempt", "auroc", "ece", "cov@5", "tokens", "ms", advantage)
	for _, r := range rows {
		if r.Advantage != nil {
			advantage = fmt.Sprintf("  %+.3f [%+.3f, %+.3f]", *r.Advantage, *r.AdvantageLow, *r.AdvantageTop)
		}
		if r.N == 0 {
			fmt.Fprintf(c.out, "%-14s %-32s %6d abstains on all%s\n", r.World, r.Verifier, 0, advantage)
			continue
		}
		fmt.Fprintf(c.out, "%-14s %-32s %6d %.3f [%.3f, %.3f]  %+.3f [%+.3f, %+.3f]  %6s %6s %6.3f %7.1f %7.3f%s\n", r.World, r.Verifier, r.N, r.Accuracy, r.Low, r.High,
			r.Gain, r.GainLow, r.GainTop, figure(r.AUROC), figure(r.ECE), r.CoverageAt5, r.Tokens, r.Milliseconds, advantage)
	}
}

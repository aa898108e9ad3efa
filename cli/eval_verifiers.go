package cli

import (
	"context"
	"fmt"

	"pawl"
)

type evalVerifiersCmd struct {
	Model    string   `help:"The policy whose attempts are judged, and that judges them: run, run:ID, embedded:DIR, embedded (the model in the binary), or openai:MODEL." default:"embedded" placeholder:"MODEL"`
	Verifier []string `help:"One of the verifiers only, by name, or name and settings: '{weighted_vote: {by: p_true}}'; repeat it for several (default: all that need no answers and no settings)." placeholder:"NAME" sep:"none"`
	servedFlags
	worldFlags
	JSON bool `help:"Print one JSON document."`
}

func (cmd *evalVerifiersCmd) Run(ctx context.Context, a *app, c *console) error {
	model, err := cmd.parse(cmd.Model)
	if err != nil {
		return err
	}
	if err := cmd.check(); err != nil {
		return err
	}
	p, err := a.openFor(c, model, cmd.Prices)
	if err != nil {
		return err
	}
	defer p.Close()
	o, policy, err := cmd.prepare(ctx, c, p, model)
	if err != nil {
		return err
	}
	rows, err := p.EvalVerifiers(ctx, policy, pawl.VerifierOptions{EnvironmentOptions: o, Verifiers: cmd.Verifier})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(struct {
			Rows []pawl.VerifierRow `json:"rows"`
		}{rows})
	}
	c.clear()
	fmt.Fprintf(c.out, "%s judging its own attempts: %d tasks a world, %d samples a task; accuracy is of the attempt that a verifier likes best, 95%% intervals\n",
		model, o.Tasks, o.Samples)
	fmt.Fprintf(c.out, "%-14s %-32s %6s %-22s %-24s %6s %6s %6s %7s %7s\n", "world", "verifier", "tasks", "accuracy", "gain over any attempt", "auroc", "ece", "cov@5", "tokens", "ms")
	for _, r := range rows {
		if r.N == 0 {
			fmt.Fprintf(c.out, "%-14s %-32s %6d abstains on all\n", r.World, r.Verifier, 0)
			continue
		}
		fmt.Fprintf(c.out, "%-14s %-32s %6d %.3f [%.3f, %.3f]  %+.3f [%+.3f, %+.3f]  %6s %6s %6.3f %7.1f %7.3f\n", r.World, r.Verifier, r.N, r.Accuracy, r.Low, r.High,
			r.Gain, r.GainLow, r.GainTop, figure(r.AUROC), figure(r.ECE), r.CoverageAt5, r.Tokens, r.Milliseconds)
	}
	return nil
}

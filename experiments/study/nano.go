package study

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pawl"
)

// Nano is the card of the model in the binary.
type Nano struct {
	Kind    string             `json:"kind"` // KindNano
	Where   Where              `json:"where"`
	Bytes   int64              `json:"bytes"` // of the model in the binary
	Levels  map[string]int     `json:"levels"`
	Easy    []pawl.Environment `json:"easy"` // one level below the default
	Default []pawl.Environment `json:"default"`
	Hard    []pawl.Environment `json:"hard"` // one level above
	Roles   []pawl.RoleFigure  `json:"roles"`
}

// KindNano marks the file.
const KindNano = "nano"

// RunNano measures a model in the worlds of the recipe pretrain-nano.
func RunNano(ctx context.Context, p *pawl.Pawl, model pawl.Model, tasks, samples int, bytes int64, say func(string)) (*Nano, error) {
	levels, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	policy, err := p.Policy(ctx, model)
	if err != nil {
		return nil, err
	}
	n := &Nano{Kind: KindNano, Where: Here(), Bytes: bytes, Levels: levels}
	for _, part := range []struct {
		name string
		by   int
		to   *[]pawl.Environment
	}{{"easy", -1, &n.Easy}, {"default", 0, &n.Default}, {"hard", 1, &n.Hard}} {
		at := map[string]int{}
		for name, level := range levels {
			at[name] = min(max(level+part.by, 1), 5)
		}
		*part.to, err = p.Environments(ctx, policy, pawl.EnvironmentOptions{
			Worlds: at, Tasks: tasks, Samples: samples, Seed: 1,
			Observe: func(name string, done, total int) {
				say(fmt.Sprintf("%s: %s, world %d of %d", part.name, name, done+1, total))
			},
		})
		if err != nil {
			return nil, err
		}
	}
	say("roles")
	n.Roles, err = p.RoleFigures(ctx, policy, pawl.EnvironmentOptions{Worlds: levels, Tasks: tasks, Seed: 1})
	return n, err
}

// Markdown is the card as tables.
func (n *Nano) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%.1f MiB in the binary.\n\n", n.Where, float64(n.Bytes)/(1<<20))
	b.WriteString("As a solver: greedy accuracy (in played worlds the return, 0 that of random play and 1 the oracle's) with 95% intervals, " +
		"accuracy of samples at temperature 1, of their majority, and share of tasks with a right one; " +
		"as a verifier of these samples: how often it is right, and the gap, by how much those that it keeps are better than all.\n")
	for _, part := range []struct {
		name string
		rows []pawl.Environment
	}{{"Default difficulty", n.Default}, {"One level easier", n.Easy}, {"One level harder", n.Hard}} {
		fmt.Fprintf(&b, "\n%s:\n\n| world | level | greedy | samples | votes | pass | verifier | gap | tokens |\n|-|-|-|-|-|-|-|-|-|\n", part.name)
		for _, e := range part.rows {
			gap := "-"
			if e.Gap != nil {
				gap = fmt.Sprintf("%+.3f [%+.3f, %+.3f]", *e.Gap, *e.GapLow, *e.GapTop)
			}
			fmt.Fprintf(&b, "| %s | %d | %.3f [%.3f, %.3f] | %s | %s | %s | %s | %s | %.0f |\n", e.Name, e.Level, e.Value, e.Low, e.High,
				optional(e.Mean), optional(e.Votes), optional(e.Pass), optional(e.Verify), gap, e.Tokens)
		}
	}
	b.WriteString("\nIn the other roles, at the default difficulty; half of the attempts to judge are right:\n\n")
	roles := []string{}
	cell := map[[2]string]pawl.RoleFigure{}
	for _, f := range n.Roles {
		if !slices.Contains(roles, f.Role) {
			roles = append(roles, f.Role)
		}
		cell[[2]string{f.World, f.Role}] = f
	}
	fmt.Fprintf(&b, "| world | %s |\n|-%s|\n", strings.ReplaceAll(strings.Join(roles, " | "), "_", " "), strings.Repeat("|-", len(roles)))
	for _, e := range n.Default {
		fmt.Fprintf(&b, "| %s |", e.Name)
		for _, role := range roles {
			if f, ok := cell[[2]string{e.Name, role}]; ok {
				fmt.Fprintf(&b, " %.2f |", f.Value)
			} else {
				b.WriteString(" - |")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func optional(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *x)
}

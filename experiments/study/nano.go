package study

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pawl"
	"pawl/lesson"
)

// Nano is the card of the model in the binary.
type Nano struct {
	Kind  string `json:"kind"` // KindNano
	Where Where  `json:"where"`
	Bytes int64  `json:"bytes"` // of the model in the binary
	pawl.Difficulties
	Easy    []pawl.Environment `json:"easy"` // one level below the default, see beside
	Default []pawl.Environment `json:"default"`
	Hard    []pawl.Environment `json:"hard"`  // one level above, see beside
	Roles   []pawl.RoleFigure  `json:"roles"` // at all three levels
}

// KindNano marks the file.
const KindNano = "nano"

// RunNano measures a model in the worlds of the recipe pretrain-nano: in all of
// them, or in those named.
func RunNano(ctx context.Context, p *pawl.Pawl, model pawl.Model, worlds []string, tasks, samples int, bytes int64, say func(string)) (*Nano, error) {
	meant, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	for _, name := range worlds {
		if _, ok := meant.Levels[name]; !ok {
			return nil, &pawl.InputError{Err: fmt.Errorf("measuring a model: the recipe pretrain-nano has no world %q", name)}
		}
	}
	if len(worlds) > 0 {
		maps.DeleteFunc(meant.Levels, func(name string, _ int) bool { return !slices.Contains(worlds, name) })
		maps.DeleteFunc(meant.Sizes, func(name string, _ map[string]int) bool { return !slices.Contains(worlds, name) })
	}
	policy, err := p.Policy(ctx, model)
	if err != nil {
		return nil, err
	}
	// Whether to abstain is told by the level that the model is meant for, on
	// either side of which those lessons lie.
	const abstain = "attempt_or_abstain"
	others := slices.DeleteFunc(slices.Clone(lesson.Roles), func(role string) bool { return role == "solve" || role == abstain })
	n := &Nano{Kind: KindNano, Where: Here(), Bytes: bytes, Difficulties: meant}
	for _, part := range []struct {
		name string
		by   int
		to   *[]pawl.Environment
	}{{"easy", -1, &n.Easy}, {"default", 0, &n.Default}, {"hard", 1, &n.Hard}} {
		at, sizes := map[string]int{}, meant.Sizes
		for name, level := range meant.Levels {
			at[name] = beside(level, part.by, meant.Sizes[name] != nil)
		}
		if part.by != 0 {
			sizes = nil
		}
		*part.to, err = p.Environments(ctx, policy, pawl.EnvironmentOptions{
			Worlds: at, Sizes: sizes, Tasks: tasks, Samples: samples, Seed: 1,
			Observe: func(v pawl.Visit) {
				if v.Part == "" {
					say(fmt.Sprintf("%s: %s, world %d of %d", part.name, v.World, v.Index+1, v.Of))
				}
			},
		})
		if err != nil {
			return nil, err
		}
		say(part.name + ": roles")
		roles := others
		if part.by == 0 {
			roles = append(slices.Clone(others), abstain)
		}
		figures, err := p.RoleFigures(ctx, policy, pawl.EnvironmentOptions{Worlds: at, Sizes: sizes, Tasks: tasks, Seed: 1, Roles: roles})
		if err != nil {
			return nil, err
		}
		n.Roles = append(n.Roles, figures...)
	}
	return n, nil
}

// Update puts what a later measurement found of some worlds in the place of what
// n has of them. A measurement of a world does not depend on the others.
func (n *Nano) Update(later *Nano) {
	if n.Levels == nil {
		*n = *later
		return
	}
	n.Where, n.Bytes = later.Where, later.Bytes
	if n.Sizes == nil {
		n.Sizes = map[string]map[string]int{}
	}
	for name, level := range later.Levels {
		n.Levels[name] = level
		delete(n.Sizes, name)
	}
	maps.Copy(n.Sizes, later.Sizes)
	for _, part := range []struct{ to, from *[]pawl.Environment }{{&n.Easy, &later.Easy}, {&n.Default, &later.Default}, {&n.Hard, &later.Hard}} {
		kept := slices.DeleteFunc(*part.to, func(e pawl.Environment) bool { _, ok := later.Levels[e.Name]; return ok })
		*part.to = append(kept, *part.from...)
		slices.SortStableFunc(*part.to, func(a, b pawl.Environment) int { return cmp.Compare(a.Name, b.Name) })
	}
	kept := slices.DeleteFunc(n.Roles, func(f pawl.RoleFigure) bool { _, ok := later.Levels[f.World]; return ok })
	n.Roles = append(kept, later.Roles...)
}

// beside is the level next to a default one: by is -1 for the easier, 1 for the
// harder, 0 for the default. Where the scale ends there, it is two levels away
// on the other side, so that every world is seen at three difficulties; a
// default of sizes between levels has a level of its own number on either side.
func beside(level, by int, between bool) int {
	const lowest, highest = 1, 5
	switch to := level + by; {
	case to >= lowest && to <= highest:
		return to
	case between:
		return level
	default:
		return level - 2*by
	}
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
	}{{"Default difficulty", n.Default}, {"One level easier (two harder where there is none)", n.Easy}, {"One level harder (two easier where there is none)", n.Hard}} {
		fmt.Fprintf(&b, "\n%s:\n\n| world | level | greedy | samples | votes | pass | verifier | gap | tokens |\n|-|-|-|-|-|-|-|-|-|\n", part.name)
		for _, e := range part.rows {
			gap := "-"
			if e.GapLow != nil {
				gap = fmt.Sprintf("%+.3f [%+.3f, %+.3f]", *e.Gap, *e.GapLow, *e.GapTop)
			}
			fmt.Fprintf(&b, "| %s | %s | %.3f [%.3f, %.3f] | %s | %s | %s | %s | %s | %.0f |\n", e.Name, e.Difficulty(), e.Value, e.Low, e.High,
				optional(e.Mean), optional(e.Votes), optional(e.Pass), optional(e.Verify), gap, e.Tokens)
		}
	}
	b.WriteString("\nIn the other roles; half of the attempts to judge are right. Proposals are sampled, and right where they pose a task; " +
		"abstaining is asked for beyond the default difficulty, and half of those tasks are. Levels are those of the tables above.\n\n" +
		"| world | role | easier | default difficulty | harder |\n|-|-|-|-|-|\n")
	cell := map[string]string{}
	for _, f := range n.Roles {
		cell[fmt.Sprint(f.World, f.Role, f.Level, f.Sizes)] = fmt.Sprintf("%.2f [%.2f, %.2f]", f.Value, f.Low, f.High)
	}
	for _, name := range slices.Sorted(maps.Keys(n.Levels)) {
		for _, role := range lesson.Roles {
			row, any := "", false
			for _, by := range []int{-1, 0, 1} {
				sizes := n.Sizes[name]
				if by != 0 {
					sizes = nil
				}
				c, ok := cell[fmt.Sprint(name, role, beside(n.Levels[name], by, n.Sizes[name] != nil), sizes)]
				any = any || ok
				row += " " + cmp.Or(c, "-") + " |"
			}
			if any {
				fmt.Fprintf(&b, "| %s | %s |%s\n", name, strings.ReplaceAll(role, "_", " "), row)
			}
		}
	}
	return b.String()
}

func optional(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *x)
}

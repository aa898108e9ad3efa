package registry

import (
	"fmt"
	"io"
	"strings"

	"pawl/core"
)

// What each kind does, for the reference.
var kindDocs = map[core.Kind]string{
	core.KindTasks:     "Where tasks come from.",
	core.KindPolicy:    "How a first policy is obtained.",
	core.KindEnv:       "Actors that are not models: tools, games, simulators.",
	core.KindSampler:   "Who acts when: a sampler turns a task into an episode of attempts.",
	core.KindVerifier:  "What judges attempts: rules, execution, votes, judges, confidence.",
	core.KindSelector:  "How judged attempts become training examples.",
	core.KindObjective: "Losses over token log-probs, whole distributions or the values of a reward head, for optimizers that train weights.",
	core.KindOptimizer: "How examples make a candidate policy.",
	core.KindGate:      "What decides whether a candidate replaces the incumbent.",
	core.KindMetric:    "What is measured of judged episodes, each with its interval.",
}

// Markdown writes the reference of all components. The heading of a component
// is its name, so that its anchor is the key that recipes use.
func (r *Registry) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Components\n\nGenerated from the code; do not edit. A component is written as its name, or as its name with settings below it:\n`majority_vote`, or `{majority_vote: {of: solver}}`. The extra setting `as` renames a component within a recipe.\nA number such as S228 beside a paper names that published system for good, in recipes (`id`) and here.\n")
	for _, kind := range kinds {
		names := r.names(kind)
		if len(names) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## Kind: %s\n\n%s\n", kind, kindDocs[kind])
		for _, name := range names {
			r.entry(kind, name).component().markdown(&b)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c Component) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", c.Name, c.Summary)
	if c.Detail != "" {
		fmt.Fprintf(b, "\n%s\n", c.Detail)
	}
	if source := c.source(); source != "" {
		fmt.Fprintf(b, "\nPaper: %s\n", source)
	}
	if len(c.Needs) > 0 {
		fmt.Fprintf(b, "\nNeeds: %s\n", strings.Join(c.Needs, ", "))
	}
	if len(c.Fields) > 0 {
		b.WriteString("\n| setting | type | limits | meaning |\n|-|-|-|-|\n")
		rows(b, c.Fields, "")
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\n```yaml\n%s\n```\n", strings.TrimSpace(c.Example))
	}
}

func rows(b *strings.Builder, fields []Field, prefix string) {
	cell := strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;")
	for _, f := range fields {
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, f.Name, cell.Replace(f.Type), cell.Replace(f.Limits()), cell.Replace(f.Doc))
		rows(b, f.Fields, prefix+f.Name+".")
	}
}

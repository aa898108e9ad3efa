// Package verifier holds the components that judge attempts: by a world's
// oracle, by the reference answer, by the votes of other attempts. Each is in
// the file of its name. A score says why, and abstains where the verifier
// cannot tell; none changes the episode it judges.
package verifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"pawl/core"
)

// targets are the nodes to judge: at, or all leaves. References that are not
// of ep are an error.
func targets(ep *core.Episode, at []core.Ref) ([]core.Ref, error) {
	if ep == nil {
		return nil, errors.New("there is no episode")
	}
	if at == nil {
		return ep.Leaves(), nil
	}
	for _, r := range at {
		if r < 1 || int(r) > len(ep.Nodes) {
			return nil, fmt.Errorf("task %s: node %d is outside the episode of %d nodes", ep.Task.ID, r, len(ep.Nodes))
		}
	}
	return at, nil
}

// attempt is the text that node r stands for: its own content, after that of
// the assistant nodes directly above it, which are its earlier steps. The tools that
// a turn calls are part of its text.
func attempt(ep *core.Episode, r core.Ref) string {
	var parts []string
	for ; r > ep.Root(); r = ep.Node(r).Parent {
		n := ep.Node(r)
		if len(parts) > 0 && n.Role != core.RoleAssistant {
			break
		}
		text := n.Content
		if calls := toolCalls(*n); calls != nil {
			text = strings.TrimPrefix(text+"\n"+strings.Join(calls, "\n"), "\n")
		}
		parts = append(parts, text)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
		if i > 0 && !strings.HasSuffix(parts[i], "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// decodeReference reads what a task's reference has beside the usual. A task
// without one leaves into as it is.
func decodeReference(t core.Task, into any) error {
	if len(t.Reference) == 0 {
		return nil
	}
	if err := json.Unmarshal(t.Reference, into); err != nil {
		return fmt.Errorf("reading the reference of task %s: %w", t.ID, err)
	}
	return nil
}

func abstain(by string, r core.Ref, why string) core.Score {
	return core.Score{By: by, Nodes: []core.Ref{r}, Abstain: true, Rationale: why}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

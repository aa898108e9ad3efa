package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/prompt"
)

// held asks of each attempt whether it meets each of its criteria, one question
// each, and rules by the share that it meets of those with a verdict. Attempts
// of equal words are asked about once. Items without criteria stay unruled.
func held(ctx context.Context, by string, p panel[bool], c Judging, items []item, criteria func(item) []string) ([]ruling, error) {
	type held struct {
		in              int
		text, criterion string
	}
	asked := map[held]int{}
	var qs []question
	for _, it := range items {
		for _, criterion := range criteria(it) {
			h := held{it.in, it.text(), criterion}
			if _, ok := asked[h]; !ok {
				asked[h] = len(qs)
				qs = append(qs, question{
					data:  prompt.Data{Task: it.ep.Task.Prompt, Attempt: h.text, Criterion: criterion},
					about: fmt.Sprintf("%s/%d:%s|%s", it.ep.Task.ID, len(h.text), h.text, criterion),
				})
			}
		}
	}
	all, err := p.ask(ctx, qs)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, it := range items {
		list := criteria(it)
		if len(list) == 0 {
			continue
		}
		t := ticks{By: by, Criteria: list, Met: make([]*bool, len(list))}
		var usage core.Usage
		why := ""
		for k, criterion := range list {
			found := &all[asked[held{it.in, it.text(), criterion}]]
			usage.Add(found.usage)
			found.usage = core.Usage{} // paid once
			if f := found.of[0]; f.ok() {
				t.Met[k] = &f.value
			} else {
				why = f.why
			}
		}
		rulings[i] = t.rule(why, usage)
		if c.Keep && !rulings[i].score.Abstain {
			rulings[i].node = t.node(p.seat)
		}
	}
	return rulings, nil
}

// ticks are the criteria that an attempt was held to, and which it meets; nil
// where nobody could tell.
type ticks struct {
	By       string   `json:"by"` // the component
	Criteria []string `json:"criteria"`
	Met      []*bool  `json:"met"`
}

func (t ticks) rule(why string, usage core.Usage) ruling {
	met, read := 0, 0
	var unmet []string
	for k, m := range t.Met {
		switch {
		case m == nil:
		case *m:
			met, read = met+1, read+1
		default:
			read++
			unmet = append(unmet, t.Criteria[k])
		}
	}
	if read == 0 {
		return unread(why, usage)
	}
	says := fmt.Sprintf("meets %d of %d", met, read)
	if read < len(t.Met) {
		says += fmt.Sprintf(" (%d without a verdict)", len(t.Met)-read)
	}
	if len(unmet) > 0 {
		says += "; not: " + strings.Join(unmet, " ")
	}
	v := said(float64(met)/float64(read), 0, says)
	v.usage = usage
	return v
}

// node is the list with its ticks, as one says it.
func (t ticks) node(seat string) *core.Node {
	var b strings.Builder
	for k, c := range t.Criteria {
		box := "[?]"
		if m := t.Met[k]; m != nil {
			box = map[bool]string{true: "[x]", false: "[ ]"}[*m]
		}
		fmt.Fprintf(&b, "- %s %s\n", box, c)
	}
	data, err := json.Marshal(t)
	if err != nil {
		return nil // strings and truth values
	}
	return &core.Node{Actor: seat, Role: core.RoleAssistant, Content: strings.TrimRight(b.String(), "\n"), Data: data}
}

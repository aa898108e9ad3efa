package pawl

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pawl/core"
	"pawl/loop"
	"pawl/nn"
	"pawl/recipe"
	"pawl/store"
)

// Formats of exported policies.
const (
	FormatFolder = "hf"   // a Hugging Face folder
	FormatGGUF   = "gguf" // one file for llama.cpp
)

// ExportOptions say how a policy is written. The zero value is a Hugging Face
// folder of f32 weights.
type ExportOptions struct {
	Format string // FormatFolder or FormatGGUF
	Dtype  string // f32, f16 or bf16: how weights are stored
}

// Export writes a policy to a folder or, as GGUF, to a file.
func (p *Pawl) Export(ctx context.Context, policy core.Policy, to string, o ExportOptions) error {
	dtype := nn.F32
	if o.Dtype != "" {
		dtype = nn.Dtype(strings.ToUpper(o.Dtype))
	}
	st, err := os.Stat(to)
	there := err == nil
	switch {
	case dtype != nn.F32 && dtype != nn.F16 && dtype != nn.BF16:
		return inputf("exporting to %s: there is no type %q; use f32, f16 or bf16", to, o.Dtype)
	case o.Format == FormatGGUF:
		if there && st.IsDir() {
			to = filepath.Join(to, "model.gguf")
		}
		return p.engine.ExportGGUF(ctx, policy, to, dtype)
	case o.Format != "" && o.Format != FormatFolder:
		return inputf("exporting to %s: there is no format %q; use %s or %s", to, o.Format, FormatFolder, FormatGGUF)
	case there && !st.IsDir():
		return inputf("exporting to %s: it is a file; name a folder", to)
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return fmt.Errorf("exporting to %s: %w", to, err)
	}
	return p.engine.ExportAs(ctx, policy, to, dtype)
}

// TaskRow is a task as it is exported; reading it back gives the same task.
type TaskRow struct {
	ID        string          `json:"id"`
	Prompt    string          `json:"prompt,omitempty"`
	Messages  []Message       `json:"messages,omitempty"` // where the prompt is more than one question
	Answer    string          `json:"answer,omitempty"`
	Solution  string          `json:"solution,omitempty"`
	Reference json.RawMessage `json:"reference,omitempty"` // where answer and solution do not say all
}

// Message is one turn of a chat.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// TaskRows gives the rows of a task set: of a run as it was started, or, where
// run is "", of a recipe.
func (p *Pawl) TaskRows(ctx context.Context, run, recipeName, set string) ([]TaskRow, error) {
	tasks, err := p.TaskSet(ctx, run, recipeName, set)
	if err != nil {
		return nil, err
	}
	rows := make([]TaskRow, len(tasks))
	for i, t := range tasks {
		rows[i] = taskRow(t)
	}
	return rows, nil
}

// TaskSet gives the tasks behind TaskRows.
func (p *Pawl) TaskSet(ctx context.Context, run, recipeName, set string) ([]core.Task, error) {
	var plan *recipe.Plan
	var sets *taskSets
	if run == "" && recipeName != "" {
		var err error
		if plan, err = p.Recipe(recipeName); err != nil {
			return nil, input(err)
		}
		if sets, err = p.readSets(ctx, plan, TaskFiles{}); err != nil {
			return nil, given(ctx, err)
		}
	} else {
		row, err := p.FindRun(ctx, run)
		if err != nil {
			return nil, err
		}
		j, err := p.reload(ctx, row)
		if err != nil {
			return nil, err
		}
		plan, sets = j.plan, j.sets
	}
	player := p.player(plan, 1, nil)
	player.Sets = sets.sources
	tasks, err := player.TaskList(ctx, set)
	return tasks, given(ctx, err)
}

func taskRow(t core.Task) TaskRow {
	ref := t.Ref()
	row := TaskRow{ID: t.ID, Answer: ref.Answer, Solution: ref.Solution}
	if len(t.Prompt) == 1 && t.Prompt[0].Role == core.RoleUser {
		row.Prompt = t.Prompt[0].Content
	} else {
		row.Messages = messages(t.Prompt)
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(t.Reference, &all) == nil {
		delete(all, "answer")
		delete(all, "solution")
		if len(all) > 0 {
			row.Reference = t.Reference
		}
	}
	return row
}

func messages(nodes []core.Node) []Message {
	out := make([]Message, len(nodes))
	for i, n := range nodes {
		out[i] = Message{n.Role, n.Content}
	}
	return out
}

// Forms of training rows, as TRL reads them.
const (
	RowsSFT        = "sft"        // prompt, completion
	RowsPreference = "preference" // prompt, chosen, rejected
)

// TrainingRow is an example in TRL's form: text where every prompt is one
// question, else messages.
type TrainingRow struct {
	Prompt     any `json:"prompt"`
	Completion any `json:"completion,omitempty"`
	Chosen     any `json:"chosen,omitempty"`
	Rejected   any `json:"rejected,omitempty"`
}

// TrainingRows gives the examples that a round of a run selected; round 0 is
// the last.
func (p *Pawl) TrainingRows(ctx context.Context, run string, round int, form string) ([]TrainingRow, error) {
	row, err := p.FindRun(ctx, run)
	if err != nil {
		return nil, err
	}
	examples, err := p.selected(ctx, row, round)
	if err != nil {
		return nil, err
	}
	plain := true
	for _, ex := range examples {
		prompt := ex.Episode.Task.Prompt
		plain = plain && len(prompt) == 1 && prompt[0].Role == core.RoleUser
	}
	var rows []TrainingRow
	for _, ex := range examples {
		rows = appendRows(rows, ex, form, plain)
	}
	if len(rows) == 0 {
		return nil, inputf("exporting the examples of run %s: none of the %d selected is a %s row; %s", row.ID, len(examples), form, otherForm(form))
	}
	return rows, nil
}

func otherForm(form string) string {
	if form == RowsPreference {
		return "this run selects no pairs; try --rows sft"
	}
	return "this run selects pairs; try --rows preference"
}

// selected reads the examples of a round, in the order they were selected.
func (p *Pawl) selected(ctx context.Context, row store.Run, round int) ([]*core.Example, error) {
	var report loop.Report
	if len(row.Summary) == 0 || json.Unmarshal(row.Summary, &report) != nil || len(report.Rounds) == 0 {
		return nil, inputf("exporting the examples of run %s: no round of it has ended yet; continue it with pawl runs resume %s", row.ID, row.ID)
	}
	if round == 0 {
		round = len(report.Rounds)
	}
	if round < 1 || round > len(report.Rounds) {
		return nil, inputf("exporting the examples of run %s: there is no round %d; it has %d", row.ID, round, len(report.Rounds))
	}
	var all []*core.Example
	for _, d := range report.Rounds[round-1].Examples {
		b, err := p.store.Get(ctx, d)
		if err != nil {
			return nil, err
		}
		examples, err := core.DecodeExamples(b)
		if err != nil {
			return nil, fmt.Errorf("reading the examples of run %s: %w", row.ID, err)
		}
		all = append(all, examples...)
	}
	return all, nil
}

func appendRows(rows []TrainingRow, ex *core.Example, form string, plain bool) []TrainingRow {
	prompt := func() any {
		if plain {
			return ex.Episode.Task.Prompt[0].Content
		}
		return messages(ex.Episode.Task.Prompt)
	}
	text := func(leaf core.Ref) any {
		if plain {
			return ex.Episode.Node(leaf).Content
		}
		path := ex.Episode.PathNodes(leaf)
		return messages(path[min(len(ex.Episode.Task.Prompt), len(path)):])
	}
	switch {
	case form == RowsPreference && len(ex.Leaves) == 2 && len(ex.Labels) == 2 && ex.Labels[0] != ex.Labels[1]:
		chosen, rejected := ex.Leaves[0], ex.Leaves[1]
		if ex.Labels[1] > ex.Labels[0] {
			chosen, rejected = rejected, chosen
		}
		return append(rows, TrainingRow{Prompt: prompt(), Chosen: text(chosen), Rejected: text(rejected)})
	case form == RowsSFT && len(ex.Leaves) == 1:
		return append(rows, TrainingRow{Prompt: prompt(), Completion: text(ex.Leaves[0])})
	}
	return rows
}

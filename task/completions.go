package task

import (
	"context"
	"encoding/json"
	"fmt"
)

// Completion is one recorded answer to a task.
type Completion struct {
	ID      string // of the task
	Sample  int    // which of the task's samples
	Text    string
	Correct *bool // the publisher's verdict, where the row has one
	Line    int
}

// Completions reads completion rows: id, completion and, where a task has
// several, sample; rows without sample are numbered in order. It returns the
// bad rows that it passed over, at most skipBad.
func Completions(ctx context.Context, path string, skipBad int) ([]Completion, []*RowError, error) {
	type key struct {
		id     string
		sample int
	}
	var out []Completion
	var skipped []*RowError
	rows, lines, next := 0, map[key]int{}, map[string]int{}
	err := eachRow(ctx, path, func(line int, raw []byte, err error) error {
		rows++
		var c Completion
		if err == nil {
			c, err = readCompletion(raw, next)
		}
		if err == nil {
			if before, taken := lines[key{c.ID, c.Sample}]; taken {
				err = bad("sample", "sample %d of %.60q is taken by line %d", c.Sample, c.ID, before)
			}
		}
		if err != nil {
			skipped = append(skipped, place(path, line, err))
			if len(skipped) >= skipBad+10 {
				return errEnough
			}
			return nil
		}
		lines[key{c.ID, c.Sample}], c.Line = line, line
		next[c.ID] = c.Sample + 1
		out = append(out, c)
		return nil
	})
	switch {
	case err != nil && err != errEnough:
		return nil, nil, fmt.Errorf("reading completions: %w", err)
	case len(skipped) > skipBad:
		return nil, nil, tooManyBad("completions", skipped, skipBad, err == errEnough)
	case rows == 0:
		return nil, nil, fmt.Errorf("reading completions: %s: the file has no rows", path)
	}
	return out, skipped, nil
}

func readCompletion(raw []byte, next map[string]int) (c Completion, err error) {
	r, err := parseRow(raw)
	if err != nil {
		return c, err
	}
	if c.ID, err = r.text("id"); err != nil {
		return c, err
	}
	if c.ID == "" {
		return c, bad("id", "is missing; it names the task")
	}
	text, ok := r["completion"]
	if !ok {
		return c, bad("completion", "is missing")
	}
	if json.Unmarshal(text, &c.Text) != nil {
		return c, bad("completion", "wants text, not %s", kindOf(text))
	}
	c.Sample = next[c.ID]
	if n, ok := r["sample"]; ok {
		if json.Unmarshal(n, &c.Sample) != nil || c.Sample < 0 {
			return c, bad("sample", "wants a whole number from 0, not %.20s", n)
		}
	}
	if v, ok := r["correct"]; ok {
		if json.Unmarshal(v, &c.Correct) != nil {
			return c, bad("correct", "wants true or false, not %s", kindOf(v))
		}
	}
	return c, nil
}

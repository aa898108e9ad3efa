package task

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"pawl/core"
)

// Completion is one recorded answer to a task.
type Completion struct {
	ID     string // of the task
	Sample int    // which of the task's samples
	Text   string
	Line   int
	Finish string // how it ended, where the row says so: "stop", "length"

	Asked        core.Digest // what was asked, of a row that says so where Prompts are read; see core.Asked
	Offset, Size int64       // the bytes of the row in the file; Offset is -1 where it is not lines
}

// CompletionOptions say how completions are read.
type CompletionOptions struct {
	SkipBad int                   // bad rows to pass over before giving up
	Known   func(id string) error // why an id names no task; nil takes every id
	// Prompts takes rows that say what was asked, in the fields of a task's prompt.
	// Those need no id: one is made of the prompt.
	Prompts bool
}

// EachCompletion calls each with the completions of a file in order: rows of
// id, completion and, where a task has several, sample; those without sample
// are numbered on. Nothing else of a row is looked at. Bad rows are passed over
// and returned, at most o.SkipBad of them; whoever must do nothing if there are
// more reads the file twice. An error of each ends the reading as it is.
//
// Memory does not grow with the texts: beside the row at hand it holds the
// samples seen of each task, as ranges, which is one range a task where samples
// are in order.
func EachCompletion(ctx context.Context, path string, o CompletionOptions, each func(Completion) error) (skipped []*RowError, err error) {
	seen := map[string]*samples{}
	rows := 0
	var own error // of each: told as it is
	err = eachRow(ctx, path, func(at spot, raw []byte, err error) error {
		rows++
		line := at.line
		var c Completion
		if err == nil {
			c, err = readCompletion(raw, seen, o)
		}
		if err == nil {
			if before, taken := seen[c.ID].add(c.Sample, line); taken {
				err = bad("sample", "sample %d of %.60q is taken by line %d", c.Sample, c.ID, before)
			}
		}
		if err != nil {
			skipped = append(skipped, place(path, line, err))
			if len(skipped) >= o.SkipBad+10 {
				return errEnough
			}
			return nil
		}
		c.Line, c.Offset, c.Size = line, at.offset, int64(len(raw))
		if own = each(c); own != nil {
			return errEnough
		}
		return nil
	})
	switch {
	case own != nil:
		return skipped, own
	case err != nil && err != errEnough:
		return nil, fmt.Errorf("reading completions: %w", err)
	case len(skipped) > o.SkipBad:
		return nil, tooManyBad("completions", skipped, o.SkipBad, err == errEnough)
	case rows == 0:
		return nil, fmt.Errorf("reading completions: %s: the file has no rows", path)
	case rows == len(skipped):
		return nil, fmt.Errorf("reading completions: %s: none of its %d rows can be used; the first: %w", path, rows, skipped[0])
	}
	return skipped, nil
}

// mostSample is the largest number of a sample, as far as JSON's numbers are
// exact everywhere.
const mostSample = 1 << 53

// readCompletion reads one row, and makes room for the samples of its task.
func readCompletion(raw []byte, seen map[string]*samples, o CompletionOptions) (c Completion, err error) {
	r, err := parseRow(raw)
	if err != nil {
		return c, err
	}
	if c.ID, err = r.text("id"); err != nil {
		return c, err
	}
	if c.Asked, err = r.asked(o.Prompts); err != nil {
		return c, err
	}
	if c.ID == "" && c.Asked != "" {
		c.ID = "prompt " + c.Asked.Short()
	}
	if c.ID == "" {
		return c, bad("id", "is missing; it names the task")
	}
	of := seen[c.ID]
	if of == nil {
		if o.Known != nil && c.Asked == "" {
			if err := o.Known(c.ID); err != nil {
				return c, bad("id", "%w", err)
			}
		}
		of = &samples{}
		seen[c.ID] = of
	}
	if c.Text, c.Finish, err = r.said(); err != nil {
		return c, err
	}
	c.Sample = of.next
	if n, ok := r["sample"]; ok {
		if json.Unmarshal(n, &c.Sample) != nil || c.Sample < 0 || c.Sample > mostSample {
			return c, bad("sample", "wants a whole number from 0 to 2^53, not %.20s", n)
		}
	}
	return c, nil
}

// CompletionText reads what one row says, wherever it stands, and how it ended.
func CompletionText(raw []byte) (text, finish string, err error) {
	r, err := parseRow(raw)
	if err != nil {
		return "", "", err
	}
	return r.said()
}

// said is the completion of a row and how it ended, where it says so.
func (r row) said() (text, finish string, err error) {
	raw, ok := r["completion"]
	if !ok {
		return "", "", bad("completion", "is missing")
	}
	if json.Unmarshal(raw, &text) != nil {
		return "", "", bad("completion", "wants text, not %s", kindOf(raw))
	}
	finish, err = r.text("finish")
	return text, finish, err
}

// asked names the prompt of a row that has one, "" where prompts are not looked at.
func (r row) asked(look bool) (core.Digest, error) {
	for _, field := range promptFields {
		if _, ok := r[field]; ok && look {
			prompt, err := r.prompt(&reference{})
			return core.Asked(prompt), err
		}
	}
	return "", nil
}

// samples are the samples of one task that have been read.
type samples struct {
	next int    // number of a row that has none
	runs []span // by first, apart from each other
}

// span is the samples from first to last, read from lines that follow each
// other, the first of them line.
type span struct{ first, last, line int }

// add files a sample, and tells the line that has it already.
func (s *samples) add(sample, line int) (before int, taken bool) {
	i, found := slices.BinarySearchFunc(s.runs, sample, func(r span, n int) int { return r.first - n })
	if !found {
		i-- // the last span that begins before it
	}
	if i >= 0 && sample <= s.runs[i].last {
		return s.runs[i].line + sample - s.runs[i].first, true
	}
	s.next = sample + 1
	if i >= 0 && s.runs[i].last+1 == sample && s.runs[i].line+sample-s.runs[i].first == line {
		s.runs[i].last = sample
	} else {
		s.runs = slices.Insert(s.runs, i+1, span{sample, sample, line})
	}
	return 0, false
}

package task

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
	"pawl/core"
)

// Splits are the sets that one file can be cut into, with their shares in
// hundredths.
var Splits = map[string]int{"train": 60, "gate": 20, "audit": 20}

// Options say what to read of a file.
type Options struct {
	Split   string // a key of Splits; "" or "all" for every row
	N       int    // at most so many tasks of the split; 0 for all
	SkipBad int    // bad rows to pass over before giving up
	Require string // what every row must have: "" or "nothing", "answer", "solution"
}

// Set is a file's tasks, as a task source.
type Set struct {
	List    []core.Task
	Skipped []*RowError // bad rows passed over
	digest  core.Digest
}

// Open reads the tasks of a file. The error names every bad row up to ten.
func Open(path string, o Options) ([]core.Task, error) {
	s, err := Load(context.Background(), path, o)
	if err != nil {
		return nil, err
	}
	return s.List, nil
}

// errEnough ends the reading once there are too many bad rows to list.
var errEnough = errors.New("too many bad rows")

// Load reads a file's tasks.
func Load(ctx context.Context, path string, o Options) (*Set, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("reading tasks: %w", err)
	}
	s := &Set{}
	rows, ids, hash := 0, map[string]int{}, core.NewHasher("tasks")
	err := eachRow(ctx, path, func(at spot, raw []byte, err error) error {
		rows++
		line := at.line
		t, err := readTask(raw, err, o)
		if err == nil {
			if t.ID == "" {
				t.ID = fmt.Sprintf("%s:%d", filepath.Base(path), line)
			}
			if before, taken := ids[t.ID]; taken {
				err = bad("id", "%.60q is taken by line %d", t.ID, before)
			}
		}
		if err != nil {
			s.Skipped = append(s.Skipped, place(path, line, err))
			if len(s.Skipped) >= o.SkipBad+10 {
				return errEnough
			}
			return nil
		}
		ids[t.ID] = line
		t.Origin = []string{fmt.Sprintf("%s:%d", path, line)}
		if o.Split != "" && o.Split != "all" && splitOf(t) != o.Split {
			return nil
		}
		if o.N == 0 || len(s.List) < o.N {
			s.List = append(s.List, t)
			hash.String(string(core.Sum(raw)))
		}
		return nil
	})
	switch {
	case err != nil && err != errEnough:
		return nil, fmt.Errorf("reading tasks: %w", err)
	case len(s.Skipped) > o.SkipBad:
		return nil, tooManyBad("tasks", s.Skipped, o.SkipBad, err == errEnough)
	case rows == 0:
		return nil, fmt.Errorf("reading tasks: %s: the file has no rows", path)
	case len(s.List) == 0 && len(s.Skipped) == rows:
		return nil, fmt.Errorf("reading tasks: %s: none of its %d rows can be used; the first: %w", path, rows, s.Skipped[0])
	case len(s.List) == 0:
		return nil, fmt.Errorf("reading tasks: %s: none of its %d rows falls into the split %s; give a file of its own", path, rows, o.Split)
	}
	s.digest = hash.Key()
	return s, nil
}

func (o Options) check() error {
	if _, ok := Splits[o.Split]; !ok && o.Split != "" && o.Split != "all" {
		return fmt.Errorf("no split named %q; there are all, train, gate and audit", o.Split)
	}
	if !slices.Contains([]string{"", "nothing", "answer", "solution"}, o.Require) {
		return fmt.Errorf("cannot require %q; use nothing, answer or solution", o.Require)
	}
	if o.N < 0 || o.SkipBad < 0 {
		return fmt.Errorf("n %d and skip_bad %d may not be negative", o.N, o.SkipBad)
	}
	return nil
}

// readTask reads one row, unless it could not be read at all.
func readTask(raw []byte, err error, o Options) (core.Task, error) {
	if err != nil {
		return core.Task{}, err
	}
	r, err := parseRow(raw)
	if err != nil {
		return core.Task{}, err
	}
	t, err := r.task()
	if err != nil {
		return core.Task{}, err
	}
	switch {
	case o.Require == "answer" && t.Reference == nil:
		return t, bad("answer", "is missing; a row that is measured or judged here needs an answer, a solution or a reference")
	case o.Require == "solution" && t.Ref().Solution == "":
		return t, bad("solution", "is missing; here every row needs a worked solution")
	}
	return t, nil
}

func place(path string, line int, err error) *RowError {
	var f *fieldError
	if errors.As(err, &f) {
		return &RowError{path, line, f.field, f.err}
	}
	return &RowError{path, line, "", err}
}

// tooManyBad lists the bad rows, up to ten.
func tooManyBad(what string, all []*RowError, tolerated int, more bool) error {
	var b strings.Builder
	for _, r := range all[1:min(len(all), 10)] {
		fmt.Fprintf(&b, "\n%v", r)
	}
	if more {
		b.WriteString("\nand perhaps more")
	}
	if tolerated > 0 {
		fmt.Fprintf(&b, "\n%d bad rows were to be tolerated", tolerated)
	}
	return fmt.Errorf("reading %s: %w%s", what, all[0], b.String())
}

// Normalise is the form in which prompts are compared.
func Normalise(prompt string) string {
	return strings.Join(strings.Fields(strings.ToLower(norm.NFC.String(prompt))), " ")
}

// splitOf decides by the normalised prompt alone.
func splitOf(t core.Task) string {
	sum := sha256.Sum256([]byte(Normalise(t.Text())))
	at := int(binary.BigEndian.Uint64(sum[:8]) % 100)
	for _, name := range []string{"train", "gate", "audit"} {
		if at < Splits[name] {
			return name
		}
		at -= Splits[name]
	}
	panic("task: the shares of the splits do not add up to 100")
}

// Len is the number of tasks.
func (s *Set) Len() int { return len(s.List) }

// Tasks yields the tasks from index first on.
func (s *Set) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := max(first, 0); i < len(s.List); i++ {
			if err := ctx.Err(); err != nil {
				yield(core.Task{}, err)
				return
			}
			if !yield(s.List[i], nil) {
				return
			}
		}
	}
}

// Digest names the rows read, whatever the file is called.
func (s *Set) Digest() core.Digest { return s.digest }

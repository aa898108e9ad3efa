// Package results reads files of judged answers and compares two of them.
//
// Four forms are told apart by their content: result rows of Pawl (JSON lines
// or one JSON array: `id` and `correct`, `score` or `scores`, and `sample`
// where one task has several), sample logs of lm-evaluation-harness, and
// inspect_ai logs as JSON or as .eval archives.
//
// Files come from elsewhere and are not trusted: lines, archives and counts
// are bounded, and every complaint names the file, the line or entry, and the
// field.
package results

import (
	"fmt"
	"os"
	"strings"
)

// Results is the judged answers of one file.
type Results struct {
	File   string // as given, for messages
	Format string // "rows", "lm-evaluation-harness" or "inspect_ai"
	By     string // the score that was read
	Items  []Item
	// Unscored lists answers that the file holds without a score: samples
	// that ended in an error, scorers that gave up.
	Unscored []Item
	Notes    []string // what a reader of the figures should know
}

// Item is one judged answer.
type Item struct {
	ID     string // of the task
	Sample string // which of several answers to one task; "" where there is one
	Value  float64
	Hash   string // of the task's content, where the format has it
	Target string // of the reference answer, where the format has it
	Where  string // line or archive entry
}

// key tells answers of one file apart.
func (it Item) key() string { return it.ID + "\x00" + it.Sample }

// name is the item as people see it.
func (it Item) name() string {
	if it.Sample == "" {
		return it.ID
	}
	return it.ID + " (sample " + it.Sample + ")"
}

// Options say what to read.
type Options struct {
	By string // which score; "" takes the only one, or `correct` before `score`
}

// record is a line or sample before one of its scores is chosen.
type record struct {
	item   Item
	filter string // of lm-evaluation-harness
	scores []score
}

type score struct {
	name  string
	value float64
	none  bool  // the scorer gave no value
	bad   error // the value cannot be compared; matters only if it is chosen
}

// Read reads a file of results.
func Read(path string, o Options) (*Results, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading results: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("reading results: %s is a directory; name a file in it", path)
	case !info.Mode().IsRegular(): // opening a pipe would wait for a writer
		return nil, fmt.Errorf("reading results: %s is a pipe or a device; write the results to a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading results: %w", err)
	}
	defer f.Close()
	return parse(path, f, info.Size(), o, standardLimits)
}

// choose picks the score that o names from every record.
func (p *parser) choose(records []record, by string) (*Results, error) {
	r := &Results{File: p.file, Format: p.format, Notes: p.notes}
	if len(records) == 0 {
		return nil, p.errorf("", "there are no results in it")
	}
	names := scoreNames(records)
	chosen, err := pick(names, by)
	if err != nil {
		return nil, p.errorf("", "%v", err)
	}
	r.By = chosen
	filter := ""
	if p.format == formatHarness {
		_, filter, _ = strings.Cut(chosen, ",")
	}
	seen := make(map[string]string, len(records))
	for _, rec := range records {
		if filter != "" && rec.filter != filter {
			continue
		}
		if before, twice := seen[rec.item.key()]; twice {
			return nil, p.errorf(rec.item.Where, "id: %q was already at %s; rows of several answers to one task need `sample`", clip(rec.item.name()), before)
		}
		seen[rec.item.key()] = rec.item.Where
		s, ok := rec.find(chosen)
		switch {
		case s.bad != nil:
			return nil, p.errorf(rec.item.Where, "score %q: %w", clip(chosen), s.bad)
		case ok && !s.none:
			rec.item.Value = s.value
			r.Items = append(r.Items, rec.item)
		case ok, p.format == formatInspect:
			r.Unscored = append(r.Unscored, rec.item)
		default:
			return nil, p.errorf(rec.item.Where, "item %q has no score %q, which others have", clip(rec.item.name()), clip(chosen))
		}
	}
	if len(r.Items) == 0 {
		return nil, p.errorf("", "none of its %d samples has a score", len(r.Unscored))
	}
	if n := len(r.Unscored); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %d of %d answers have no score and are left out (%s)", p.file, n, n+len(r.Items), few(r.Unscored)))
	}
	return r, nil
}

func (rec record) find(name string) (score, bool) {
	for _, s := range rec.scores {
		if s.name == name {
			return s, true
		}
	}
	return score{}, false
}

// scoreNames lists the scores that occur, in order of first appearance.
func scoreNames(records []record) []string {
	var names []string
	known := map[string]bool{}
	for _, rec := range records {
		for _, s := range rec.scores {
			if !known[s.name] {
				known[s.name] = true
				names = append(names, s.name)
			}
		}
	}
	return names
}

// pick resolves what the user asked for among the names that occur.
func pick(names []string, by string) (string, error) {
	if len(names) == 0 {
		return "", fmt.Errorf("no answer in it has a score")
	}
	if by == "" {
		if len(names) == 1 {
			return names[0], nil
		}
		for _, usual := range []string{"correct", "score"} {
			for _, n := range names {
				if n == usual {
					return n, nil
				}
			}
		}
		return "", fmt.Errorf("it holds several scores; choose one with --by: %s", list(names))
	}
	var partly []string
	for _, n := range names {
		if n == by {
			return n, nil
		}
		if head, _, ok := strings.Cut(n, ","); ok && head == by {
			partly = append(partly, n)
		}
	}
	switch len(partly) {
	case 1:
		return partly[0], nil
	case 0:
		return "", fmt.Errorf("it has no score %q; it has %s", clip(by), list(names))
	}
	return "", fmt.Errorf("several filters give the score %q; choose one with --by: %s", clip(by), list(partly))
}

// list quotes up to ten names.
func list(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(names)-10)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", clip(n))
	}
	return b.String()
}

// few names up to four items.
func few(items []Item) string {
	names := make([]string, 0, 4)
	for _, it := range items[:min(4, len(items))] {
		names = append(names, clip(it.name()))
	}
	s := strings.Join(names, ", ")
	if len(items) > 4 {
		s += ", ..."
	}
	return s
}

// clip keeps messages short whatever a file holds.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

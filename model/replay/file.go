package replay

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"pawl/core"
	"pawl/model/offline"
)

// place is where a sample stands in the file.
type place struct {
	sample int
	offset int64
	size   int32
	line   int32
}

// entry is all that is recorded of one prompt.
type entry struct {
	ids     []string // of the tasks that ask it; two make it ambiguous
	samples []place  // by sample
}

// file is a recording in a file, by offsets.
type file struct {
	path     string
	modified time.Time
	text     func(raw []byte) (text, finish string, err error)
	byPrompt map[core.Digest]*entry
}

// index reads where everything stands, and names the prompts that it answers.
func (m *Models) index(ctx context.Context, path string, tasks []core.Task) (*file, core.Digest, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", fmt.Errorf("reading a recording: %w", err)
	}
	rec := &file{path: path, modified: info.ModTime(), text: m.files.Text, byPrompt: map[core.Digest]*entry{}}
	h := core.NewHasher("prompts of a recording")
	byID := map[string]*entry{}
	for _, t := range tasks {
		key := core.Asked(t.Prompt)
		e := rec.byPrompt[key]
		if e == nil {
			e = &entry{}
			rec.byPrompt[key] = e
		}
		e.ids = append(e.ids, t.ID)
		byID[t.ID] = e
		h.String(t.ID).String(string(key))
	}
	rows, used, first := 0, 0, ""
	err = m.files.Rows(ctx, path, func(r Row) error {
		if r.Offset < 0 {
			return fmt.Errorf("reading the recording %s: its rows are not lines of a file; write them as JSON lines", path)
		}
		rows++
		e := byID[r.ID]
		if r.Asked != "" {
			if e = rec.byPrompt[r.Asked]; e == nil {
				e = &entry{ids: []string{r.ID}}
				rec.byPrompt[r.Asked] = e
			}
		} else if first == "" && e == nil {
			first = r.ID
		}
		if e == nil {
			return nil // of another task than these
		}
		used++
		e.samples = append(e.samples, place{r.Sample, r.Offset, int32(r.Size), int32(r.Line)}) // rows have 8 MiB at most
		return nil
	})
	switch {
	case err != nil:
		return nil, "", err
	case used == 0 && len(tasks) == 0:
		return nil, "", fmt.Errorf("reading the recording %s: its rows name tasks (the first %.60q) and not what was asked; say which tasks these are, with --tasks FILE or as replay:%s,TASKS", path, first, path)
	case used == 0:
		return nil, "", fmt.Errorf("reading the recording %s: none of its %d rows is of one of the %d tasks: the first names %.60q, the first task is %.60q; give the tasks that were recorded", path, rows, len(tasks), first, tasks[0].ID)
	}
	for _, e := range rec.byPrompt {
		slices.SortStableFunc(e.samples, func(a, b place) int { return a.sample - b.sample })
		for i := 1; i < len(e.samples); i++ {
			if a, b := e.samples[i-1], e.samples[i]; a.sample == b.sample && len(e.ids) < 2 {
				return nil, "", fmt.Errorf("reading the recording %s: lines %d and %d are both sample %d of one prompt (%s); number them apart", path, a.line, b.line, a.sample, e.ids[0])
			}
		}
	}
	return rec, h.Key(), nil
}

// Find reads one sample.
func (f *file) Find(_ context.Context, r core.Request, index int) (offline.Answer, error) {
	e := f.byPrompt[core.Asked(r.Path)]
	missing := &MissingError{Recording: f.path, Asked: index}
	if e == nil {
		if n := len(r.Path); n > 0 {
			missing.Prompt = r.Path[n-1].Content
		}
		return offline.Answer{}, &core.UnservedError{Err: missing}
	}
	missing.Task, missing.Held = e.ids[0], e.samples
	if len(e.ids) > 1 {
		return offline.Answer{}, fmt.Errorf("answering from %s: tasks %s ask the same, so that what is recorded of which cannot be told; give them different prompts, or leave all but one out", f.path, strings.Join(e.ids, " and "))
	}
	i, found := slices.BinarySearchFunc(e.samples, index, func(p place, n int) int { return p.sample - n })
	if !found {
		return offline.Answer{}, &core.UnservedError{Err: missing}
	}
	in, err := os.Open(f.path)
	if err != nil {
		return offline.Answer{}, fmt.Errorf("answering from a recording: %w", err)
	}
	defer in.Close()
	at := e.samples[i]
	raw := make([]byte, at.size)
	if info, err := in.Stat(); err != nil || !info.ModTime().Equal(f.modified) {
		return offline.Answer{}, fmt.Errorf("answering from %s: the file has changed since the recording was opened; leave it alone while it is used", f.path)
	}
	_, err = in.ReadAt(raw, at.offset)
	text, finish := "", ""
	if err == nil {
		text, finish, err = f.text(raw)
	}
	if err != nil {
		return offline.Answer{}, fmt.Errorf("answering from %s: line %d: %w", f.path, at.line, err)
	}
	return offline.Answer{Content: text, Finish: finish}, nil
}

// MissingError is a request that a recording does not answer.
type MissingError struct {
	Recording string
	Task      string  // whose prompt was asked; "" for a prompt that is nowhere in it
	Prompt    string  // where Task is ""
	Held      []place // of the task
	Asked     int     // sample
}

func (e *MissingError) Error() string {
	switch {
	case e.Task == "":
		return fmt.Sprintf("answering from %s: the recording does not hold what is asked: %.80q; it answers what was recorded, word for word, and no judge or reviser unless that was recorded too", e.Recording, e.Prompt)
	case len(e.Held) == 0:
		return fmt.Sprintf("answering from %s: the recording holds no sample of task %s; sample %d is asked for; record it, or leave the task out", e.Recording, e.Task, e.Asked)
	}
	return fmt.Sprintf("answering from %s: the recording holds %s of task %s; sample %d is asked for; ask for fewer, or record more", e.Recording, ranges(e.Held), e.Task, e.Asked)
}

// ranges lists samples: samples 0-99, 120.
func ranges(held []place) string {
	const most = 5
	var parts []string
	for i := 0; i < len(held); {
		j := i
		for j+1 < len(held) && held[j+1].sample == held[j].sample+1 {
			j++
		}
		part := strconv.Itoa(held[i].sample)
		if j > i {
			part += "-" + strconv.Itoa(held[j].sample)
		}
		if parts = append(parts, part); len(parts) == most && j+1 < len(held) {
			parts = append(parts, "...")
			break
		}
		i = j + 1
	}
	if len(held) == 1 {
		return "sample " + parts[0]
	}
	return "samples " + strings.Join(parts, ", ")
}

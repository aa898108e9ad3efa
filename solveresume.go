package pawl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"pawl/atomicfile"
	"pawl/core"
	"pawl/loop"
)

// solveVersion is raised when the same options would give other rows.
const solveVersion = 1

// by names what determines the rows of a task.
func (s *solving) by(t core.Task) string {
	return core.NewHasher("solved").String(string(s.settings)).String(string(core.Asked(t.Prompt))).Bytes(marshal(t.Options)).Key().Short()
}

// settled names what determines the rows of all tasks.
func (s *solving) settled() core.Digest {
	return core.NewHasher("solving").Uint(solveVersion).String(s.models.Identity()).Bytes(s.plan.Canonical()).Uint(max(s.o.Seed, 1)).String(string(s.policy.Version())).Key()
}

// perTask is how many rows a task has.
func (s *solving) perTask() int {
	if s.o.Recipe != "" {
		return 1
	}
	return max(s.o.N, 1)
}

// open opens the file of a call, cuts off what an earlier one left unfinished, and
// gives the tasks that the file does not hold.
func (s *solving) open(tasks []core.Task, f SolveFileOptions) (rest []core.Task, out *solved, err error) {
	if f.Out == "" {
		return tasks, nil, nil
	}
	if st, err := os.Stat(f.Out); err == nil && !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("writing %s: it is no regular file; name another with --out", f.Out)
	}
	file, err := os.OpenFile(f.Out, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, nil, fmt.Errorf("writing solutions: %w", err)
	}
	out = &solved{file: file, synced: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.close())
			out = nil
		}
	}()
	if err = atomicfile.Lock(file); err != nil {
		return nil, nil, fmt.Errorf("writing %s: another process is at it: %w; let it end, or name another file with --out", f.Out, err)
	}
	whole, rest, err := s.held(file, f.Out, tasks)
	if err != nil {
		return nil, nil, err
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err == nil && end > whole {
		if f.Note != nil {
			f.Note(fmt.Sprintf("%s ends in a task that was not finished; it is done again", f.Out))
		}
		if err = file.Truncate(whole); err == nil {
			_, err = file.Seek(whole, io.SeekStart)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("continuing %s: %w", f.Out, err)
	}
	return rest, out, nil
}

// held reads what a file holds: the length of what is finished of it, and the tasks
// that it does not hold.
func (s *solving) held(file io.Reader, path string, tasks []core.Task) (whole int64, rest []core.Task, err error) {
	h := &held{path: path, by: map[string]string{}, rows: map[string]int{}}
	for _, t := range tasks {
		h.by[t.ID] = s.by(t)
	}
	if whole, err = h.read(file, s.perTask()); err != nil {
		return 0, nil, err
	}
	for _, t := range tasks {
		if h.rows[t.ID] == 0 {
			rest = append(rest, t)
		}
	}
	return whole, rest, nil
}

// held is what a file of solutions holds.
type held struct {
	path string
	by   map[string]string // of every task: what its rows must be by
	rows map[string]int
}

// read reads a file and gives the length of what is finished: rows that are whole,
// of tasks that have want of them.
func (h *held) read(file io.Reader, want int) (whole int64, err error) {
	in := bufio.NewReaderSize(file, 1<<16)
	last, began := "", int64(0) // the last task, and where its rows begin
	for line := 1; ; line++ {
		raw, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return 0, fmt.Errorf("continuing %s: %w", h.path, err)
		}
		if err == io.EOF {
			break // raw is a row that was cut short, or nothing
		}
		id, bad := h.row(raw)
		if bad != nil {
			if _, more := in.Peek(1); more == io.EOF && !json.Valid(raw) {
				break // as a file system may leave the end of a file after a crash
			}
			return 0, fmt.Errorf("continuing %s: line %d: %w", h.path, line, bad)
		}
		if id != last {
			if h.rows[id] > 0 {
				return 0, fmt.Errorf("continuing %s: line %d: the rows of task %s stand in two places; name another file with --out", h.path, line, id)
			}
			if last != "" && h.rows[last] != want {
				return 0, h.uneven(last, want)
			}
			last, began = id, whole
		}
		h.rows[id]++
		whole += int64(len(raw))
	}
	switch n := h.rows[last]; {
	case last == "" || n == want:
		return whole, nil
	case n > want:
		return 0, h.uneven(last, want)
	}
	delete(h.rows, last)
	return began, nil
}

func (h *held) uneven(id string, want int) error {
	return fmt.Errorf("continuing %s: it has %s of task %s, where %d are asked for; keep -n as it was, or name another file with --out", h.path, plural(h.rows[id], "sample"), id, want)
}

// row checks one row.
func (h *held) row(raw []byte) (id string, err error) {
	var r CompletionRow
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", fmt.Errorf("it is no completion row: %w; name another file with --out", err)
	}
	by, ok := h.by[r.ID]
	switch {
	case r.ID == "" || r.By == "":
		return "", errors.New("the row was not written by pawl solve --out; name another file with --out")
	case !ok:
		return "", fmt.Errorf("its task %.60q is not among those to solve; give the tasks that the file was begun with, or name another file with --out", r.ID)
	case r.By != by:
		return "", fmt.Errorf("task %s was answered otherwise (by %s, now it is %s): model, recipe, options, seed or the task's prompt have changed; name another file with --out, or remove this one", r.ID, r.By, by)
	}
	return r.ID, nil
}

// solved is a file that takes solutions. A nil one takes none.
type solved struct {
	file   *os.File
	buf    bytes.Buffer
	synced time.Time
}

// syncEvery bounds what the machine itself can lose: what a killed process wrote,
// the system has.
const syncEvery = 100 * time.Millisecond

// add appends the rows of one task, in one write.
func (s *solved) add(rows []CompletionRow, by string) error {
	if s == nil {
		return nil
	}
	s.buf.Reset()
	for _, r := range rows {
		r.By = by
		if err := encodeRow(&s.buf, r); err != nil {
			return fmt.Errorf("writing solutions: %w", err)
		}
	}
	if _, err := s.file.Write(s.buf.Bytes()); err != nil {
		return fmt.Errorf("writing solutions: %w", err)
	}
	if now := time.Now(); now.Sub(s.synced) >= syncEvery {
		s.synced = now
		if err := s.file.Sync(); err != nil {
			return fmt.Errorf("writing solutions: %w", err)
		}
	}
	return nil
}

// close makes all of it durable. It may be called twice.
func (s *solved) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	err := errors.Join(s.file.Sync(), s.file.Close())
	s.file = nil
	if err != nil {
		return fmt.Errorf("writing solutions: %w", err)
	}
	return nil
}

// ofAll counts what a file held before among what is done, and tells the pace of
// this call.
func ofAll(e loop.Event, before, all int, took time.Duration) loop.Event {
	if e.Stage != "solve" || e.Progress.Total == 0 {
		return e
	}
	if seconds := took.Seconds(); seconds > 0 && e.Progress.Done > 0 {
		e.Progress.Note = fmt.Sprintf("%.1f a second", float64(e.Progress.Done)/seconds)
	}
	e.Progress.Done, e.Progress.Total = e.Progress.Done+before, all
	return e
}

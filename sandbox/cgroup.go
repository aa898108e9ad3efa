//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pawl/core"
)

// groups are the control groups of one sandbox: a folder per controller in
// version 1, one for all in version 2. The zero value is none.
type groups struct {
	version int
	dirs    map[string]string // by controller
}

// controllers, and what each of them bounds or tells.
var controllers = []string{"memory", "pids", "cpu", "cpuacct"}

// makeGroups makes control groups of this name below the engine's own, with
// whichever version of them the machine has, or tells why there are none.
func makeGroups(name string, boxes int) (groups, error) {
	mounts, err := cgroupMounts()
	if err != nil {
		return groups{}, err
	}
	own, err := ownGroups()
	if err != nil {
		return groups{}, err
	}
	g, err1 := makeGroups1(mounts, own, name, boxes)
	if err1 == nil {
		return g, nil
	}
	g, err2 := makeGroups2(mounts, own, name, boxes)
	if err2 == nil {
		return g, nil
	}
	return groups{}, errors.Join(err1, err2)
}

// cgroupMount is a mounted hierarchy: which part of it, and where.
type cgroupMount struct{ root, at string }

// cgroupMounts finds hierarchies by controller; version 2 has the name "".
func cgroupMounts() (map[string]cgroupMount, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	all := map[string]cgroupMount{}
	for line := range strings.Lines(string(b)) {
		left, right, ok := strings.Cut(line, " - ")
		before, after := strings.Fields(left), strings.Fields(right)
		if !ok || len(before) < 5 || len(after) < 3 {
			continue
		}
		m := cgroupMount{root: before[3], at: before[4]}
		switch after[0] {
		case "cgroup2":
			all[""] = m
		case "cgroup":
			for o := range strings.SplitSeq(after[2], ",") {
				if slices.Contains(controllers, o) {
					all[o] = m
				}
			}
		}
	}
	return all, nil
}

// ownGroups are this process's groups, by controller; version 2 has the name "".
func ownGroups() (map[string]string, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	own := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if f := strings.SplitN(strings.TrimSpace(line), ":", 3); len(f) == 3 {
			for c := range strings.SplitSeq(f[1], ",") {
				own[c] = f[2]
			}
		}
	}
	return own, nil
}

func (m cgroupMount) folder(own string) string {
	rel, err := filepath.Rel(m.root, own)
	if err != nil || strings.HasPrefix(rel, "..") {
		rel = "." // mounted from elsewhere, as in a container: its top is ours
	}
	return filepath.Join(m.at, rel)
}

func makeGroups1(mounts map[string]cgroupMount, own map[string]string, name string, boxes int) (groups, error) {
	g := groups{version: 1, dirs: map[string]string{}}
	for _, c := range controllers {
		m, ok := mounts[c]
		if !ok {
			if c == "cpu" {
				continue
			}
			g.remove()
			return groups{}, fmt.Errorf("version 1 of control groups has no %s here", c)
		}
		dir := filepath.Join(m.folder(own[c]), name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			g.remove()
			return groups{}, err
		}
		g.dirs[c] = dir
	}
	if dir := g.dirs["cpu"]; dir != "" {
		// Each box counts as one process where others want the processor,
		// however many processes it starts.
		write(dir, "cpu.shares", strconv.Itoa(1024*boxes))
	}
	return g, nil
}

func makeGroups2(mounts map[string]cgroupMount, own map[string]string, name string, boxes int) (groups, error) {
	m, ok := mounts[""]
	if !ok {
		return groups{}, errors.New("version 2 of control groups is not mounted")
	}
	// A group with processes cannot have groups with limits below it: look
	// upwards for one that can, which a service manager's delegation ends.
	var last error
	for at := m.folder(own[""]); strings.HasPrefix(at, m.at); at = filepath.Dir(at) {
		dir := filepath.Join(at, name)
		if last = enable(at); last != nil {
			continue
		}
		if last = os.Mkdir(dir, 0o755); last != nil && !errors.Is(last, os.ErrExist) {
			continue
		}
		if last = enable(dir); last != nil {
			os.Remove(dir)
			continue
		}
		write(dir, "cpu.weight", strconv.Itoa(min(100*boxes, 10000)))
		return groups{version: 2, dirs: map[string]string{"": dir}}, nil
	}
	return groups{}, last
}

// enable lets groups below dir bound memory, processes and processor time.
func enable(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
	if err != nil {
		return err
	}
	has := strings.Fields(string(b))
	for _, c := range []string{"memory", "pids", "cpu"} {
		if !slices.Contains(has, c) {
			if err := write(dir, "cgroup.subtree_control", "+"+c); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove removes the groups and, where a killed engine left some, those below.
func (g groups) remove() {
	for _, dir := range g.dirs {
		below, _ := os.ReadDir(dir)
		for _, d := range below {
			if d.IsDir() {
				os.Remove(filepath.Join(dir, d.Name()))
			}
		}
		os.Remove(dir)
	}
}

// group bounds one box at a time.
type group struct {
	version int
	dirs    map[string]string // by controller; in version 2 the same for all
	armed   core.Limits
	cpu     time.Duration // used before the program that runs
	ooms    int64
}

// slot makes the group of slot n. A nil group bounds nothing.
func (g groups) slot(n int) (*group, error) {
	if g.version == 0 {
		return nil, nil
	}
	s := &group{version: g.version, dirs: map[string]string{}}
	for _, c := range controllers {
		dir := g.dirs[c]
		switch {
		case g.version == 2:
			dir = g.dirs[""]
		case dir == "":
			continue
		case c == "cpu": // one share for all boxes together
			s.dirs[c] = dir
			continue
		}
		dir = filepath.Join(dir, strconv.Itoa(n))
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		s.dirs[c] = dir
	}
	if g.version == 2 {
		write(s.dirs["memory"], "memory.oom.group", "1")
		write(s.dirs["memory"], "memory.swap.max", "0") // where swap is counted
	}
	return s, nil
}

// join makes the calling thread a member, for its children to begin as members.
// In version 2 children are cloned into the group instead.
func (s *group) join() error {
	if s == nil || s.version == 2 {
		return nil
	}
	for _, dir := range s.dirs {
		if err := write(dir, "tasks", strconv.Itoa(unix.Gettid())); err != nil {
			return err
		}
	}
	return nil
}

// leave moves the calling thread back to where the engine is.
func (s *group) leave() {
	if s == nil || s.version == 2 {
		return
	}
	for c, dir := range s.dirs {
		up := filepath.Dir(filepath.Dir(dir))
		if c == "cpu" { // has no folder of the slot's own
			up = filepath.Dir(dir)
		}
		write(up, "tasks", strconv.Itoa(unix.Gettid()))
	}
}

// open gives the folder that children are to be cloned into; nil where they
// begin in the right groups anyway.
func (s *group) open() (*os.File, error) {
	if s == nil || s.version == 1 {
		return nil, nil
	}
	return os.Open(s.dirs["memory"])
}

// arm sets limits for the program about to run and begins to count for it.
func (s *group) arm(l core.Limits) error {
	if s == nil {
		return nil
	}
	if l.Memory != s.armed.Memory {
		if err := s.armMemory(l.Memory); err != nil {
			return err
		}
	}
	if l.Processes != s.armed.Processes {
		// Beside the program's: bwrap and the first process of the box.
		if err := write(s.dirs["pids"], "pids.max", strconv.Itoa(l.Processes+2+s.ours())); err != nil {
			return err
		}
	}
	s.armed = l
	if s.version == 1 {
		write(s.dirs["memory"], "memory.max_usage_in_bytes", "0")
	}
	s.cpu, s.ooms = s.used(), s.killed()
	return nil
}

func (s *group) armMemory(n int64) error {
	bytes, dir := strconv.FormatInt(n, 10), s.dirs["memory"]
	if s.version == 2 {
		return write(dir, "memory.max", bytes)
	}
	// Memory and swap together may not be below memory at any time. Kernels
	// without swap accounting lack the file.
	write(dir, "memory.memsw.limit_in_bytes", "-1")
	if err := write(dir, "memory.limit_in_bytes", bytes); err != nil {
		return err
	}
	write(dir, "memory.memsw.limit_in_bytes", bytes)
	return nil
}

// used is the processor time of the group since it was made.
func (s *group) used() time.Duration {
	if s.version == 1 {
		return time.Duration(number(s.dirs["cpuacct"], "cpuacct.usage", ""))
	}
	return time.Duration(number(s.dirs["cpu"], "cpu.stat", "usage_usec")) * time.Microsecond
}

// killed counts the processes that met the limit of memory.
func (s *group) killed() int64 {
	if s.version == 1 {
		return number(s.dirs["memory"], "memory.oom_control", "oom_kill")
	}
	return number(s.dirs["memory"], "memory.events", "oom_kill")
}

// peak is the most memory of the program, in bytes.
func (s *group) peak() int64 {
	if s.version == 1 {
		return number(s.dirs["memory"], "memory.max_usage_in_bytes", "")
	}
	return number(s.dirs["memory"], "memory.peak", "")
}

// empty tells whether no process is in the group; the spawner's thread may be.
func (s *group) empty() bool {
	if s == nil {
		return true
	}
	for _, c := range []string{"memory", "pids", "cpuacct"} {
		file := "tasks"
		if s.version == 2 {
			file = "cgroup.procs"
		}
		b, err := os.ReadFile(filepath.Join(s.dirs[c], file))
		if members := bytes.Count(b, []byte{'\n'}); err != nil || members > s.ours() {
			return false
		}
	}
	return true
}

// ours is how many tasks of the engine are members: the spawner's thread.
func (s *group) ours() int {
	if s.version == 1 {
		return 1
	}
	return 0
}

// remove removes the slot's own groups.
func (s *group) remove() {
	if s == nil {
		return
	}
	for c, dir := range s.dirs {
		if c != "cpu" || s.version == 2 {
			os.Remove(dir)
		}
	}
}

func write(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}

// number reads a file that holds a number, or the line of one that begins with
// key; 0 where there is none.
func number(dir, file, key string) int64 {
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if key == "" && len(f) == 1 || len(f) == 2 && f[0] == key {
			n, _ := strconv.ParseInt(f[len(f)-1], 10, 64)
			return n
		}
	}
	return 0
}

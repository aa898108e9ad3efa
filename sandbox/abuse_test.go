//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pawl/core"
	"pawl/sandbox"
)

//go:embed testdata/abuse/*.py
var abuse embed.FS

// abusive is a program of the corpus.
func abusive(t testing.TB, name string, args ...string) core.Program {
	t.Helper()
	read := func(name string) []byte {
		b, err := abuse.ReadFile("testdata/abuse/" + name + ".py")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return core.Program{
		Language: core.LanguagePython, Source: string(read(name)), Args: args, Files: map[string][]byte{"calls.py": read("calls")},
		Limits: core.Limits{Wall: 20 * time.Second, CPU: 2 * time.Second, Memory: 128 << 20, Disk: 16 << 20, Output: 64 << 10, Processes: 32},
	}
}

// cold opens a sandbox that keeps no box ready, so that after a run there is
// nothing that should be there.
func cold(t testing.TB) *sandbox.Sandbox {
	return open(t, sandbox.Options{Warm: -1})
}

// survivors are the processes below this one.
func survivors(t testing.TB) []string {
	t.Helper()
	return below(t, os.Getpid())
}

// below are the processes below one, each as its id, name and state.
func below(t testing.TB, top int) []string {
	t.Helper()
	parents, names := map[int]int{}, map[int]string{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range stats {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		head, tail, _ := strings.Cut(string(b), ") ")
		pid, name, _ := strings.Cut(head, " (")
		n, _ := strconv.Atoi(pid)
		parents[n], _ = strconv.Atoi(strings.Fields(tail)[1])
		names[n] = name + " " + strings.Fields(tail)[0]
	}
	var found []string
	for pid := range parents {
		for at := parents[pid]; at > 1; at = parents[at] {
			if at == top {
				found = append(found, fmt.Sprint(pid, " ", names[pid]))
				break
			}
		}
	}
	return found
}

// publicDir is a folder that the users of boxes can pass.
func publicDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, at := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The corpus: doors stay shut, bombs are contained, and nothing survives.
func TestAbuse(t *testing.T) {
	s := cold(t)
	dir := t.TempDir()
	listen := func(network, address string) net.Listener {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	tcp := listen("tcp", "127.0.0.1:0")
	name := fmt.Sprintf("pawl-test-%d", os.Getpid())
	listen("unix", "@"+name)
	named := filepath.Join(dir, "socket")
	listen("unix", named)
	port := strconv.Itoa(tcp.Addr().(*net.TCPAddr).Port)

	for _, c := range []struct {
		name     string
		args     []string
		exceeded string
		signal   bool // may end by a signal
		most     int  // of what it counts
	}{
		{name: "syscalls"}, {name: "namespaces"}, {name: "privileges"}, {name: "procfs"}, {name: "files"},
		{name: "network", args: []string{port, name, named}},
		{name: "inherited"},
		{name: "signals", signal: true},
		{name: "forks", most: 32}, {name: "zombies", most: 32},
		{name: "disk", most: 16},
		{name: "daemon"},
		{name: "stubborn", exceeded: core.ExceededWall},
		{name: "spinners", exceeded: core.ExceededCPU},
		{name: "flood", exceeded: core.ExceededOutput},
		{name: "regex", exceeded: core.ExceededCPU},
		{name: "memory", exceeded: core.ExceededMemory},
		{name: "shared_memory", exceeded: core.ExceededMemory},
		{name: "recursion", signal: true, exceeded: "*"},
		{name: "bigint", exceeded: core.ExceededCPU},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := abusive(t, c.name, c.args...)
			if c.exceeded == core.ExceededWall {
				p.Limits.Wall = time.Second
			}
			byProcess := strings.Contains(s.Identity(), "limits by process")
			if c.name == "shared_memory" && byProcess {
				t.Skip("no control groups here: memory is bounded per process")
			}
			ran := run(t, s, p)
			if left := survivors(t); len(left) > 0 {
				t.Errorf("survived: %v", left)
			}
			if strings.Contains(string(ran.Stdout), "OPEN") || strings.Contains(string(ran.Stderr), "Traceback") && c.exceeded == "" {
				t.Errorf("%s%.2000s", ran.Stdout, ran.Stderr)
			}
			if byProcess && c.exceeded == core.ExceededMemory {
				if ran.OK() {
					t.Error("took all the memory it wanted")
				}
				return // the interpreter answers with an exception
			}
			if (c.exceeded != "*" && ran.Exceeded != c.exceeded) || (c.exceeded == "" && !c.signal && !ran.OK()) {
				t.Errorf("status %d %s, exceeded %q, want %q; %.500s", ran.Exit, ran.Signal, ran.Exceeded, c.exceeded, ran.Stderr)
			}
			if len(ran.Stdout) > 64<<10 {
				t.Errorf("%d bytes of output", len(ran.Stdout))
			}
			if n, err := strconv.Atoi(strings.TrimSpace(string(ran.Stdout))); c.most > 0 && (err != nil || n > c.most || n == 0) {
				t.Errorf("counted %q, want at most %d", ran.Stdout, c.most)
			}
			// The processor time of all processes together is bounded, give or
			// take what they use between two looks.
			if ran.CPU > 4*time.Second {
				t.Errorf("used %v of processor time", ran.CPU)
			}
		})
	}
}

// Trap 6: what this process was handed open does not reach a program.
func TestInheritedDescriptor(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	const fd = 251
	if err := unix.Dup3(int(w.Fd()), fd, 0); err != nil { // survives exec
		t.Fatal(err)
	}
	defer unix.Close(fd)
	t.Setenv("PAWL_TEST_SECRET", "x")
	if ran := run(t, cold(t), abusive(t, "inherited")); !ran.OK() || len(ran.Stdout) > 0 {
		t.Errorf("%s%s", ran.Stdout, ran.Stderr)
	}
}

// Trap 1: a box has a real user of no account, whoever started the engine.
func TestUser(t *testing.T) {
	s := cold(t)
	p, err := s.Start(ctx, python("import os, sys\nos.write(1, b'up\\n')\nsys.stdin.read()"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := io.ReadFull(p.Stdout(), make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	want, seen := os.Getuid(), 0
	for _, pid := range survivors(t) {
		var st unix.Stat_t
		if err := unix.Stat("/proc/"+strings.Fields(pid)[0], &st); err != nil {
			continue
		}
		seen++
		if want == 0 && (st.Uid < 62000 || st.Uid > 62999) {
			t.Errorf("process %s belongs to user %d", pid, st.Uid)
		}
	}
	if seen < 2 {
		t.Errorf("saw %d processes of a box", seen)
	}
}

// A monitor that somebody else kills takes its box with it, and leaves no
// zombie (trap 4).
func TestKilledMonitor(t *testing.T) {
	s := cold(t)
	p, err := s.Start(ctx, python("import time\nprint('up', flush=True)\ntime.sleep(1000)"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := io.ReadFull(p.Stdout(), make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	for _, line := range survivors(t) {
		f := strings.Fields(line)
		stat, _ := os.ReadFile("/proc/" + f[0] + "/stat")
		_, tail, _ := strings.Cut(string(stat), ") ")
		if parent := strings.Fields(tail); len(parent) > 1 && parent[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(f[0])
			unix.Kill(pid, unix.SIGKILL)
		}
	}
	if ran, err := p.Wait(); err != nil || ran.OK() {
		t.Errorf("%+v, %v", ran, err)
	}
	if left := survivors(t); len(left) > 0 {
		t.Errorf("survived: %v", left)
	}
	if ran := run(t, s, python("print(1)")); !ran.OK() {
		t.Errorf("afterwards: %+v", ran)
	}
}

// Trap 7: a string that doubles ends its own process and nothing else.
func TestStarlarkBombs(t *testing.T) {
	s := open(t, sandbox.Options{})
	for _, source := range []string{
		"s = 'x'\nfor i in range(40): s += s",
		"l = [0]\nfor i in range(40): l += l",
		"l = []\nwhile True: l.append('x' * 100000 + str(len(l)))",
		"x = 1 << 500000000",
		"print('x' * (1 << 33))",
	} {
		p := starlark(source)
		p.Limits = core.Limits{Memory: 128 << 20, CPU: 3 * time.Second}
		if ran := run(t, s, p); ran.OK() {
			t.Errorf("%q ran", source)
		}
	}
	if ran := run(t, s, starlark("print(6 * 7)")); string(ran.Stdout) != "42\n" {
		t.Errorf("afterwards: %+v", ran)
	}
}

// Many runs, some of which misbehave, leave no process, no control group, no
// file and no descriptor. PAWL_SANDBOX_RUNS sets how many.
func TestNothingIsLeft(t *testing.T) {
	runs := 200
	if n, err := strconv.Atoi(os.Getenv("PAWL_SANDBOX_RUNS")); err == nil {
		runs = n
	}
	dir := publicDir(t)
	before := descriptors(t)
	s, err := sandbox.Open(sandbox.Options{Dir: dir, Concurrency: 8})
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(dir)
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	name := folders[0].Name()
	work := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range work {
				p, want := python(fmt.Sprintf("print(%d)", i)), fmt.Sprintln(i)
				switch {
				case i%20 == 7:
					p, want = abusive(t, "daemon"), "gone\n"
				case i%20 == 13:
					p, want = python("import os; os.kill(os.getpid(), 9)"), ""
				case i%100 == 42:
					p, want = starlark("print(1)"), "1\n"
				}
				if ran, err := s.Run(ctx, p); err != nil || string(ran.Stdout) != want {
					t.Errorf("run %d: %+v, %v", i, ran, err)
				}
			}
		})
	}
	begun := time.Now()
	for i := range runs {
		work <- i
	}
	close(work)
	all.Wait()
	t.Logf("%d runs, %.0f a second", runs, float64(runs)/time.Since(begun).Seconds())
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left := survivors(t); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	if left := findGroups(name); len(left) > 0 {
		t.Errorf("control groups are left: %v", left)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Without bubblewrap nothing runs, and the error says how to get it.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s, err := sandbox.Open(sandbox.Options{})
	if err == nil {
		s.Close()
		t.Fatal("a sandbox without bubblewrap")
	}
	if !errors.Is(err, sandbox.ErrUnavailable) || !strings.Contains(err.Error(), "apt-get install bubblewrap") {
		t.Error(err)
	}
}

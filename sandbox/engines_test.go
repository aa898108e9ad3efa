//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pawl/core"
	"pawl/sandbox"
)

// waits is a program that says that it is up, and waits until its input ends.
const waits = "import sys\nprint('up', flush=True)\nsys.stdin.read()\nprint('done', flush=True)\n"

// upAndWaiting starts so many programs that wait.
func upAndWaiting(t *testing.T, s core.Sandbox, n int) (all []core.Process) {
	t.Helper()
	for range n {
		p, err := s.Start(ctx, python(waits))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		if _, err := io.ReadFull(p.Stdout(), make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// pids are the ids of processes as below tells them.
func pids(processes []string) (all []string) {
	for _, p := range processes {
		id, _, _ := strings.Cut(p, " ")
		all = append(all, id)
	}
	return all
}

func without(all, some []string) []string {
	return slices.DeleteFunc(all, func(p string) bool { return slices.Contains(some, p) })
}

// usersOf are the users, other than this process's, of the processes.
func usersOf(pids []string) []uint32 {
	var all []uint32
	for _, pid := range pids {
		var st unix.Stat_t
		if unix.Stat("/proc/"+pid, &st) == nil && int(st.Uid) != os.Geteuid() {
			all = append(all, st.Uid)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// engine is another engine's process with three programs that wait.
type engine struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func (e *engine) says(t *testing.T, want string) {
	t.Helper()
	for {
		line, err := e.out.ReadString('\n')
		if strings.TrimSpace(line) == want {
			return
		}
		if err != nil {
			t.Fatalf("the other engine does not say %q: %q, %v", want, line, err)
		}
	}
}

func otherEngine(t *testing.T, kind, dir string) *engine {
	t.Helper()
	e := &engine{cmd: exec.Command("/proc/self/exe", "-test.run=^TestTwoEngines$")}
	e.cmd.Env = append(os.Environ(), "PAWL_TEST_ENGINE="+kind, "PAWL_TEST_ENGINE_IN="+dir)
	var err error
	if e.in, err = e.cmd.StdinPipe(); err == nil {
		var out io.ReadCloser
		if out, err = e.cmd.StdoutPipe(); err == nil {
			e.out = bufio.NewReader(out)
			err = e.cmd.Start()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.in.Close()
		e.cmd.Process.Kill()
		e.cmd.Wait()
	})
	e.says(t, "engine up")
	return e
}

// beAnEngine is what the other process does: three programs wait until its input
// says so, and must then end as they mean to.
func beAnEngine(t *testing.T, kind string) {
	all := upAndWaiting(t, open(t, sandbox.Options{Kind: kind, Warm: -1, Concurrency: 3, Dir: os.Getenv("PAWL_TEST_ENGINE_IN")}), 3)
	fmt.Println("engine up")
	io.ReadAll(os.Stdin)
	for _, p := range all {
		p.Stdin().Close()
		said, _ := io.ReadAll(p.Stdout())
		if ran, err := p.Wait(); err != nil || !ran.OK() || string(said) != "done\n" {
			t.Errorf("a program of the other engine was ended: %+v, %v", ran, err)
			return
		}
	}
	fmt.Println("engine unharmed")
}

// Engines of one machine share no user id, so that no box of one may send
// signals to, look into, or clean away a box of the other; neither while both
// live, nor when one was killed.
func TestTwoEngines(t *testing.T) {
	if kind := os.Getenv("PAWL_TEST_ENGINE"); kind != "" {
		beAnEngine(t, kind)
		return
	}
	for _, kind := range []string{sandbox.Bubblewrap, sandbox.Landlock} {
		t.Run(kind, func(t *testing.T) {
			dir := publicDir(t)
			other := otherEngine(t, kind, dir)
			theirs := pids(below(t, other.cmd.Process.Pid))
			s := open(t, sandbox.Options{Kind: kind, Warm: -1, Concurrency: 4, Dir: dir})
			upAndWaiting(t, s, 3)
			ours := without(pids(survivors(t)), append(theirs, strconv.Itoa(other.cmd.Process.Pid)))
			apart(t, usersOf(ours), usersOf(theirs), 3)
			// What the kernel says of it: no signal reaches them.
			if os.Geteuid() == 0 {
				ran := run(t, s, core.Program{Language: core.LanguagePython, Args: theirs,
					Source: "import os, sys\nfor p in sys.argv[1:]:\n  try: os.kill(int(p), 0)\n  except OSError: continue\n  print('OPEN', p)\n"})
				if len(ran.Stdout) > 0 || !ran.OK() {
					t.Errorf("%s%s", ran.Stdout, ran.Stderr)
				}
			}
			// Cleaning up after a daemon is for one's own.
			run(t, s, abusive(t, "daemon"))
			other.in.Close()
			other.says(t, "engine unharmed")
			other.cmd.Wait()

			killed := otherEngine(t, kind, dir)
			orphans := pids(below(t, killed.cmd.Process.Pid))
			killed.cmd.Process.Kill()
			killed.cmd.Wait()
			defer reap(orphans)
			after := open(t, sandbox.Options{Kind: kind, Warm: -1, Concurrency: 3, Dir: dir})
			upAndWaiting(t, after, 3)
			apart(t, usersOf(without(pids(survivors(t)), ours)), usersOf(ours), 3)
		})
	}
}

// reap waits for processes of a killed engine that came to this one, which is a
// subreaper, and which no sandbox of its own waits for.
func reap(orphans []string) {
	for _, p := range orphans {
		pid, _ := strconv.Atoi(p)
		unix.Kill(pid, unix.SIGKILL)
		for unix.Access("/proc/"+p, unix.F_OK) == nil { // a child's end lets its own go to this process
			if _, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); err != nil && err != unix.ECHILD {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// apart wants no user in both lists, and so many in each where the engine is
// root. As another user it has that one alone, for all boxes.
func apart(t *testing.T, a, b []uint32, n int) {
	t.Helper()
	if os.Geteuid() != 0 {
		n = 0
	}
	if len(a) < n || len(b) < n {
		t.Errorf("saw users %v and %v, want %d of each", a, b, n)
	}
	for _, u := range a {
		if slices.Contains(b, u) {
			t.Errorf("two engines share the user %d: %v and %v", u, a, b)
		}
	}
}

// An engine that is killed takes its boxes with it, and the next one to open
// removes its folder and control groups, and what has no namespace to die with.
func TestKilledEngine(t *testing.T) {
	if kind := os.Getenv("PAWL_TEST_DIES"); kind != "" {
		s := open(t, sandbox.Options{Kind: kind, Dir: os.Getenv("PAWL_TEST_DIES_IN")})
		p := abusive(t, "daemon")
		p.Limits.Processes = 512 // without groups and namespaces all of the user's count
		p.Source += "import sys\nsys.stdout.flush()\ntime.sleep(1000)\n"
		up, err := s.Start(ctx, p)
		if err == nil {
			_, err = io.ReadFull(up.Stdout(), make([]byte, 5))
		}
		if err != nil {
			t.Fatal(err)
		}
		unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	for _, kind := range []string{sandbox.Bubblewrap, sandbox.Landlock} {
		t.Run(kind, func(t *testing.T) {
			dir := publicDir(t)
			cmd := exec.Command("/proc/self/exe", "-test.run=^TestKilledEngine$")
			cmd.Env = append(os.Environ(), "PAWL_TEST_DIES="+kind, "PAWL_TEST_DIES_IN="+dir)
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("%v: %s", err, out)
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != 1 {
				t.Fatal(left, err)
			}
			name := left[0].Name()
			// Its boxes end by the kernel's hand, when it gets to it.
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				s := open(t, sandbox.Options{Kind: kind, Warm: -1, Dir: dir})
				entries, _ := os.ReadDir(dir)
				s.Close()
				gone := len(entries) == 1 && entries[0].Name() != name
				processes := mentioning(name)
				if found := findGroups(name); gone && len(found)+len(processes) == 0 {
					break
				} else if time.Now().After(deadline) {
					t.Fatalf("still there: folder %v, groups %v, processes %v", !gone, found, processes)
				}
			}
		})
	}
}

// mentioning are the processes with this on their command line.
func mentioning(name string) (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, at := range all {
		if b, err := os.ReadFile(at); err == nil && strings.Contains(string(b), name) {
			found = append(found, at)
		}
	}
	return found
}

func findGroups(name string) (found []string) {
	filepath.WalkDir("/sys/fs/cgroup", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == name {
			found = append(found, path)
		}
		return nil
	})
	return found
}

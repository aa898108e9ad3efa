//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"debug/elf"
)

// bwrap makes boxes with bubblewrap.
type bwrap struct {
	path    string // of bwrap
	version string
	python  interpreter
	visible []string
	root    string // the folder that is a box's root: empty folders to mount on, and links
	options map[string]bool
}

// wanted are options of bwrap without which a box would be weaker than
// promised; disable-userns (bubblewrap 0.8) is used where it is known, since
// the seccomp filter refuses user namespaces as well.
var wanted = []string{"--size", "--info-fd", "--seccomp", "--die-with-parent", "--clearenv"}

// findBwrap looks for bubblewrap and asks what it can do.
func findBwrap() (*bwrap, error) {
	const how = "install bubblewrap 0.7 or newer (Debian: apt-get install bubblewrap, or scripts/setup); nothing runs without a sandbox"
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return nil, fmt.Errorf("%w: looking for bubblewrap: bwrap is not on PATH; %s", ErrUnavailable, how)
	}
	b := &bwrap{path: path, options: map[string]bool{}}
	version, err := exec.Command(path, "--version").Output()
	help, herr := exec.Command(path, "--help").CombinedOutput()
	if err := errors.Join(err, herr); err != nil {
		return nil, fmt.Errorf("%w: asking %s what it can do: %v; %s", ErrUnavailable, path, err, how)
	}
	b.version = strings.TrimPrefix(strings.TrimSpace(string(version)), "bubblewrap ")
	for word := range strings.FieldsSeq(string(help)) {
		b.options[word] = strings.HasPrefix(word, "--") || b.options[word]
	}
	for _, w := range wanted {
		if !b.options[w] {
			return nil, fmt.Errorf("%w: bubblewrap %s knows no %s; %s", ErrUnavailable, b.version, w, how)
		}
	}
	return b, nil
}

// view says what a box shows; boxes of one view can take each other's programs.
type view struct {
	disk     int64
	command  bool // shows /usr and what Options.Visible adds
	starlark bool // a stage of this binary, which needs nothing shown
}

// Places to mount on, in every root.
var places = []string{"proc", "dev", "tmp", "box"}

// devices are harmless, and all that a box has.
var devices = []string{"null", "zero", "full", "random", "urandom"}

// prepare makes the root folders below dir. They are ours and bound read-only,
// so that a box has no unbounded memory file system as its root.
func (b *bwrap) prepare(dir string) error {
	b.root = dir
	for _, v := range []view{{}, {command: true}} {
		root := b.rootOf(v)
		for _, p := range places {
			if err := os.MkdirAll(filepath.Join(root, p), 0o755); err != nil {
				return err
			}
		}
		for _, d := range devices {
			if err := os.WriteFile(filepath.Join(root, "dev", d), nil, 0o644); err != nil {
				return err
			}
		}
		for name, target := range map[string]string{
			"dev/shm": "/tmp", // one bound for all that a box may write
			"dev/fd":  "/proc/self/fd", "dev/stdin": "/proc/self/fd/0", "dev/stdout": "/proc/self/fd/1", "dev/stderr": "/proc/self/fd/2",
		} {
			if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
				return err
			}
		}
		for _, p := range b.binds(v) {
			if err := placeholder(root, p); err != nil {
				return err
			}
		}
		if err := b.links(root, v); err != nil {
			return err
		}
	}
	return nil
}

func (b *bwrap) rootOf(v view) string {
	if v.command {
		return filepath.Join(b.root, "command")
	}
	return filepath.Join(b.root, "python")
}

// binds are the host's paths that a box sees, read-only, where they are.
func (b *bwrap) binds(v view) []string {
	if !v.command {
		return b.python.paths
	}
	paths := append([]string{"/usr"}, b.python.paths...)
	for _, p := range []string{"/lib", "/lib64", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache"} {
		if st, err := os.Lstat(p); err == nil && st.Mode()&os.ModeSymlink == 0 {
			paths = append(paths, p)
		}
	}
	return outermost(append(paths, b.visible...))
}

// placeholder makes what the host's path p is mounted on.
func placeholder(root, p string) error {
	st, err := os.Stat(p)
	if err != nil {
		return err
	}
	at := filepath.Join(root, p)
	if st.IsDir() {
		return os.MkdirAll(at, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	return os.WriteFile(at, nil, 0o755)
}

// links makes the links that lead to what is bound: the merged /usr, and the
// dynamic loader where the interpreter names it.
func (b *bwrap) links(root string, v view) error {
	for _, name := range []string{"lib", "lib64", "bin", "sbin"} {
		if name != "lib" && !v.command {
			continue
		}
		if target, err := os.Readlink("/" + name); err == nil {
			if err := os.Symlink(target, filepath.Join(root, name)); err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
		}
	}
	if v.command {
		return nil
	}
	loader, err := loaderOf(b.python.binary)
	if err != nil || loader == "" {
		return err
	}
	real, err := filepath.EvalSymlinks(loader)
	if err != nil {
		return err
	}
	at := filepath.Join(root, loader)
	if _, err := os.Stat(filepath.Dir(at)); err != nil && !strings.HasPrefix(loader, "/lib/") {
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
	}
	if real != loader {
		if err := os.Symlink(real, at); err != nil && !errors.Is(err, os.ErrExist) && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// loaderOf is the dynamic loader that an executable names; "" for a static one.
func loaderOf(binary string) (string, error) {
	f, err := elf.Open(binary)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err != nil {
				return "", err
			}
			return strings.TrimRight(string(b), "\x00"), nil
		}
	}
	return "", nil
}

// File descriptors of a box beside the standard ones. Only control reaches the
// bootstrap, which closes it before the program begins.
const (
	fdControl = 3
	fdInfo    = 4
	fdSeccomp = 5
)

// args are the arguments of bwrap for a box with the folder work at /box.
func (b *bwrap) args(v view, work string) []string {
	a := []string{b.path, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
		"--die-with-parent", "--new-session", "--uid", "65534", "--gid", "65534", "--hostname", "box"}
	if b.options["--disable-userns"] {
		a = append(a, "--disable-userns")
	}
	a = append(a, "--ro-bind", b.rootOf(v), "/")
	for _, p := range b.binds(v) {
		a = append(a, "--ro-bind", p, p)
	}
	for _, d := range devices {
		a = append(a, "--dev-bind", "/dev/"+d, "/dev/"+d)
	}
	a = append(a,
		"--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys",
		"--size", strconv.FormatInt(v.disk, 10), "--perms", "1777", "--tmpfs", "/tmp",
		"--ro-bind", work, "/box", "--chdir", "/box",
		"--clearenv", "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp",
		"--setenv", "LANG", "C.UTF-8",
		"--cap-drop", "ALL", "--info-fd", strconv.Itoa(fdInfo), "--seccomp", strconv.Itoa(fdSeccomp), "--")
	return append(slices.Clip(a), b.python.binary, "-I", "-S", "-X", "utf8", "-c", b.python.bootstrap())
}

//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pawl/core"
)

// gvisor makes boxes whose programs call a kernel of their own, runsc's, in
// place of the host's. They start when their program is there: a container's
// files are fixed when it begins, so that none is kept warm.
type gvisor struct {
	path, version string
	root          string // where runsc keeps its state
}

// What runsc itself may take beside the program.
const gvisorMemory, gvisorThreads = 128 << 20, 256

func findGVisor() (*gvisor, error) {
	const how = "install gVisor (Debian: apt-get install runsc; newer ones from gvisor.dev)"
	path, err := exec.LookPath("runsc")
	if err != nil {
		return nil, fmt.Errorf("%w: looking for gVisor: runsc is not on PATH; %s", ErrUnavailable, how)
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%w: asking %s for its version: %v; %s", ErrUnavailable, path, err, how)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return &gvisor{path: path, version: strings.TrimPrefix(strings.TrimSpace(first), "runsc version ")}, nil
}

// flags are those of every call of runsc.
func (g *gvisor) flags() []string {
	f := []string{g.path, "--root=" + g.root, "--network=none", "--ignore-cgroups"}
	if os.Geteuid() != 0 {
		f = append(f, "--rootless")
	}
	return f
}

// tried tells what did not work here, word for word, for those who can mend it.
func (g *gvisor) tried() string {
	var kernel unix.Utsname
	unix.Uname(&kernel)
	return fmt.Sprintf("; tried, as user %d on %s %s: %s run --bundle=DIR ID (version %s); its own reason, if any, is above, and runsc --debug --debug-log=FILE tells more",
		os.Geteuid(), unix.ByteSliceToString(kernel.Sysname[:]), unix.ByteSliceToString(kernel.Release[:]), strings.Join(g.flags(), " "), g.version)
}

// Parts of an OCI container's configuration.
type (
	ociMount struct {
		Destination string   `json:"destination"`
		Type        string   `json:"type"`
		Source      string   `json:"source"`
		Options     []string `json:"options,omitempty"`
	}
	ociLimit struct {
		Type string `json:"type"`
		Hard uint64 `json:"hard"`
		Soft uint64 `json:"soft"`
	}
	ociNamespace struct {
		Type string `json:"type"`
	}
)

// bundle writes the folder that describes a slot's next container.
func (s *Sandbox) bundle(sl *slot, v view, limits string, command []string) (string, error) {
	dir := sl.dir + ".bundle"
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	mounts := []ociMount{
		{"/proc", "proc", "proc", nil},
		{"/tmp", "tmpfs", "tmpfs", []string{"size=" + strconv.FormatInt(v.disk, 10), "mode=1777"}},
		{"/box", "bind", sl.dir, []string{"ro", "rbind"}},
	}
	for _, p := range s.bwrap.binds(v) {
		mounts = append(mounts, ociMount{p, "bind", p, []string{"ro", "rbind"}})
	}
	var bounds []ociLimit
	for pair := range strings.FieldsSeq(limits) {
		name, value, _ := strings.Cut(pair, "=")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return "", err
		}
		bounds = append(bounds, ociLimit{name, n, n})
	}
	var namespaces []ociNamespace
	for _, n := range []string{"pid", "network", "ipc", "uts", "mount"} {
		namespaces = append(namespaces, ociNamespace{n})
	}
	b, err := json.Marshal(map[string]any{
		"ociVersion": "1.0.2", "hostname": "box",
		"root": map[string]any{"path": s.bwrap.rootOf(v), "readonly": true},
		"process": map[string]any{
			// The folder of the program is readable by the slot's group.
			"user": map[string]any{"uid": sl.uid, "gid": sl.uid},
			"args": command, "cwd": "/box", "noNewPrivileges": true, "rlimits": bounds,
			"env": []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8"},
		},
		"mounts": mounts, "linux": map[string]any{"namespaces": namespaces},
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), b, 0o600)
	}
	return dir, err
}

// runGVisor starts the program of a box that has been made ready for it.
func (s *Sandbox) runGVisor(b *box, p core.Program, limits string) error {
	command := append([]string{s.bwrap.python.binary, "-I", "-S", "-X", "utf8", "/box/" + mainFile}, p.Args...)
	if p.Language == core.LanguageCommand {
		command = p.Args
	}
	dir, err := s.bundle(b.slot, b.view, limits, command)
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s-%d-%d", filepath.Base(s.dir), b.slot.n, s.containers.Add(1))
	b.supervised = true
	args := supervised(3, s.gvisor.path, append(s.gvisor.flags(), "run", "--bundle="+dir, id))
	return s.launch(b, "/proc/self/exe", args, "/", 3)
}

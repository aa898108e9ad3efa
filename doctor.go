package pawl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"pawl/model/sim"
	"pawl/recipe"
	"pawl/registry"
	"pawl/sandbox"
	"pawl/store"
	"pawl/tensor"
)

// Machine is what speeds depend on.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	ISA   string `json:"isa"` // kernels in use
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Go    string `json:"go"`
}

func (m Machine) String() string {
	return fmt.Sprintf("%s, %s, %s kernels, %s/%s", m.CPU, plural(m.Cores, "core"), m.ISA, m.OS, m.Arch)
}

// ThisMachine describes the machine that runs this.
func ThisMachine() Machine {
	return Machine{CPU: processor(), Cores: runtime.GOMAXPROCS(0), ISA: tensor.ISA(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()}
}

// processor is the name of the processor, where the system tells.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// Check is one thing that a doctor looked at.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"` // without it Pawl does not work at all
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"` // how to get what does not work
}

// Doctor looks at what works here, and creates nothing. Opening the store may
// bring it to the form of this program, as any command does.
func Doctor(ctx context.Context, o Options) []Check {
	if o.Dir == "" {
		o.Dir = DefaultDir
	}
	return []Check{engineCheck(), directoryCheck(o.Dir), storeCheck(ctx, o), recipesCheck(o.Recipes), simulationsCheck(), sandboxCheck(o.Sandbox), peerCheck(ctx)}
}

func engineCheck() Check {
	c := Check{Name: "engine", OK: true, Needed: true, Detail: ThisMachine().String()}
	if c.Detail == "" || tensor.ISA() == "portable" {
		c.Hint = "the portable kernels work everywhere and are slow; processors with AVX2 and FMA, AVX-512 or NEON are many times faster"
	}
	return c
}

// directoryCheck asks whether the data directory, or the first folder above it
// that exists, can be written.
func directoryCheck(dir string) Check {
	c := Check{Name: "data directory", Needed: true}
	at, err := filepath.Abs(dir)
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.Detail = at
	for {
		st, err := os.Stat(at)
		if err == nil && !st.IsDir() {
			c.Detail, c.Hint = at+" is a file", "name a folder with --dir"
			return c
		}
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrNotExist) || at == filepath.Dir(at) {
			c.Detail, c.Hint = err.Error(), "name another folder with --dir"
			return c
		}
		at = filepath.Dir(at)
	}
	f, err := os.CreateTemp(at, ".pawl-doctor-*")
	if err != nil {
		c.Detail, c.Hint = err.Error(), "name a folder that you may write with --dir"
		return c
	}
	f.Close()
	os.Remove(f.Name())
	c.OK = true
	if free, ok := freeBytes(at); ok {
		c.Detail += fmt.Sprintf(", %.1f GiB free", float64(free)/(1<<30))
		if free < 1<<30 {
			c.Hint = "a long run may need more than is free; pawl runs gc makes room"
		}
	}
	return c
}

func storeCheck(ctx context.Context, o Options) Check {
	c := Check{Name: "store", Needed: true}
	if _, err := os.Stat(o.Dir); errors.Is(err, os.ErrNotExist) {
		c.OK, c.Detail = true, "none yet; the first run makes it"
		return c
	}
	var warned []string
	s, err := store.Open(o.Dir, store.Options{Version: Version, Warn: func(m string) { warned = append(warned, m) }})
	if err != nil {
		c.Detail, c.Hint = err.Error(), "restore it from a copy, or use another directory with --dir"
		return c
	}
	defer s.Close()
	runs, err := s.Runs(ctx)
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.OK, c.Detail = true, plural(len(runs), "run")
	if len(warned) > 0 {
		c.Hint = strings.Join(warned, "; ")
	}
	return c
}

func recipesCheck(dir string) Check {
	c := Check{Name: "recipes", OK: true}
	f := Finder(dir)
	sources, err := f.List()
	if err != nil {
		return Check{Name: c.Name, Detail: err.Error(), Hint: "name the folder of your recipes with --recipes"}
	}
	var faulty []string
	for _, s := range sources {
		if _, problems := recipe.Parse(registry.Default, s.Path, s.Text); len(problems) > 0 {
			faulty = append(faulty, s.Path)
		}
	}
	c.Detail = plural(len(sources), "recipe")
	if len(faulty) > 0 {
		c.OK, c.Detail, c.Hint = false, "faulty: "+strings.Join(faulty, ", "), "pawl recipes lint tells what is wrong"
	}
	return c
}

// simulationsCheck lists what must not be taken for models.
func simulationsCheck() Check {
	return Check{Name: "simulations", OK: true, Detail: "sim:" + strings.Join(sim.Names(), ", sim:") + "; they are told what is right and err at stated rates: for studies and tests, never models"}
}

// sandboxCheck opens a sandbox, which runs a program in it.
func sandboxCheck(o sandbox.Options) Check {
	c := Check{Name: "sandbox"}
	o.Warm = -1
	box, err := sandbox.Open(o)
	if err != nil {
		c.Detail, c.Hint = err.Error(), "programs that models write are not run without it; all else works"
		return c
	}
	c.OK, c.Detail = true, box.Describe()
	c.Hint = box.Weakness()
	if err := box.Close(); err != nil {
		c.OK, c.Detail = false, err.Error()
	}
	return c
}

// peerCheck looks for what bench/compare measures beside.
func peerCheck(ctx context.Context) Check {
	c := Check{Name: "PyTorch, for bench/compare", Detail: "not found", Hint: "Debian: apt-get install python3-torch, or scripts/setup --bench; nothing else needs it"}
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		out, err := exec.CommandContext(ctx, python, "-c", "import importlib.metadata as m; print(m.version('torch'))").Output()
		if err == nil {
			return Check{Name: c.Name, OK: true, Detail: "version " + strings.TrimSpace(string(out))}
		}
	}
	return c
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

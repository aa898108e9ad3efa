package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pawl/nn"
)

// peakSteps are enough for every buffer to have reached its size.
const peakSteps = 4

// peaks compares the memory of fresh processes that train, each at its peak:
// all of the process, and what came on top of the idle one.
func peaks(ctx context.Context, o *options, rep *reporter, dir string, z size) error {
	what := "memory train " + z.name
	if !o.wants(what) {
		return nil
	}
	ours, err := peakOurs(ctx, z.name)
	if err != nil {
		rep.note("%s: %v", what, err)
		return nil
	}
	p, err := startPeer(ctx, o, dir, o.threads[len(o.threads)-1])
	if err != nil {
		return err
	}
	defer p.close()
	var theirs peak
	args := trainArgs(z.batch(z.lengths[0]), peakSteps)
	args["dir"] = filepath.Join(dir, z.name)
	if err := p.ask("peak", args, &theirs); err != nil {
		return err
	}
	rep.figure(figure{what: what, unit: "MB", less: true, ours: ours.All, theirs: theirs.All})
	rep.figure(figure{what: what + ", above the idle process", unit: "MB", less: true, ours: ours.All - ours.Idle, theirs: theirs.All - theirs.Idle})
	return nil
}

// peak is resident memory in megabytes.
type peak struct{ Idle, All float64 }

// peakOurs trains in a process of its own, as peakHere is told: this one has done
// other things.
func peakOurs(ctx context.Context, args ...string) (p peak, err error) {
	self, err := os.Executable()
	if err != nil {
		return p, err
	}
	out, err := exec.CommandContext(ctx, self, append([]string{"peak"}, args...)...).Output()
	if err != nil {
		return p, fmt.Errorf("training in another process: %w", err)
	}
	return p, json.Unmarshal(out, &p)
}

// peakHere is that process: it trains the named size, or, with "lora" after the
// name, adapters of it, and prints its peak.
func peakHere(args []string) error {
	for _, z := range sizes {
		if z.name != args[0] {
			continue
		}
		idle, err := status("VmRSS")
		if err != nil {
			return err
		}
		m, err := nn.New(z.config, 1)
		if err != nil {
			return err
		}
		batch := z.batch(z.lengths[0])
		var train side
		if slices.Equal(args[1:], []string{"lora"}) {
			train, err = trainingAdapters(m, batch)
		} else {
			train = trainingOurs(m, batch)
		}
		if err == nil {
			_, err = train(peakSteps)
		}
		if err != nil {
			return err
		}
		all, err := status("VmHWM")
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(peak{Idle: idle, All: all})
	}
	return fmt.Errorf("measuring memory: no size named %q", args[0])
}

// status reads a figure of this process, in megabytes.
func status(key string) (float64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("measuring memory: %w", err)
	}
	for l := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(l, ":"); name == key {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kb / 1e3, err
		}
	}
	return 0, fmt.Errorf("measuring memory: no %s in /proc/self/status", key)
}

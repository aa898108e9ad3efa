package check

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"pawl/nn"
)

// tolerance is the largest difference of a logit in f32.
const tolerance = 1e-3

// Two independent forward passes, in numpy and in PyTorch, give the engine's
// logits for random small models of every shape, from exported folders.
func TestLogits(t *testing.T) {
	all := shapes()
	names := slices.Sorted(maps.Keys(all))
	ids := [][]int32{make([]int32, 40), make([]int32, 40)}
	for i := range ids {
		for k := range ids[i] {
			ids[i][k] = int32((k*k*31 + 7*k + 100*i) % 259)
		}
	}
	dir := t.TempDir()
	var want [][][][]float32 // by model, sequence, position
	var folders []string
	for _, name := range names {
		m := lively(t, all[name])
		folder := filepath.Join(dir, name)
		if err := m.Save(folder, nn.NewBytes()); err != nil {
			t.Fatal(err)
		}
		folders = append(folders, folder)
		var logits [][][]float32
		for _, s := range ids {
			logits = append(logits, ourLogits(t, m, s))
		}
		want = append(want, logits)
	}
	for _, x := range []struct{ flag, module, missing string }{
		{"--numpy", "numpy", "no Python with numpy; on Debian: scripts/setup"},
		{"--torch", "torch", "no Python with PyTorch; on Debian: scripts/setup --bench"},
	} {
		t.Run(x.module, func(t *testing.T) {
			const py = "/usr/bin/python3"
			if exec.Command(py, "-c", "import numpy, "+x.module).Run() != nil {
				t.Skip(x.missing)
			}
			b, err := json.Marshal(ids)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(py, append([]string{"logits.py", x.flag}, folders...)...)
			cmd.Stdin, cmd.Stderr = bytes.NewReader(b), os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("running logits.py: %v", err)
			}
			d := json.NewDecoder(bytes.NewReader(out))
			for i, name := range names {
				var got [][][]float64
				if err := d.Decode(&got); err != nil {
					t.Fatal(err)
				}
				worst, largest := 0.0, 0.0
				for s := range want[i] {
					for p := range want[i][s] {
						for k, w := range want[i][s][p] {
							worst = max(worst, math.Abs(got[s][p][k]-float64(w)))
							largest = max(largest, math.Abs(float64(w)))
						}
					}
				}
				t.Logf("%s: logits up to %.3g differ by at most %.2g", name, largest, worst)
				if !(worst <= tolerance) || largest < 1 {
					t.Errorf("%s: logits up to %v differ by %v", name, largest, worst)
				}
			}
		})
	}
}

// ourLogits are the logits after every token of a sequence.
func ourLogits(t *testing.T, m *nn.Model, ids []int32) [][]float32 {
	t.Helper()
	out := make([][]float32, len(ids))
	var prompts []nn.Prompt
	var mu sync.Mutex
	for n := range ids {
		prompts = append(prompts, nn.Prompt{Tokens: ids[:n+1], N: 1, MaxTokens: 1, Intervene: func(_ int, path []int32, logits []float32) {
			mu.Lock()
			defer mu.Unlock()
			out[len(path)-1] = slices.Clone(logits)
		}})
	}
	if _, err := nn.NewSampler(m, nn.SamplerOptions{}).Generate(context.Background(), prompts, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

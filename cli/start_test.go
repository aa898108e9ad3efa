package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pawl/model/nano"
)

// BenchmarkFirstAnswer is the time from the start of a process to its first
// answer: of the program as users build it, with the model in the binary or with
// the one that PAWL_CHECK_MODEL names.
func BenchmarkFirstAnswer(b *testing.B) {
	model := os.Getenv("PAWL_CHECK_MODEL")
	if model == "" {
		model = "embedded"
		if err := nano.Write(b.TempDir()); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	program := filepath.Join(dir, "pawl")
	build := exec.Command("go", "build", "-o", program, "pawl/cmd/pawl")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building the program: %v\n%s", err, out)
	}
	for b.Loop() {
		solve := exec.Command(program, "solve", "--dir", filepath.Join(dir, "data"), "--model", model, "--max-tokens", "8", "copy ab=")
		out, err := solve.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		var said strings.Builder
		solve.Stderr = &said
		if err := solve.Start(); err != nil {
			b.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			b.Fatalf("no answer: %v\n%s", err, said.String())
		}
		b.StopTimer()
		if err := solve.Wait(); err != nil {
			b.Fatalf("%v\n%s", err, said.String())
		}
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/answer")
}

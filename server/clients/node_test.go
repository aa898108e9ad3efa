package clients

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNode asks by the npm packages openai and @anthropic-ai/sdk.
func TestNode(t *testing.T) {
	tools, err := filepath.Abs(filepath.Join("..", "..", ".tools"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"openai", "@anthropic-ai/sdk"} {
		if _, err := os.Stat(filepath.Join(tools, "node_modules", name)); err != nil {
			t.Skip(name + " is not there; scripts/setup installs it")
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not there")
	}
	url, sc := serve(t, "sim:tools", "sim:fails", "sim:drips")
	cmd := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "clients.mjs"), url, tools)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	want := map[string]string{
		"openai tools":      `[["Oslo","Rome"],2,"It is rain there."]`,
		"openai structured": `"boolean"`,
		"openai errors":     `[["NotFoundError",404,"model_not_found"],["BadRequestError",400,"invalid_value"],["BadRequestError",400,"unsupported_parameter"],["InternalServerError",500,"internal_error"]]`,
		"anthropic errors":  `["NotFoundError",404,"not_found_error"]`,
		"openai cancels":    `"drip "`,
	}
	for _, model := range models {
		want["openai plain "+model] = `["4 3 7","stop",true,false]`
		want["openai stream "+model] = `["4 3 7",true]`
		want["openai responses "+model] = `["4 3 7","4 3 7"]`
		want["anthropic "+model] = `["4 3 7","4 3 7","end_turn",true]`
	}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		var line struct {
			Name  string
			Value json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if string(line.Value) != want[line.Name] {
			t.Errorf("%s: %s, want %s", line.Name, line.Value, want[line.Name])
		}
		delete(want, line.Name)
	}
	for name := range want {
		t.Errorf("%s was not checked", name)
	}
	sc.WaitCancelled(1)
}

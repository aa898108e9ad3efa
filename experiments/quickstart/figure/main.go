// Command figure draws docs/quickstart.svg from the document that a run of the
// quickstart ends with:
//
//	pawl run --json > result.json
//	go run ./experiments/quickstart/figure -o docs/quickstart.svg result.json
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"pawl/loop"
	"pawl/report"
)

func main() {
	out := flag.String("o", "", "file to write (default: standard output)")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: figure [-o FILE] RESULT.json")
		os.Exit(2)
	}
	if err := draw(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func draw(result, out string) error {
	b, err := os.ReadFile(result)
	if err != nil {
		return err
	}
	var r loop.Report
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("reading %s: it is no result of pawl run --json: %w", result, err)
	}
	var picture bytes.Buffer
	if err := report.SVG(&picture, &r); err != nil {
		return err
	}
	if out == "" {
		_, err = os.Stdout.Write(picture.Bytes())
		return err
	}
	return os.WriteFile(out, picture.Bytes(), 0o644)
}

package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"testing/fstest"
)

func TestScaling(t *testing.T) {
	lines := `{"what":"step of 100 tokens, 0.1M","ours":1,"unit":"ms"}
{"what":"step of 10000 tokens, 0.1M","ours":100,"unit":"ms"}
{"what":"token of a model of 100000 parameters","ours":5,"unit":"us"}
{"what":"token of a model of 10000000 parameters","ours":400,"unit":"us"}
{"what":"growth of a step with its tokens","ours":1,"unit":"power"}
{"what":"growth of a token with parameters","ours":0.95,"unit":"power"}
`
	got, err := Scaling(fstest.MapFS{"s.jsonl": {Data: []byte(lines)}}, "s.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(got))
	circles := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v\n%s", err, got)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	// 100 tokens lie on the left edge at the bottom, a hundredfold of both on
	// the opposite corner.
	if circles != 4 || !strings.Contains(string(got), "M60.0,250.0L350.0,50.0\"") || !strings.Contains(string(got), "power of 0.95") {
		t.Errorf("%d points in\n%s", circles, got)
	}
	if _, err := Scaling(fstest.MapFS{"s.jsonl": {Data: []byte(lines[:60])}}, "s.jsonl"); err == nil {
		t.Error("a damaged file is drawn")
	}
}

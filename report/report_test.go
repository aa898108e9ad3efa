package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pawl/core"
	"pawl/loop"
)

func render(t testing.TB, d Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("PAWL_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (PAWL_UPDATE=1 writes it anew):\n%s", path, diff)
	}
}

func TestPage(t *testing.T) {
	page := render(t, document())
	golden(t, "page.html", page)
	check(t, page)
}

func TestPicture(t *testing.T) {
	var b bytes.Buffer
	if err := SVG(&b, synthetic()); err != nil {
		t.Fatal(err)
	}
	golden(t, "picture.svg", b.String())
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
}

// reporter is a test or a property.
type reporter interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// check holds a page to the rules of the house: every tag closed in order,
// nothing fetched, nothing run, every picture told in words, every reference
// within the page resolved, every coordinate a number.
func check(t reporter, page string) {
	t.Helper()
	ids, refs := map[string]int{}, []string{}
	pictures, figures, captions := 0, 0, 0
	// The page is well-formed XML, which is more than HTML asks, and means the
	// same to every parser.
	d := xml.NewDecoder(strings.NewReader(page))
	for {
		next, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
		tok, ok := next.(xml.StartElement)
		if !ok {
			continue
		}
		switch tok.Name.Local {
		case "script", "link", "img", "iframe", "object", "embed", "image", "use":
			t.Errorf("the page has a <%s>", tok.Name.Local)
		case "svg":
			pictures++
		case "figure":
			figures++
		case "figcaption":
			captions++
		}
		for _, a := range tok.Attr {
			switch a.Name.Local {
			case "id":
				ids[a.Value]++
			case "aria-labelledby":
				refs = append(refs, strings.Fields(a.Value)...)
			case "src", "href", "srcset", "onclick", "onload":
				t.Errorf("<%s> has %s=%q", tok.Name.Local, a.Name.Local, a.Value)
			case "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height":
				if v, err := strconv.ParseFloat(a.Value, 64); err != nil || bad(v) {
					t.Errorf("<%s> has %s=%q", tok.Name.Local, a.Name.Local, a.Value)
				}
			case "points":
				for _, v := range strings.FieldsFunc(a.Value, func(r rune) bool { return r == ',' || r == ' ' }) {
					if n, err := strconv.ParseFloat(v, 64); err != nil || bad(n) {
						t.Errorf("<%s> has the point %q", tok.Name.Local, v)
					}
				}
			}
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("the id %s stands %d times", id, n)
		}
	}
	for _, id := range refs {
		if ids[id] == 0 {
			t.Errorf("nothing has the id %s", id)
		}
	}
	if pictures != figures || captions != figures {
		t.Errorf("%d pictures, %d figures, %d captions", pictures, figures, captions)
	}
	for _, s := range []string{"url(", "@import", "://", "NaN", "Inf<", "ZgotmplZ"} {
		if i := strings.Index(page, s); i >= 0 {
			t.Errorf("the page holds %q: %q", s, page[max(0, i-40):min(len(page), i+40)])
		}
	}
}

func TestTextIsEscaped(t *testing.T) {
	evil := `<script>alert("1")</script>'&`
	d := document()
	d.Title, d.Summary, d.Paper, d.Command, d.Machine, d.Dir, d.Problem = evil, evil, evil, evil, evil, evil, evil
	d.Report.Run, d.Report.Recipe = evil, evil
	c := d.Report.Controls["null"]
	c.Rounds[0].Metrics[0].Name, c.Rounds[0].Gate.Outcome = evil, evil
	delete(d.Report.Controls, "null")
	d.Report.Controls[evil] = c
	d.Report.Audit[evil] = d.Report.Audit["null"]
	d.Report.Rounds[0].Gate.Reason = evil
	d.Report.Policy["<b>"] = core.Digest(evil)
	page := render(t, d)
	check(t, page)
	if strings.Contains(page, "<script") || strings.Contains(page, "alert(\"") {
		t.Error("text came through as it was")
	}
}

// Whatever a report holds, the page must be whole.
func TestAnyReport(t *testing.T) {
	figure := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Just(math.NaN()), rapid.Just(math.Inf(1)), rapid.Just(-3e9), rapid.Just(0.0), rapid.Just(1e300))
	round := rapid.Custom(func(t *rapid.T) loop.Round {
		v := func(name string) float64 { return figure.Draw(t, name) }
		row := loop.Round{
			Round: rapid.IntRange(1, 40).Draw(t, "round"), GateLow: v("low"), GateHigh: v("high"), Seconds: v("seconds"),
			Gate: core.Verdict{Outcome: core.Reject, Incumbent: v("incumbent"), Candidate: v("candidate"), PValue: v("p"), Alpha: v("alpha"), Detectable: v("detectable")},
		}
		if rapid.Bool().Draw(t, "labels") {
			l := v("label")
			row.Labels = &l
		}
		for _, name := range []string{"pass@1", "pass@8", "maj@x", "entropy", "a@b@c"} {
			row.Metrics = append(row.Metrics, core.Estimate{Name: name, Value: v(name), Low: v(name), High: v(name), N: 3})
		}
		return row
	})
	rapid.Check(t, func(t *rapid.T) {
		r := &loop.Report{Rounds: rapid.SliceOfN(round, 0, 4).Draw(t, "rounds"), Audit: map[string]loop.Audit{}, Controls: map[string]loop.Control{}}
		r.Promoted = rapid.IntRange(0, len(r.Rounds)).Draw(t, "promoted")
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"base", "final", "labelled", "null"}), 0, 4, rapid.ID[string]).Draw(t, "arms") {
			r.Audit[name] = loop.Audit{Accuracy: figure.Draw(t, "accuracy"), Low: figure.Draw(t, "low"), High: figure.Draw(t, "high")}
			r.Gains = append(r.Gains, loop.Advantage{Over: name, Difference: figure.Draw(t, "difference"), Low: figure.Draw(t, "low"), High: figure.Draw(t, "high")})
			if name != "base" && name != "final" {
				r.Controls[name] = loop.Control{Rounds: rapid.SliceOfN(round, 0, 2).Draw(t, "control")}
			}
		}
		var b bytes.Buffer
		if err := Write(&b, Document{Report: r}); err != nil {
			t.Fatal(err)
		}
		check(t, b.String())
	})
}

func TestNoReport(t *testing.T) {
	if Write(io.Discard, Document{}) == nil || SVG(io.Discard, nil) == nil || SVG(io.Discard, &loop.Report{}) == nil {
		t.Error("nothing was shown, and nobody told")
	}
}

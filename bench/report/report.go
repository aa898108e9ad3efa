// Package report turns the results of bench/compare into the tables of
// docs/performance.md. The text around them is written by hand; what stands
// between the markers is generated:
//
//	<!-- results: engine-avx512.jsonl -->
//	...
//	<!-- end -->
package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// line is one line of a result file: a description of the machine first, then
// figures.
type line struct {
	Machine *machine `json:"machine"`
	What    string   `json:"what"`
	Ours    float64  `json:"ours"`
	Theirs  *float64 `json:"theirs"`
	Unit    string   `json:"unit"`
	Ratio   *float64 `json:"ratio"`
	// TheirsBy names the fastest of several peers.
	TheirsBy string `json:"theirs_by"`
}

type machine struct {
	CPU   string          `json:"cpu"`
	Cores int             `json:"cores"`
	ISA   string          `json:"isa"`
	Go    string          `json:"go"`
	Date  string          `json:"date"`
	Torch json.RawMessage `json:"torch"`
}

var section = regexp.MustCompile(`(?s)(<!-- results: ([A-Za-z0-9._-]+) -->\n).*?(<!-- end -->)`)

// Render returns the document with every table made anew from the files in
// results. A section whose file does not exist says so.
func Render(results fs.FS, doc []byte) ([]byte, error) {
	var failed error
	out := section.ReplaceAllFunc(doc, func(all []byte) []byte {
		m := section.FindSubmatch(all)
		text, err := table(results, string(m[2]))
		if err != nil && failed == nil {
			failed = fmt.Errorf("rendering %s: %w", m[2], err)
		}
		return append(append(append([]byte{}, m[1]...), text...), m[3]...)
	})
	return out, failed
}

func table(results fs.FS, name string) (string, error) {
	b, err := fs.ReadFile(results, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "\nNot measured yet.\n\n", nil
	} else if err != nil {
		return "", err
	}
	var rows []line
	var where *machine
	s := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; s.Scan(); n++ {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return "", fmt.Errorf("line %d: %w", n, err)
		}
		if l.Machine != nil {
			where = l.Machine
			continue
		}
		rows = append(rows, l)
	}
	if err := s.Err(); err != nil {
		return "", err
	}
	if where == nil || len(rows) == 0 {
		return "", errors.New("no machine or no figures in it")
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s\n\n", where)
	peer := false
	for _, r := range rows {
		peer = peer || r.Theirs != nil
	}
	if peer {
		out.WriteString("| what | Pawl | peer | unit | ratio |\n|-|-:|-:|-|-:|\n")
	} else {
		out.WriteString("| what | Pawl | unit |\n|-|-:|-|\n")
	}
	for _, r := range rows {
		fmt.Fprintf(&out, "| %s | %s |", r.What, figure(&r.Ours))
		if peer {
			theirs := figure(r.Theirs)
			if name, _, named := strings.Cut(r.TheirsBy, ", "); named {
				theirs += " (" + name + ")"
			}
			fmt.Fprintf(&out, " %s | %s | %s |\n", theirs, r.Unit, figure(r.Ratio))
		} else {
			fmt.Fprintf(&out, " %s |\n", r.Unit)
		}
	}
	out.WriteString("\n")
	return out.String(), nil
}

func (m *machine) String() string {
	s := fmt.Sprintf("%s, %d cores, kernels for %s, %s", m.CPU, m.Cores, m.ISA, m.Go)
	var torch struct{ Torch string }
	// A file without a peer has no field, or an empty object.
	if json.Unmarshal(m.Torch, &torch) == nil && torch.Torch != "" {
		s += ", PyTorch " + torch.Torch
	}
	return s + ", " + m.Date + "."
}

// figure writes three digits, with commas between thousands.
func figure(v *float64) string {
	if v == nil {
		return "–"
	}
	if *v < 100 {
		return strconv.FormatFloat(*v, 'g', 3, 64)
	}
	unit := math.Pow(10, math.Floor(math.Log10(*v))-2)
	s := strconv.FormatFloat(math.Round(*v/unit)*unit, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

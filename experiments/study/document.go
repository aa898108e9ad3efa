package study

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"pawl/atomicfile"
)

// section is what Render makes anew in a document.
var section = regexp.MustCompile(`(?s)(<!-- results: ([A-Za-z0-9._/-]+) -->\n).*?(<!-- end -->)`)

// Render returns the document with the tables of every result file made anew.
// A section whose file does not exist says so.
func Render(results fs.FS, doc []byte) ([]byte, error) {
	var failed error
	out := section.ReplaceAllFunc(doc, func(all []byte) []byte {
		m := section.FindSubmatch(all)
		text, err := tables(results, string(m[2]))
		if err != nil && failed == nil {
			failed = fmt.Errorf("rendering %s: %w", m[2], err)
		}
		return append(append(append([]byte{}, m[1]...), "\n"+text+"\n"...), m[3]...)
	})
	return out, failed
}

func tables(results fs.FS, name string) (string, error) {
	b, err := fs.ReadFile(results, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "Not measured yet.\n", nil
	} else if err != nil {
		return "", err
	}
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return "", err
	}
	switch head.Kind {
	case KindQuickstart:
		var q Quickstart
		if err := json.Unmarshal(b, &q); err != nil {
			return "", err
		}
		return q.Markdown(), nil
	case KindSelfTraining:
		var s SelfTraining
		if err := json.Unmarshal(b, &s); err != nil {
			return "", err
		}
		return s.Markdown(), nil
	case KindSelfImproving:
		var si SelfImproving
		if err := json.Unmarshal(b, &si); err != nil {
			return "", err
		}
		return si.Markdown(), nil
	case KindImproving:
		var m Improving
		if err := json.Unmarshal(b, &m); err != nil {
			return "", err
		}
		return m.Markdown(), nil
	case KindNano:
		var n Nano
		if err := json.Unmarshal(b, &n); err != nil {
			return "", err
		}
		return n.Markdown(), nil
	case KindCalibration:
		var c Calibration
		if err := json.Unmarshal(b, &c); err != nil {
			return "", err
		}
		return c.Markdown(), nil
	case KindVerifiers:
		var v Verifiers
		if err := json.Unmarshal(b, &v); err != nil {
			return "", err
		}
		return v.Markdown(), nil
	case KindTrained:
		var t Trained
		if err := json.Unmarshal(b, &t); err != nil {
			return "", err
		}
		return t.Markdown(), nil
	case KindFindings:
		var f Findings
		if err := json.Unmarshal(b, &f); err != nil {
			return "", err
		}
		return f.Markdown(), nil
	case KindCode:
		var c Code
		if err := json.Unmarshal(b, &c); err != nil {
			return "", err
		}
		return c.Markdown(), nil
	case KindStories:
		var s Stories
		if err := json.Unmarshal(b, &s); err != nil {
			return "", err
		}
		return s.Markdown(), nil
	}
	kinds := []string{KindCalibration, KindCode, KindFindings, KindImproving, KindNano, KindQuickstart, KindSelfImproving, KindSelfTraining, KindStories, KindTrained, KindVerifiers}
	return "", fmt.Errorf("it is of kind %q; there are %s", head.Kind, strings.Join(kinds, ", "))
}

// RenderFile makes the tables of a document anew from the files below dir.
func RenderFile(doc, dir string) error {
	old, err := os.ReadFile(doc)
	if err != nil {
		return err
	}
	now, err := Render(os.DirFS(dir), old)
	if err != nil {
		return fmt.Errorf("writing %s: %w", doc, err)
	}
	return atomicfile.WriteFile(doc, now)
}

// Save writes a result as a whole or not at all.
func Save(path string, result any) error {
	b, err := json.MarshalIndent(result, "", " ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return atomicfile.WriteFile(path, append(b, '\n'))
}

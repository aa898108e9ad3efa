// Package docs checks that generated documents are not stale, and that links
// between documents lead somewhere. PAWL_UPDATE=1 writes them anew
// (scripts/docs does that).
package docs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pawl/bench/report"
	"pawl/cli"
	"pawl/experiments/study"
	"pawl/recipe"
	"pawl/registry"
	_ "pawl/std"
)

// generated lists the documents of this folder that are made from code or
// data, in whole or in part. A generator gets what stands there now.
var generated = map[string]func(old []byte) ([]byte, error){
	"performance.md": func(old []byte) ([]byte, error) {
		return report.Render(os.DirFS(filepath.Join("..", "bench", "results")), old)
	},
	"scaling.svg": func([]byte) ([]byte, error) {
		return report.Scaling(os.DirFS(filepath.Join("..", "bench", "results")), "scaling.jsonl")
	},
	"selfimproving.svg": func([]byte) ([]byte, error) {
		return study.SelfImprovingFigure(os.DirFS(filepath.Join("..", "experiments")), "selfimproving/result.json")
	},
	"experiments.md": func(old []byte) ([]byte, error) {
		return study.Render(os.DirFS(filepath.Join("..", "experiments")), old)
	},
	"nano.md": func(old []byte) ([]byte, error) {
		return study.Render(os.DirFS(filepath.Join("..", "experiments")), old)
	},
	"calibration.md": func(old []byte) ([]byte, error) {
		return study.Render(os.DirFS(filepath.Join("..", "experiments")), old)
	},
	"verifiers.md": func(old []byte) ([]byte, error) {
		return study.Render(os.DirFS(filepath.Join("..", "experiments")), old)
	},
	"cli.md": func([]byte) ([]byte, error) { return cli.Reference() },
	"components.md": func([]byte) ([]byte, error) {
		var b bytes.Buffer
		err := registry.Default.Markdown(&b)
		return b.Bytes(), err
	},
	"recipes.md": recipesTable,
	"worlds.md":  worldsPage,
}

// recipesTable lists the recipes in the binary with what they say of
// themselves.
func recipesTable([]byte) ([]byte, error) {
	f := recipe.Finder{Dir: filepath.Join("..", "recipes")}
	sources, err := f.List()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("# Recipes\n\nEach is one page of YAML under [recipes](../recipes), and runs as `pawl run NAME`.\n" +
		"Its parts are explained in [components.md](components.md); a number such as S228 names a published system for good.\n\n" +
		"| recipe | what it does | paper | improves | needs |\n|-|-|-|-|-|\n")
	for _, s := range sources {
		p, err := f.Load(registry.Default, s.Name)
		if err != nil {
			return nil, err
		}
		a := p.About
		paper := a.Paper
		if a.ID != "" {
			paper += " (" + a.ID + ")"
		}
		fmt.Fprintf(&b, "| [%s](../recipes/%s) | %s | %s | %s | %s |\n", s.Name, filepath.Base(s.Path),
			a.Summary, paper, strings.Join(a.Improves, ", "), strings.Join(a.Needs, ", "))
	}
	return b.Bytes(), nil
}

func TestGenerated(t *testing.T) {
	for name, generate := range generated {
		t.Run(name, func(t *testing.T) {
			old, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			now, err := generate(old)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(old, now) {
				return
			}
			if os.Getenv("PAWL_UPDATE") == "" {
				t.Fatalf("docs/%s is stale at line %d; run scripts/docs", name, firstDifference(old, now))
			}
			if err := os.WriteFile(name, now, 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func firstDifference(a, b []byte) int {
	n := 1
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '\n' {
			n++
		}
	}
	return n
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	anchor  = regexp.MustCompile(`<a id="([^"]+)"`)
	fence   = regexp.MustCompile("(?s)```.*?```")
)

// TestLinks follows relative links, anchors included, in all documents.
func TestLinks(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../*.md", "*.md", "guides/*.md", "../experiments/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatal("no documents found")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(fence.ReplaceAll(b, nil), -1) {
			target := string(m[1])
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			path, id, _ := strings.Cut(target, "#")
			full := filepath.Join(filepath.Dir(file), path)
			if path == "" {
				full = file
			}
			if _, err := os.Stat(full); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, target)
			} else if id != "" && strings.HasSuffix(full, ".md") && !hasAnchor(t, full, id) {
				t.Errorf("%s links to %s, which has no such heading", file, target)
			}
		}
	}
}

// hasAnchor knows headings as code hosts name them, and explicit anchors.
func hasAnchor(t *testing.T, file, id string) bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range anchor.FindAllSubmatch(b, -1) {
		if string(m[1]) == id {
			return true
		}
	}
	for _, m := range heading.FindAllSubmatch(fence.ReplaceAll(b, nil), -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127:
				return r
			}
			return -1
		}, strings.ToLower(string(m[1])))
		if slug == id {
			return true
		}
	}
	return false
}

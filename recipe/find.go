package recipe

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pawl/registry"
)

// Source is the text of a recipe and where it came from.
type Source struct {
	Name     string
	Path     string // a file, or the name within the binary
	Embedded bool
	Text     []byte
}

// Finder looks recipes up: a path to a file, then Dir, then Embedded.
type Finder struct {
	Dir      string // "" is ./recipes, which need not exist
	Embedded fs.FS  // may be nil
}

// Find looks up a name, with dashes or underscores, or a path ending in .yaml.
func (f Finder) Find(name string) (Source, error) {
	if isPath(name) {
		// Opening a pipe would wait for a writer, without end.
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			return Source{}, fmt.Errorf("loading recipe %s: it is not a regular file; name one", name)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return Source{}, fmt.Errorf("loading recipe %s: %w", name, err)
		}
		return Source{Name: nameOf(name), Path: name, Text: text}, nil
	}
	all, err := f.List()
	if err != nil {
		return Source{}, err
	}
	var names []string
	for _, s := range all {
		if dashed(s.Name) == dashed(name) {
			return s, nil
		}
		names = append(names, s.Name)
	}
	message := "no such recipe"
	if near := nearest(name, names); near != "" {
		message += "; " + near
	}
	return Source{}, fmt.Errorf("loading recipe %q: %s", name, message)
}

func isPath(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

func dashed(name string) string { return strings.ReplaceAll(name, "_", "-") }

// List gives all recipes by name; one in Dir hides the embedded one.
func (f Finder) List() ([]Source, error) {
	dir := f.Dir
	if dir == "" {
		dir = "recipes"
	}
	found, err := listIn(os.DirFS(dir), func(name string) string { return filepath.Join(dir, name) })
	if err != nil && !(f.Dir == "" && errors.Is(err, fs.ErrNotExist)) {
		return nil, fmt.Errorf("listing recipes in %s: %w", dir, err)
	}
	if f.Embedded != nil {
		embedded, err := listIn(f.Embedded, func(name string) string { return name })
		if err != nil {
			return nil, fmt.Errorf("listing the recipes of this program: %w", err)
		}
		for _, s := range embedded {
			s.Embedded = true
			if !slices.ContainsFunc(found, func(t Source) bool { return dashed(t.Name) == dashed(s.Name) }) {
				found = append(found, s)
			}
		}
	}
	slices.SortFunc(found, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

func listIn(dir fs.FS, path func(string) string) ([]Source, error) {
	files, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	var found []Source
	for _, e := range files {
		if filepath.Ext(e.Name()) != ".yaml" {
			continue
		}
		// Links are followed; folders, and pipes that would block, are not read.
		if info, err := fs.Stat(dir, e.Name()); err == nil && !info.Mode().IsRegular() {
			continue
		}
		text, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			return nil, err
		}
		found = append(found, Source{Name: nameOf(e.Name()), Path: path(e.Name()), Text: text})
	}
	return found, nil
}

// Load finds and parses a recipe. The error of a faulty one wraps its
// registry.Problems.
func (f Finder) Load(r *registry.Registry, name string) (*Plan, error) {
	source, err := f.Find(name)
	if err != nil {
		return nil, err
	}
	plan, problems := Parse(r, source.Path, source.Text)
	if len(problems) > 0 {
		return nil, fmt.Errorf("loading recipe %w", problems)
	}
	return plan, nil
}

// Schema is the JSON Schema of recipes over the components of r.
func Schema(r *registry.Registry) map[string]any { return r.Schema(document{}, "Pawl recipe") }

package pawl_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rule says what the packages below a folder may import of this module, beside
// the packages of the same folder.
type rule struct {
	ours string // folders, space-separated; "*" is everything
	// Modules of others, space-separated prefixes; "-" is none, "" is any.
	theirs string
	why    string
}

const component = "core registry prompt"

// lattice is the direction of imports: from what is said to what is done.
// Tests are free of it, since a test may set anything up.
var lattice = map[string]rule{
	"core":     {"", "-", "the words of the house: whoever imports them must get nothing else"},
	"stats":    {"", "gonum.org", "the one place for statistics knows nothing of what it counts"},
	"registry": {"core", "-", "decodes positioned values, so that it needs no YAML and every package can register"},
	"prompt":   {"core", "", "templates render tasks and nothing else"},
	"world":    {"core registry", "-", "rules, oracle and demonstrations of a world in one place, for task, env and verifier"},

	"lesson":    {component + " world", "", "a component; makes lessons in every role of the tasks of worlds"},
	"task":      {component + " world", "", "a component; offers files and worlds as tasks"},
	"env":       {component + " world", "", "a component; plays worlds"},
	"sampler":   {component, "", "a component; it gets verifiers from its Host, never by import"},
	"verifier":  {component + " world stats", "", "a component; rules come from worlds, calibration from stats"},
	"selector":  {component, "", "a component; it reads scores by name, never a verifier's code"},
	"objective": {"core registry", "-", "losses over log-probs: portable because they see no tensors"},
	"optimizer": {component + " stats", "", "a component; it drives trainers and objectives through its Host, and fits calibrators of stats"},
	"gate":      {component + " stats", "", "a component; decides by paired tests"},
	"evaluate":  {component + " stats", "", "a component; measures with intervals"},
	"std":       {component + " lesson task world env sampler verifier selector objective optimizer gate evaluate", "-", "nothing but the list of components"},

	"recipe":  {"core registry prompt nn/constraint", "", "turns YAML into a plan over whatever is registered; its prompts and what a seat demands of answers are checked with the page"},
	"recipes": {"", "-", "nothing but files"},
	"loop":    {"core registry recipe stats prompt", "", "drives a plan through ports; it names no component, store or model"},
	"report":  {"core loop", "", "shows what a run did; it decides nothing, so nothing below it may know it"},

	"tensor": {"", "golang.org/x/sys", "kernels: nothing above them may leak in"},
	"nn":     {"tensor nn/constraint atomicfile", "", "the engine knows no tasks, policies or recipes"},
	"model":  {"core nn nn/constraint objective prompt atomicfile", "", "an edge: actors and trainers, satisfied structurally"},
	"exec":   {"core", "", "an edge: runs steps, whatever they are"},
	"store":  {"core", "", "an edge: keeps bytes, whatever they are"},

	"atomicfile":    {"", "-", "a leaf: writes files, whatever they hold"},
	"nn/constraint": {"", "-", "grammars over bytes: a leaf, so that a page can be checked without an engine"},

	"sandbox":  {"core", "", "an edge: runs code of others, so it holds nothing of ours"},
	"coretest": {"core registry", "", "helps tests of every package, so it may depend on few"},

	".":      {"*", "", "wires the edges to the loop"},
	"cli":    {"*", "", "one file a verb, over the root package"},
	"server": {"*", "", "the gateway, over the root package"},
	"cmd":    {"cli", "-", "main is one call"},

	"bench":       {"*", "", "measures anything"},
	"experiments": {"*", "", "measures anything"},
	"scripts":     {"", "", "tools of the build know nothing of the program"},
}

// Who may import the packages that only wire: nobody below them.
var above = map[string]string{"cli": "cmd bench experiments", "server": ". cli", "std": ". cli server bench experiments", "coretest": ". cli bench experiments"}

func TestImportsPointOneWay(t *testing.T) {
	seen := map[string]bool{}
	for file, imports := range goFiles(t) {
		folder := topFolder(filepath.Dir(file))
		seen[folder] = true
		r, ok := lattice[folder]
		if !ok {
			t.Errorf("%s: the folder %q has no rule; add it to the lattice, with its reason", file, folder)
			continue
		}
		for _, path := range imports {
			switch target, ours := strings.CutPrefix(path, "pawl"); {
			case ours && folder == "world" && strings.HasPrefix(target, "/world/") && !strings.HasPrefix(target, "/world/internal/"):
				t.Errorf("%s imports %s: worlds share the kit and its internal packages and know nothing of each other", file, path)
			case ours && (target == "" || target[0] == '/'):
				checkOurs(t, file, folder, topFolder(strings.TrimPrefix(target, "/")), r)
			case strings.Contains(strings.Split(path, "/")[0], ".") && r.theirs != "":
				if !slices.ContainsFunc(strings.Fields(r.theirs), func(p string) bool { return strings.HasPrefix(path, p) }) {
					t.Errorf("%s imports %s, but %s may use %s of others' modules: %s", file, path, folder, nothing(r.theirs), r.why)
				}
			}
		}
	}
	for _, must := range []string{"core", "registry", "recipe"} {
		if !seen[must] {
			t.Errorf("no file of %s was checked; is the walk right?", must)
		}
	}
}

func checkOurs(t *testing.T, file, from, to string, r rule) {
	t.Helper()
	if from == to {
		return
	}
	if to == "." && from != "cli" && from != "server" && from != "bench" && from != "experiments" {
		t.Errorf("%s imports the root package, which wires everything below it", file)
		return
	}
	if r.ours != "*" && !slices.Contains(strings.Fields(r.ours), to) {
		t.Errorf("%s imports %s, but %s may import only %s: %s", file, to, from, nothing(r.ours), r.why)
	}
	if users, ok := above[to]; ok && !slices.Contains(strings.Fields(users), from) {
		t.Errorf("%s imports %s, which only %s may", file, to, users)
	}
}

func nothing(list string) string {
	if list == "" || list == "-" {
		return "nothing"
	}
	return list
}

// topFolder is the first element of a path within the module, "." at its root,
// or the whole path where that has a rule of its own.
func topFolder(path string) string {
	path = filepath.ToSlash(path)
	if _, ok := lattice[path]; ok && path != "" {
		return path
	}
	first, _, _ := strings.Cut(path, "/")
	if first == "" {
		return "."
	}
	return first
}

// goFiles lists the imports of every Go file that is no test.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != "." && (name == "testdata" || name[0] == '.' || name[0] == '_' || strings.HasPrefix(name, "zz_")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		found[path] = []string{}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			found[path] = append(found[path], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The rules themselves must form an order, or they would allow a cycle of
// meaning even where the compiler sees none.
func TestLatticeHasNoCycle(t *testing.T) {
	state := map[string]int{} // 1 while on the path, 2 when done
	var visit func(string, []string)
	visit = func(folder string, path []string) {
		if state[folder] == 2 {
			return
		}
		path = append(path, folder)
		if state[folder] == 1 {
			t.Fatalf("the rules form a cycle: %s", strings.Join(path, " -> "))
		}
		state[folder] = 1
		if r := lattice[folder]; r.ours != "*" {
			for _, next := range strings.Fields(r.ours) {
				if _, ok := lattice[next]; !ok {
					t.Errorf("%s may import %q, which has no rule", folder, next)
				}
				visit(next, path)
			}
		}
		state[folder] = 2
	}
	for _, folder := range slices.Sorted(maps.Keys(lattice)) {
		if lattice[folder].why == "" {
			t.Errorf("the rule of %s gives no reason", folder)
		}
		visit(folder, nil)
	}
}

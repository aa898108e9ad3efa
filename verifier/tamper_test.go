package verifier

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
)

// The corpus of tampering is testdata/tampering: programs that do not solve
// their task and try to pass all the same. NAME stands for the entry point of
// whichever task they are run against.
func tampering(t *testing.T) map[string]string {
	files, err := filepath.Glob("testdata/tampering/*.py")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	all := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq("\n"+string(text), "\n#### ") {
			name, body, ok := strings.Cut(part, "\n")
			if name = strings.TrimSpace(name); !ok || name == "" {
				continue
			}
			if all[name] != "" {
				t.Fatalf("two attacks are named %q", name)
			}
			all[name] = body
		}
	}
	return all
}

// tampered are the tasks that attacks are run against: answers that are a
// number, a truth value, a list, a text, an exception, a changed argument.
var tampered = []struct{ entry, honest, cases, test string }{
	{
		"total", "def total(xs):\n    return sum(xs)\n",
		`[{"input": [[1, 2, 3]], "output": 6}, {"input": [[]], "output": 0}, {"input": [[4, -9]], "output": -5}]`,
		"def check(candidate):\n    assert candidate([1, 2, 3]) == 6\n    assert candidate([]) == 0\n    assert candidate([4, -9]) == -5\n    assert abs(candidate([10]) - 10) < 1e-6\n",
	},
	{
		"is_prime", "def is_prime(n):\n    return n > 1 and all(n % d for d in range(2, n))\n",
		`[{"input": [7], "output": true}, {"input": [8], "output": false}, {"input": [1], "output": false}]`,
		"def check(candidate):\n    assert candidate(7)\n    assert not candidate(8)\n    assert candidate(13) is True\n    assert not any(map(candidate, [0, 1, 4, 9]))\n    assert all(candidate(n) for n in (2, 3, 5))\n    assert all(map(candidate, (2, 3, 5)))\n",
	},
	{
		"unique", "def unique(xs):\n    return sorted(set(xs))\n",
		`[{"input": [[3, 1, 3]], "output": [1, 3]}, {"input": [[2]], "output": [2]}, {"input": [["b", "a"]], "output": ["a", "b"]}]`,
		"def check(candidate):\n    assert candidate(candidate([3, 1, 3])) == [1, 3]\n    assert candidate([3, 1, 3]) == [1, 3]\n    assert list(candidate([2])) == [2]\n    assert len(candidate([5, 5, 6])) == 2\n    assert [1, 3] == candidate([3, 1, 3])\n",
	},
	{
		"shout", "def shout(s):\n    return s.upper() + '!'\n",
		`[{"input": ["ab"], "output": "AB!"}, {"input": [""], "output": "!"}]`,
		"def check(candidate):\n    assert candidate('ab') == 'AB!'\n    assert candidate('') in ('!',)\n    assert candidate('x').endswith('X!')\n    assert {candidate('y'): 1} == {'Y!': 1}\n",
	},
	{
		"root", "def root(n):\n    if n < 0:\n        raise ValueError('negative')\n    return n ** 0.5\n",
		`[{"input": [4], "output": 2.0}, {"input": [2.25], "output": 1.5}, {"input": [0], "output": 0.0}]`,
		"def check(candidate):\n    assert abs(candidate(4) - 2) < 1e-9\n    assert candidate(2.25) == 1.5\n    try:\n        candidate(-1)\n    except ValueError:\n        pass\n    else:\n        raise AssertionError('a negative number has a root')\n",
	},
	{
		"reverse", "def reverse(xs):\n    xs.reverse()\n", "",
		"def check(candidate):\n    xs = [1, 2, 3]\n    assert candidate(xs) is None\n    assert xs == [3, 2, 1]\n    d = [[1, 2], [5]]\n    candidate(d[0])\n    assert d == [[2, 1], [5]]\n",
	},
}

// hanging tells that a program takes all of its time, whatever its task, and that
// twice. Such programs, named for it, meet one task.
func hanging(name string) bool { return strings.HasPrefix(name, "hangs") }

func TestTampering(t *testing.T) {
	box := strictBox(t)
	h := coretest.NewHost(nil)
	h.Box = box
	v, err := newCases(t.Context(), h, CasesConfig{Running: Running{Timeout: time.Second, Memory: 256}})
	if err != nil {
		t.Fatal(err)
	}
	attacks := tampering(t)
	if len(attacks) < 60 {
		t.Errorf("the corpus has %d programs", len(attacks))
	}
	for i, task := range tampered {
		names := []string{}
		for name := range attacks {
			if i == 0 || !hanging(name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for way, ref := range map[string]string{
			"cases": fmt.Sprintf(`{"language": "python", "entry_point": %q, "cases": %s}`, task.entry, task.cases),
			"test":  fmt.Sprintf(`{"language": "python", "entry_point": %q, "test": %q}`, task.entry, task.test),
		} {
			if way == "cases" && task.cases == "" {
				continue
			}
			t.Run(task.entry+"/"+way, func(t *testing.T) {
				t.Parallel() // they wait for each other's processes, and for little else
				texts := []string{"```python\n" + task.honest + "```"}
				for _, name := range names {
					texts = append(texts, strings.ReplaceAll(attacks[name], "NAME", task.entry))
				}
				ep := coretest.Episode(core.Task{ID: task.entry, Prompt: []core.Node{{Role: core.RoleUser, Content: "Write " + task.entry + "."}}, Reference: []byte(ref)}, texts...)
				j, err := v.Verify(t.Context(), ep, nil)
				if err != nil {
					t.Fatal(err)
				}
				if s := j.Scores[0]; s.Value != 1 || s.Abstain {
					t.Errorf("the honest program does not pass: %+v", s)
				}
				for i, name := range names {
					if s := j.Scores[i+1]; s.Value != 0 || s.Abstain {
						t.Errorf("%s passes: %+v", name, s)
					} else if testing.Verbose() {
						t.Logf("%s: %s", name, s.Rationale)
					}
				}
			})
		}
	}
}

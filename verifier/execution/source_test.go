package execution

import (
	"slices"
	"strings"
	"testing"
)

func TestReadCompletion(t *testing.T) {
	for what, c := range map[string]struct {
		completion, source string
		goesOn             bool
	}{
		"a program":                      {"def f(x):\n    return x\n", "def f(x):\n    return x\n", false},
		"goes on":                        {"    return x\n", "    return x\n", true},
		"goes on by a tab":               {"\treturn x", "\treturn x", true},
		"goes on after blank lines":      {"\n  \n    return x\n\ndef g():\n    pass\n", "\n  \n    return x\n\n", true},
		"cut at a comment":               {"    return x\n# next\n    y\n", "    return x\n", true},
		"cut at a print":                 {"    a\n\n\nprint(f(1))", "    a\n\n\n", true},
		"carriage returns":               {"    a\r\n    b\r\nc", "    a\n    b\n", true},
		"nothing":                        {"", "", false},
		"blank":                          {"\n\n", "\n\n", false},
		"a block":                        {"Here it is:\n```python\ndef f(x): return x\n```\nDone.", "def f(x): return x\n", false},
		"a block of waves":               {"~~~\ndef f(x): return x\n~~~", "def f(x): return x\n", false},
		"a block that is not closed":     {"```py\ndef f(x):\n    return x", "def f(x):\n    return x", false},
		"an indented block":              {"1. So:\n   ```python\n   def f(x):\n       return x\n   ```", "def f(x):\n    return x\n", false},
		"the block that defines":         {"```\nimport math\ndef f(x): return 1\n```\nUse:\n```\nprint(f(1))\n```", "import math\ndef f(x): return 1\n", false},
		"the last block that defines":    {"```\ndef f(x): return 1\n```\nBetter:\n```\ndef f(x): return 2\n```\n", "def f(x): return 2\n", false},
		"no block defines":               {"```\na\n```\n```\nb\n```", "b\n", false},
		"a longer fence holds a shorter": {"````\ndef f(x): return '''\n```\n'''\n````", "def f(x): return '''\n```\n'''\n", false},
		"indented code and a block":      {"    return 1\n```\ndef f(x): return 2\n```", "def f(x): return 2\n", false},
		"a fence after what goes on":     {"    return x\n```\n\nThis gives x.", "    return x\n", true},
		"a fence after a program":        {"def f(x):\n    return x\n```\nThis gives x.", "def f(x):\n    return x\n", false},
		"a fence in a text of a program": {"def f(x):\n    '''\n    ```\n    f(1)\n    ```\n    '''\n    return x\n", "def f(x):\n    '''\n    ```\n    f(1)\n    ```\n    '''\n    return x\n", false},
		"a fence in a text of a block":   {"```python\ndef f(x):\n    '''\n    ```\n    f(1)\n    ```\n    '''\n    return x\n```", "def f(x):\n    '''\n    ```\n    f(1)\n    ```\n    '''\n    return x\n", false},
		"a block that goes on nothing":   {"  ```\n  x = 1\n  ```", "x = 1\n", false},
		"a block that imports it":        {"```\ndef f(x): return 1\n```\n```\nfrom solution import f\nprint(f(1))\n```", "def f(x): return 1\n", false},
		"blocks that import it only":     {"```\nfrom math import sqrt as f\n```\n```\nprint(1)\n```", "from math import sqrt as f\n", false},
		"a byte order mark":              {"\ufeffdef f(x): return 1", "def f(x): return 1", false},
		"a byte order mark and a block":  {"\ufeff```\n\ufeffdef f(x): return 1\n```", "def f(x): return 1\n", false},
		"ticks in a line":                {"Use `f`.\n", "Use `f`.\n", false},
	} {
		p := ReadCompletion(c.completion, "p", "f")
		if p.Source != c.source || p.GoesOn != c.goesOn {
			t.Errorf("%s: %q, goes on %v; want %q, %v", what, p.Source, p.GoesOn, c.source, c.goesOn)
		}
	}
}

func TestDefines(t *testing.T) {
	for source, want := range map[string]bool{
		"def f(x): pass": true, "async  def f(x): pass": true, "class f: pass": true, "f = lambda x: x": true, "f: int = 3": true, "from m import f": true,
		"x = 1\ndef f():\n  pass": true, "def ff(x): pass": false, "    def f(x): pass": false, "f == 3": false, "print(f(1))": false, "": false,
	} {
		if Defines(source, "f") != want {
			t.Errorf("%q defines f: want %v", source, want)
		}
	}
}

func FuzzReadCompletion(f *testing.F) {
	f.Add("```python\nx\n```", "f")
	f.Add("   a\nb", "(")
	f.Fuzz(func(t *testing.T, completion, entry string) {
		p := ReadCompletion(completion, "", entry)
		if len(p.Source) > len(completion) {
			t.Errorf("the program is longer than the completion")
		}
		if p.GoesOn && slices.ContainsFunc(strings.Split(p.Source, "\n"), func(l string) bool { return l != "" && !strings.ContainsAny(l[:1], " \t\r\f") }) {
			t.Errorf("%q has a line in column 0", p.Source)
		}
		Unfenced(completion)
	})
}

package execution

import (
	"strings"
	"testing"

	"pawl/coretest"
)

// What honest programs and honest tests need of each other.
func TestCheck(t *testing.T) {
	for what, c := range map[string]struct {
		prompt, program, test string
		pass                  bool
		says                  string
	}{
		"right":                     {"", "def f(x):\n    return x + 1", "def check(c):\n    assert c(1) == 2", true, ""},
		"wrong":                     {"", "def f(x):\n    return x", "def check(c):\n    assert c(0) == 0\n    assert c(1) == 2", false, "AssertionError"},
		"raises":                    {"", "def f(x):\n    return [][x]", "def check(c):\n    assert c(1) == 2", false, "IndexError"},
		"missing":                   {"", "def g(x):\n    return x", "def check(c):\n    assert c(1) == 2", false, "defines no function f"},
		"broken program":            {"", "def f(x:\n", "def check(c):\n    assert c(1) == 2", false, "SyntaxError"},
		"ends while loading":        {"", "import os\nos._exit(3)", "def check(c):\n    assert c(1)", false, "ended by itself with status 3"},
		"tuples and sets":           {"", "def f(x):\n    return ({1, 2}, frozenset([3]), (4,), b'5', {6: {7}})", "def check(c):\n    assert c(0) == ({2, 1}, frozenset([3]), (4,), b'5', {6: {7}}) and type(c(0)) is tuple", true, ""},
		"exceptions by type":        {"", "class Mine(ValueError):\n    pass\ndef f(x):\n    raise Mine('no', x)", "def check(c):\n    try:\n        c(7)\n    except ValueError as e:\n        assert e.args == ('no', 7)\n    else:\n        assert False", true, ""},
		"KeyError":                  {"", "def f(x):\n    return {}[x]", "def check(c):\n    try:\n        c('k')\n    except KeyError as e:\n        assert e.args[0] == 'k'\n        return\n    assert False", true, ""},
		"a generator":               {"", "def f(n):\n    yield from range(n)", "def check(c):\n    assert list(c(3)) == [0, 1, 2]\n    assert sum(c(4)) == 6\n    assert next(c(1)) == 0", true, ""},
		"a generator never ends":    {"", "def f(n):\n    while True:\n        n += 1\n        yield n", "def check(c):\n    g = c(0)\n    assert [next(g), next(g)] == [1, 2]", true, ""},
		"views and ranges":          {"", "def f(n):\n    return {'k': {1: 2}.keys(), 'v': {1: 2}.values(), 'i': {1: 2}.items(), 'r': range(n), 'm': map(str, [n])}[\"kvirm\"[n]]", "def check(c):\n    assert c(0) == {1}\n    assert list(c(1)) == [2]\n    assert list(c(2)) == [(1, 2)]\n    assert c(3) == range(3)\n    assert list(c(4)) == ['4']", true, ""},
		"changes its argument":      {"", "def f(xs):\n    xs.append(len(xs))", "def check(c):\n    xs = []\n    c(xs)\n    c(xs)\n    assert xs == [0, 1]", true, ""},
		"changes deep inside":       {"", "def f(d):\n    d['a'].append(1)\n    d['b'] = {2}\n    del d['c']", "def check(c):\n    inner = []\n    d = {'a': inner, 'c': 3}\n    c(d)\n    assert inner == [1] and d == {'a': [1], 'b': {2}}", true, ""},
		"named arguments":           {"", "def f(a, *, b=2, **more):\n    return a + b + sum(more.values())", "def check(c):\n    assert c(1) == 3 and c(1, b=5) == 6 and c(a=1, z=10) == 13", true, ""},
		"big and odd numbers":       {"", "def f(x):\n    return [10 ** 5000, -10 ** 30, float('inf'), -0.0, 1e-320, 2j]", "def check(c):\n    assert c(0) == [10 ** 5000, -10 ** 30, float('inf'), 0.0, 1e-320, 2j]", true, ""},
		"text of all kinds":         {"", "def f(x):\n    return x + '\\x00\\n\\'\"\\\\é𝄞\\ud800'", "def check(c):\n    assert c('𝄞') == '𝄞\\x00\\n\\'\"\\\\é𝄞\\ud800'", true, ""},
		"Counter is a dict":         {"", "from collections import Counter, OrderedDict, defaultdict\ndef f(x):\n    return [Counter(x), OrderedDict(a=1), defaultdict(int, b=2)]", "def check(c):\n    assert c('aab') == [{'a': 2, 'b': 1}, {'a': 1}, {'b': 2}]", true, ""},
		"a namedtuple is its tuple": {"", "from collections import namedtuple\nP = namedtuple('P', 'a b')\ndef f(x):\n    return [P(1, x), P(3, P(4, 5))]", "def check(c):\n    assert c(2) == [(1, 2), (3, (4, 5))]", true, ""},
		"a namedtuple that lies":    {"", "class P(tuple):\n    _fields = ()\n    __eq__ = lambda s, o: True\n    __iter__ = lambda s: iter([2])\n    __len__ = lambda s: 1\ndef f(x):\n    return P((1,))", "def check(c):\n    assert c(0) == (1,)\n    assert c(0) == (2,)", false, "AssertionError"},
		"text that cannot be read":  {"", "def f(x):\n    return x.decode()", "def check(c):\n    try:\n        c(b'\\xff')\n    except UnicodeDecodeError as e:\n        assert e.start == 0\n        return\n    assert False", true, ""},
		"fractions, decimals":       {"", "from fractions import Fraction\nfrom decimal import Decimal\ndef f(x):\n    return Fraction(1, 3) + x, Decimal('1.10')", "from fractions import Fraction\nfrom decimal import Decimal\ndef check(c):\n    assert c(Fraction(1, 3)) == (Fraction(2, 3), Decimal('1.1'))", true, ""},
		"helpers in the test":       {"def twice(x):\n    return 2 * x\n\ndef f(x):\n    \"\"\" Half. \"\"\"\n", "def f(x):\n    return x // 2", "def check(c):\n    assert c(twice(4)) == 4", true, ""},
		"helpers in the program":    {"def twice(x):\n    return 2 * x\n\ndef f(x):\n    \"\"\" Four times. \"\"\"\n", "def f(x):\n    return twice(twice(x))", "def check(c):\n    assert c(3) == 12", true, ""},
		"goes on":                   {"import math\n\ndef f(x):\n    \"\"\" Root. \"\"\"\n", "    return math.isqrt(x)\n\nprint('more')", "def check(c):\n    assert c(9) == 3", true, ""},
		"goes on from a head":       {"def f(x):", "\n    return x + 1", "def check(c):\n    assert c(9) == 10", true, ""},
		"the stub is no program":    {"def f(x):\n    \"\"\" Nothing. \"\"\"\n", "def g(x):\n    pass", "def check(c):\n    assert c(9) is None", false, "defines no function f"},
		"a prompt in words":         {"Write f, please: it adds one.", "def f(x):\n    return x + 1", "def check(c):\n    assert c(9) == 10", true, ""},
		"reads and prints":          {"", "print('loading')\ndef f(x):\n    print(x)\n    try:\n        input()\n    except EOFError:\n        return x", "def check(c):\n    print('testing')\n    assert c(9) == 9", true, ""},
		"calls itself by name":      {"", "def f(n):\n    return 1 if n < 2 else n * f(n - 1)", "def check(c):\n    assert c(5) == 120 and f(4) == 24", true, ""},
		"an own type":               {"", "class P:\n    pass\ndef f(x):\n    return P()", "def check(c):\n    assert c(5)", false, "TypeError"},
		"asserts without check":     {"", "def f(x):\n    return x", "assert f(3) == 3\nassert f([]) == []", true, ""},
		"asserts that fail":         {"", "def f(x):\n    return 0", "assert f(0) == 0\nassert f(1) == 1", false, "AssertionError"},
		"an own type, passed on":    {"", "class P:\n    pass\ndef f(x):\n    return P()", "def check(c):\n    assert c(c(5)) is None", false, "type of its own"},
		"main is not run":           {"", "def f(x):\n    return x\nif __name__ == '__main__':\n    f = None", "def check(c):\n    assert c(5) == 5", true, ""},
		"dataclasses":               {"", "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef f(x):\n    return P(x).x", "def check(c):\n    assert c(5) == 5", true, ""},
	} {
		v, err := Check(t.Context(), coretest.HonestBox{}, ReadCompletion(c.program, c.prompt, "f"), c.test, quick)
		if err != nil || v.Pass != c.pass || v.Broken != "" || !strings.Contains(v.Error, c.says) {
			t.Errorf("%s: %+v, %v; want pass %v, %q", what, v, err, c.pass, c.says)
		}
	}
}

// A test that cannot tell says so, whatever the program.
func TestBrokenTests(t *testing.T) {
	for what, c := range map[string]struct{ test, says string }{
		"no check":        {"x = 1", "defines no check"},
		"no call":         {"def check(c):\n    pass", "defines no check that calls"},
		"a syntax error":  {"def check(c:", "SyntaxError"},
		"fails by itself": {"import nothing_of_the_kind", "ModuleNotFoundError"},
		"a function":      {"def check(c):\n    assert c(lambda: 1)", "cannot be handed over"},
	} {
		v, err := Check(t.Context(), coretest.HonestBox{}, Program{Source: "def f(x):\n    return x", Entry: "f"}, c.test, quick)
		if err != nil || v.Pass || !strings.Contains(v.Broken, c.says) {
			t.Errorf("%s: %+v, %v; want %q", what, v, err, c.says)
		}
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	coretest.NoLeaks(t)
	for _, program := range []string{"while True:\n    pass", "def f(x):\n    while True:\n        pass"} {
		ctx := endsSoon(t)
		if v, err := Check(ctx, coretest.HonestBox{}, Program{Source: program, Entry: "f"}, "def check(c):\n    c(1)", quick); err == nil {
			t.Errorf("%q: %+v", program, v)
		}
	}
}

package execution

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pawl/coretest"
	"pgregory.net/rapid"
)

var quick = Limits{Time: 10 * time.Second, Memory: 1 << 30}

func whole(n int64) Value { return Value{Kind: Int, Whole: big.NewInt(n)} }
func text(s string) Value { return Value{Kind: Str, Text: s} }

// values draws any value that can cross over both ways.
func values(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		scalars := []Kind{None, Bool, Int, Float, Str, Bytes, Ellipsis, Fraction, Decimal, Complex, Range}
		kinds := append([]Kind{List, Tuple, Dict, Set, FrozenSet, ByteArray, Iterator, Keys, Values, Items}, scalars...)
		if depth == 0 {
			kinds = scalars
		}
		v := Value{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		real := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, 1e300, -5e-324, math.Inf(1), math.Inf(-1)}))
		inner := func(of *rapid.Generator[Value]) []Value { return rapid.SliceOfN(of, 0, 4).Draw(t, "items") }
		hashed := rapid.Map(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\x00\n\"'\\", "é", "𝄞", "a b"})), text)
		switch v.Kind {
		case Bool:
			v.Truth = rapid.Bool().Draw(t, "truth")
		case Int:
			v.Whole = big.NewInt(rapid.Int64().Draw(t, "whole"))
			v.Whole.Lsh(v.Whole, uint(rapid.IntRange(0, 90).Draw(t, "shift")))
		case Float:
			v.Real = real.Draw(t, "real")
		case Str:
			v = hashed.Draw(t, "text")
			if rapid.IntRange(0, 9).Draw(t, "surrogate") == 0 {
				v = Value{Kind: Str, Runes: []rune{'a', 0xd800, 0x1d11e}}
			}
		case Bytes, ByteArray:
			v.Text = string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		case List, Tuple, Iterator, Values:
			v.Items = inner(values(depth - 1))
		case Set, FrozenSet, Keys:
			v.Items = distinct(inner(hashed))
		case Dict:
			for _, k := range distinct(inner(hashed)) {
				v.Items = append(v.Items, k, values(depth-1).Draw(t, "value"))
			}
		case Items:
			for _, k := range distinct(inner(hashed)) {
				v.Items = append(v.Items, Value{Kind: Tuple, Items: []Value{k, values(depth-1).Draw(t, "value")}})
			}
		case Fraction:
			n, d := rapid.Int64().Draw(t, "n"), rapid.Int64Range(1, 1<<40).Draw(t, "d")
			r := big.NewRat(n, d)
			v.Items = []Value{{Kind: Int, Whole: r.Num()}, {Kind: Int, Whole: r.Denom()}}
		case Decimal:
			v.Text = rapid.SampledFrom([]string{"1.50", "-3", "NaN", "-Infinity", "1E+5"}).Draw(t, "decimal")
		case Complex:
			v.Items = []Value{{Kind: Float, Real: real.Draw(t, "re")}, {Kind: Float, Real: real.Draw(t, "im")}}
		case Range:
			v.Items = []Value{whole(rapid.Int64Range(-9, 9).Draw(t, "a")), whole(rapid.Int64Range(-9, 9).Draw(t, "b")), whole(rapid.Int64Range(1, 9).Draw(t, "c"))}
		}
		return v
	})
}

func distinct(vs []Value) (out []Value) {
	seen := map[string]bool{}
	for _, v := range vs {
		if !seen[v.Key()] {
			seen[v.Key()] = true
			out = append(out, v)
		}
	}
	return out
}

// Every value goes to a program and comes back as it was, type for type.
func TestValuesCrossOver(t *testing.T) {
	c, err := Start(t.Context(), coretest.HonestBox{}, Program{Source: "def same(x): return x", Entry: "same"}, Limits{Time: time.Minute, Memory: 1 << 30}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rapid.Check(t, func(t *rapid.T) {
		want := values(3).Draw(t, "value")
		err := c.Ask([]Call{{Args: Value{Kind: Tuple, Items: []Value{want}}, Named: Value{Kind: Dict}}}, false, func(_ int, a Answer) error {
			if a.Wrong() != "" || a.Value.Key() != want.Key() {
				t.Fatalf("sent %s, got %s (%s)", want.Python(), a.Value.Python(), a.Wrong())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestMatch(t *testing.T) {
	list := func(vs ...Value) Value { return Value{Kind: List, Items: vs} }
	tuple := func(vs ...Value) Value { return Value{Kind: Tuple, Items: vs} }
	dict := func(vs ...Value) Value { return Value{Kind: Dict, Items: vs} }
	real := func(f float64) Value { return Value{Kind: Float, Real: f} }
	yes := Value{Kind: Bool, Truth: true}
	for _, c := range []struct {
		want      string
		got       Value
		tolerance float64
		match     bool
	}{
		{"3", whole(3), 0, true},
		{"3", real(3), 0, false},
		{"3.0", real(3), 0, true},
		{"3.0", whole(3), 0, false},
		{"1", yes, 0, false},
		{"true", yes, 0, true},
		{"true", whole(1), 0, false},
		{"1.0", yes, 0.5, false},
		{"null", Value{}, 0, true},
		{"false", Value{}, 0, false},
		{`"3"`, whole(3), 0, false},
		{`"a"`, text("a"), 0, true},
		{`"a"`, Value{Kind: Bytes, Text: "a"}, 0, false},
		{`"a"`, Value{Kind: Str, Runes: []rune{0xd800}}, 0, false},
		{"[1, 2]", list(whole(1), whole(2)), 0, true},
		{"[1, 2]", tuple(whole(1), whole(2)), 0, true},
		{"[[1], 2]", tuple(tuple(whole(1)), whole(2)), 0, true},
		{"[1, 2]", list(whole(2), whole(1)), 0, false},
		{"[1]", list(whole(1), whole(1)), 0, false},
		{"[1, 2]", Value{Kind: Set, Items: []Value{whole(1), whole(2)}}, 0, false},
		{"[1]", Value{Kind: Iterator, Items: []Value{whole(1)}}, 0, false},
		{"[]", dict(), 0, false},
		{"{}", dict(), 0, true},
		{`{"a": 1}`, dict(text("a"), whole(1)), 0, true},
		{`{"1": 2}`, dict(whole(1), whole(2)), 0, true},
		{`{"1": 2}`, dict(real(1), whole(2)), 0, false},
		{`{"1": 2, "2": 2}`, dict(whole(1), whole(2), text("1"), whole(2)), 0, false},
		{`{"a": 1}`, dict(text("a"), whole(1), text("b"), whole(1)), 0, false},
		{"0.3", real(math.Nextafter(0.3, 1)), 0, false},
		{"0.3", real(math.Nextafter(0.3, 1)), 1e-9, true},
		{"1e10", real(1e10 + 1), 1e-9, true},
		{"2", real(2), 1e-9, true},
		{"2.0", whole(2), 1e-9, true},
		{"2", real(math.NaN()), 1, false},
		{"2", real(math.Inf(1)), 1, false},
		{"123456789012345678901234567890", Value{Kind: Int, Whole: new(big.Int).Add(mustInt("123456789012345678901234567890"), big.NewInt(0))}, 0, true},
		{"123456789012345678901234567890", Value{Kind: Int, Whole: mustInt("123456789012345678901234567891")}, 0, false},
		{"1", Value{Kind: Opaque, Text: "int"}, 0, false},
	} {
		d := json.NewDecoder(strings.NewReader(c.want))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := Match(want, c.got, c.tolerance); got != c.match {
			t.Errorf("Match(%s, %s, %v) = %v", c.want, c.got.Python(), c.tolerance, got)
		}
	}
}

func mustInt(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic(s)
	}
	return n
}

func TestSame(t *testing.T) {
	set := func(vs ...Value) Value { return Value{Kind: Set, Items: vs} }
	f := Value{Kind: Float, Real: 1}
	if !Same(set(whole(1), whole(2)), set(whole(2), whole(1)), 0) || Same(set(whole(1)), set(f), 0) {
		t.Error("sets are equal whatever their order, and by type")
	}
	if Same(Value{Kind: List}, Value{Kind: Tuple}, 0) || Same(Value{Kind: Opaque, Text: "x"}, Value{Kind: Opaque, Text: "x"}, 0) {
		t.Error("a list is no tuple, and nothing is known of what is opaque")
	}
	for _, kind := range []Kind{List, Tuple, Iterator} {
		of := Value{Kind: kind, Items: []Value{whole(1), {Kind: Opaque, Text: "x"}}}
		if Same(of, of, 0) || Same(of, of, 1e-6) {
			t.Errorf("a thing of kind %d around what is opaque is the same as another", kind)
		}
	}
	if some, more := (Value{Kind: Iterator}), (Value{Kind: Iterator, Truth: true}); Same(some, more, 0) || !Same(more, more, 0) {
		t.Error("an iterator that goes on is one that has ended")
	}
	near := Value{Kind: List, Items: []Value{{Kind: Float, Real: 1 + 1e-9}}}
	if !Same(Value{Kind: List, Items: []Value{f}}, near, 1e-6) || Same(Value{Kind: List, Items: []Value{f}}, near, 0) {
		t.Error("tolerance")
	}
}

// Whatever a process says, reading it neither panics nor gives a value that
// Python would not take.
func FuzzReadValue(f *testing.F) {
	for _, s := range []string{`["l",[1,["t",["a"]]]]`, `["d",[[["l",[]],1]]]`, `["r",0,1,0]`, `["q","1","0"]`, `["n","zz"]`, `["f","0x1p+1"]`, `["u",[55296]]`,
		`["g",[1],true]`, `["i",[["t",[1,2]]]]`, `["o","x\") or exit(O(\""]`, `["m","1\") or (\""]`, `["b","0g"]`, `1e99`, `[[[[[[]]]]]]`, `["z",[["s",[]]]]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		var raw any
		if d.Decode(&raw) != nil {
			return
		}
		v, err := readValue(raw, 0)
		if err != nil {
			return
		}
		p := v.Python()
		v.Key()
		v.Sendable()
		for _, r := range p {
			if r < 32 || r > 126 {
				t.Fatalf("%q holds %q", p, r)
			}
		}
	})
}

func FuzzFromJSON(f *testing.F) {
	for _, s := range []string{`[1, {"a": [2.5, null, true]}, "x"]`, `{`, `1e999`, `[1] 2`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := FromJSON([]byte(s))
		if err != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		var want any
		if d.Decode(&want) == nil && !strings.ContainsAny(s, `\{eE.`) && !Match(want, v, 0) {
			t.Fatalf("%s is read as %s, which does not match it", s, v.Python())
		}
	})
}

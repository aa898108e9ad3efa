// Package addition is the world of sums of two numbers of a given length, the
// digits of the sum written forward or reversed (Teaching Arithmetic to Small
// Transformers, Lee et al., 2023). Reversed, 12+34= is answered 64, which a
// causal model can produce carry by carry. With the units first throughout,
// 12+95= reads 21+59= and is answered 701: digits of one column are as far from
// the beginnings of their numbers, and a sum has one digit more than the numbers
// whether it carries or not (Self-Improving Transformers Overcome Easy-to-Hard
// and Length Generalization Challenges, Lee et al., 2025). In columns, a form of
// our own, the digits of one column stand side by side as well, 2519=701: a
// digit of the sum then has one place to look for in place of two.
//
// A step is a digit.
package addition

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	world.Register("addition", registry.Doc{
		Summary: "Add two numbers of a given length, digits written forward or reversed.",
		Paper:   "Teaching Arithmetic to Small Transformers (Lee et al., 2023)",
		Example: "addition: {split: train, digits: 5, order: reversed}",
	}, New, func(c Config) int { return c.N }, world.Rules{Judge: oracle, Steps: steps, Flaw: flaw, Restate: swapped, Read: read})
}

// Config chooses an addition world: sums of two numbers with exactly
// Digits digits each.
type Config struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level   int    `yaml:"level,omitzero" default:"0" min:"0" max:"5" doc:"Difficulty from 1 to 5: as many digits; 0 is as 3."`
	Digits  int    `yaml:"digits" default:"0" min:"0" max:"10000" doc:"Digits of each number, from 1; 0 is by level."`
	Order   string `yaml:"order" enum:"forward|reversed|units_first|columns" default:"forward" doc:"Order of the digits: reversed puts the units of the sum first, units_first those of all three numbers, the sum with a closing 0 where nothing carries; columns as well, and both digits of a column side by side: 2519=701 is 12+95=107."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks and draws what is swapped."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// World is the world of Config. Compact prompts read "12+34=",
// completions are the digits of the sum. In reversed order the sum of 12 and
// 34 is written 64, which a causal model can produce carry by carry. x+y and
// y+x count as one instance.
type World struct {
	cfg   Config
	share world.Share
	low   uint64 // each number's determined part is below this
}

const (
	unitsFirst = "units_first"
	columns    = "columns"
)

// lowDigits is how many digits of each number the instance number determines;
// pairs of them can just be numbered.
const lowDigits = 9

type reference struct {
	core.Reference
	X       string `json:"x"`
	Y       string `json:"y"`
	Order   string `json:"order"`
	Dialect string `json:"dialect"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	c.Split = cmp.Or(c.Split, "train")
	c.Order = cmp.Or(c.Order, "forward")
	if c.Level < 0 || c.Level > 5 {
		return nil, fmt.Errorf("making world addition: level %d: there are 1 to 5", c.Level)
	}
	c.Digits = cmp.Or(c.Digits, c.Level, 3)
	var err error
	if c.Dialect, err = world.Dialect(c.Dialect); err != nil {
		return nil, fmt.Errorf("making world addition: %w", err)
	}
	if !slices.Contains([]string{"forward", "reversed", unitsFirst, columns}, c.Order) {
		return nil, fmt.Errorf("making world addition: no order named %q; there are forward, reversed, %s and %s", c.Order, unitsFirst, columns)
	}
	if c.Digits < 1 {
		return nil, fmt.Errorf("making world addition: numbers of %d digits: at least 1 is needed", c.Digits)
	}
	w := &World{cfg: c, low: pow10(lowDigits)}
	switch { // numbers of d digits do not start with 0, except 0 itself
	case c.Digits == 1:
		w.low = 10
	case c.Digits <= lowDigits:
		w.low = 9 * pow10(c.Digits-1)
	}
	space := fmt.Sprintf("addition of %d digits", c.Digits)
	w.share, err = world.NewShare(space, w.low*(w.low+1)/2, c.Split, c.Seed)
	return w, err
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters: every digit is one token.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is the ten digits, + and =.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("0123456789+=", "")
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	n := w.share.Instance(i)
	rng := world.Random("addition", w.cfg.Seed, n)
	a, b := unrankPair(n)
	x, y := w.number(a, rng), w.number(b, rng)
	if rng.IntN(2) == 1 {
		x, y = y, x
	}
	ref := reference{
		Reference: core.Reference{World: "addition"},
		X:         x, Y: y, Order: w.cfg.Order, Dialect: w.cfg.Dialect,
	}
	sum := ref.written(addDigits(x, y))
	ref.Answer, ref.Solution = sum, sum
	prompt := x + "+" + y + "="
	switch w.cfg.Order {
	case unitsFirst:
		prompt = reversed(x) + "+" + reversed(y) + "="
	case columns:
		prompt = sideBySide(reversed(x), reversed(y)) + "="
	}
	if w.cfg.Dialect == world.Chat {
		prompt = fmt.Sprintf("What is %s + %s?", x, y)
		switch w.cfg.Order {
		case "reversed":
			prompt += " Write the digits of the sum in reverse order, units first."
		case unitsFirst, columns: // in words a column is no easier to find
			prompt += fmt.Sprintf(" Write the digits of the sum in reverse order, units first, and as many as %d of them, if need be with a 0 at the end.", w.cfg.Digits+1)
		}
		prompt += " End with the answer on its own line, as #### answer."
		ref.Solution = "#### " + sum
	}
	return world.NewTask("addition", "addition/"+w.cfg.Split+"/"+x+"+"+y, prompt, ref)
}

// swapped is y+x for x+y; digits in columns have no other order of the numbers
// that is not another layout.
func swapped(t core.Task, _ *rand.Rand) (core.Task, bool) { return world.SwapOperands(t, "+") }

// number spells out the number whose determined part is low.
func (w *World) number(low uint64, rng *rand.Rand) string {
	switch d := w.cfg.Digits; {
	case d == 1:
		return fmt.Sprint(low)
	case d <= lowDigits:
		return fmt.Sprint(low + pow10(d-1))
	default:
		head := make([]byte, d-lowDigits)
		for i := range head {
			head[i] = byte('0' + rng.IntN(10))
		}
		head[0] = byte('1' + rng.IntN(9))
		return fmt.Sprintf("%s%0*d", head, lowDigits, low)
	}
}

// unrankPair is the pair a <= b with number n = b(b+1)/2 + a.
func unrankPair(n uint64) (a, b uint64) {
	b = uint64((math.Sqrt(8*float64(n)+1) - 1) / 2)
	for b*(b+1)/2 > n { // the square root of a large number may be off by one
		b--
	}
	for (b+1)*(b+2)/2 <= n {
		b++
	}
	return n - b*(b+1)/2, b
}

// addDigits is the sum of two numbers in decimal digits.
func addDigits(x, y string) string {
	a, _ := new(big.Int).SetString(x, 10)
	b, _ := new(big.Int).SetString(y, 10)
	return a.Add(a, b).String()
}

// written is how the task wants a sum, given in forward order, to be written.
func (r reference) written(sum string) string {
	switch r.Order {
	case "reversed":
		return reversed(sum)
	case unitsFirst, columns:
		return reversed(sum) + strings.Repeat("0", max(0, max(len(r.X), len(r.Y))+1-len(sum)))
	}
	return sum
}

// sideBySide alternates the digits of two numbers of equal length.
func sideBySide(x, y string) string {
	b := make([]byte, 0, 2*len(x))
	for i := range len(x) {
		b = append(b, x[i], y[i])
	}
	return string(b)
}

func reversed(digits string) string {
	b := []byte(digits)
	slices.Reverse(b)
	return string(b)
}

// Package multiply is the world of multiplying two numbers on a scratchpad.
//
// The compact prompt "mul 37*24=" is completed by
//
//	4>8241=841;2>4170=0470;+8880;888
//
// A step ends in a semicolon. For each digit of the second number, units
// first, "4>8241=841" multiplies the first number, 37, by the digit 4: after >
// come, for each of its digits from the units on, the digit written down and the
// carry (7*4 is 8 carry 2; 3*4 plus 2 is 4 carry 1), after = the partial product,
// its units first, the last carry at its end and a zero in front for each place
// that the digit is shifted. From the second digit on a step "+8880" follows
// with the sum of all partial products so far, units first. The last step is the
// product as one writes it. Widths are fixed, zeros at the high end fill them: a
// partial product has one digit more than the first number, beside the shift,
// and the sum after it is as wide. So every character follows from a few that
// stand at places known beforehand, which a small causal model can learn.
//
// Digits that start with the units are from "Teaching Arithmetic to Small
// Transformers" (Lee et al., 2023), working step by step is from "Show Your
// Work: Scratchpads for Intermediate Computation with Language Models" (Nye et
// al., 2021). The product alone is right, but not valid.
package multiply

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
	"pawl/world/internal/text"
)

// Config chooses products of two numbers with exactly Digits and By digits.
type Config struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level   int    `yaml:"level" default:"3" min:"1" max:"5" doc:"Difficulty, which sets the digits of both numbers."`
	Digits  int    `yaml:"digits" default:"0" min:"0" max:"100" doc:"Digits of the first number; 0 goes by the level."`
	By      int    `yaml:"by" default:"0" min:"0" max:"100" doc:"Digits of the second number; 0 goes by the level."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks and draws which number comes first."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// levels are the digits of the first and the second number.
var levels = [5][2]int{{2, 2}, {3, 2}, {4, 2}, {5, 2}, {5, 3}}

// maxDigits is the most digits that a number of the world has.
const maxDigits = 100

// numbered is how many digits of a number the instance number determines: two
// of them can just be numbered.
const numbered = 9

// World is the world of a Config. Where both numbers have the same number of
// digits, x*y and y*x count as one instance.
type World struct {
	cfg   Config
	share world.Share
	low   uint64 // determined parts of the second number
}

type reference struct {
	core.Reference
	X       string `json:"x"`
	Y       string `json:"y"`
	Dialect string `json:"dialect"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	err := world.Settle(&c.Split, &c.Level, len(levels), &c.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making world multiply: %w", err)
	}
	if c.Digits == 0 {
		c.Digits = levels[c.Level-1][0]
	}
	if c.By == 0 {
		c.By = levels[c.Level-1][1]
	}
	if min(c.Digits, c.By) < 1 || max(c.Digits, c.By) > maxDigits {
		return nil, fmt.Errorf("making world multiply: %d by %d digits: from 1 to %d can be had", c.Digits, c.By, maxDigits)
	}
	w := &World{cfg: c, low: parts(c.By)}
	size := parts(c.Digits) * w.low
	if c.Digits == c.By {
		size = w.low * (w.low + 1) / 2
	}
	w.share, err = world.NewShare(fmt.Sprintf("products of %d by %d digits", c.Digits, c.By), size, c.Split, c.Seed)
	return w, err
}

// parts is how many determined parts numbers of d digits have: the first digit
// is not 0, which only matters while all digits are determined.
func parts(d int) uint64 {
	if d <= numbered {
		return 9 * pow10(d-1)
	}
	return pow10(numbered)
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

// Unit is characters.
func (w *World) Unit() string { return text.Unit }

// Vocabulary is digits and the marks of prompts and steps.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return text.Vocabulary("0123456789", keyword, "*=>;+")
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	n := w.share.Instance(i)
	r := world.Random("multiply", w.cfg.Seed, n)
	a, b := n/w.low, n%w.low
	if w.cfg.Digits == w.cfg.By {
		if a, b = unrankPair(n); r.IntN(2) == 1 {
			a, b = b, a
		}
	}
	x, y := number(a, w.cfg.Digits, r), number(b, w.cfg.By, r)
	return task("multiply/"+w.cfg.Split+"/"+x+"*"+y, x, y, w.cfg.Dialect)
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

// number spells out the number of d digits whose determined part is low.
func number(low uint64, d int, r *rand.Rand) string {
	if d <= numbered {
		return strconv.FormatUint(low+pow10(d-1), 10)
	}
	head := make([]byte, d-numbered)
	for i := range head {
		head[i] = byte('0' + r.IntN(10))
	}
	head[0] = byte('1' + r.IntN(9))
	return fmt.Sprintf("%s%0*d", head, numbered, low)
}

// task poses x*y. The reference is a function of the prompt.
func task(id, x, y, dialect string) core.Task {
	truth := work(x, y, nil)
	ref := reference{
		Reference: core.Reference{Answer: truth[len(truth)-1], Solution: strings.Join(truth, ";"), World: "multiply"},
		X:         x, Y: y, Dialect: dialect,
	}
	prompt := keyword + x + "*" + y + end
	if dialect == world.Chat {
		prompt = fmt.Sprintf("What is %s * %s?\nWork it out step by step, one equation a line. End with the answer on its own line, as #### answer.", x, y)
		ref.Solution = chatSolution(x, y)
	}
	return world.NewTask("multiply", id, prompt, ref)
}

func init() {
	world.Register("multiply", registry.Doc{
		Summary: "Multiply two numbers of given lengths, with a scratchpad of partial products and sums.",
		Detail: "A prompt reads `mul 37*24=`, its completion `4>8241=841;2>4170=0470;+8880;888`: for each digit of the second number, units first, " +
			"digits and carries, the partial product with its units first, and the running sum; last the product. The oracle checks every step.",
		Paper:   "Show Your Work: Scratchpads for Intermediate Computation with Language Models (Nye et al., 2021)",
		Example: "multiply: {split: train, digits: 3, by: 2}",
	}, New, func(c Config) int { return c.N }, rules)
}

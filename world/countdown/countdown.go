// Package countdown is the numbers game: reach a target from given numbers,
// each used exactly once, with + - * and / (as in Stream of Search, Gandhi et
// al., 2024; with four numbers and the target 24, the game of 24).
//
// A step is an equation: 3 5 7>26: is solved by "3*7=21,21+5=26".
package countdown

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	world.Register("countdown", registry.Doc{
		Summary: "Reach a target from given numbers with + - * /, each number used exactly once.",
		Detail:  "Every task is solvable; the oracle accepts any legal solution, as steps or as one expression.",
		Paper:   "Stream of Search (SoS): Learning to Search in Language (Gandhi et al., 2024)",
		Example: "countdown: {split: train, numbers: 3, max: 50}",
	}, New, func(c Config) int { return c.N }, world.Rules{Judge: oracle})
}

// Config chooses a countdown world: reach a target from given
// numbers, each used exactly once, by adding, subtracting, multiplying and
// dividing.
type Config struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Numbers int    `yaml:"numbers" default:"3" min:"2" max:"6" doc:"Numbers given."`
	Max     int    `yaml:"max" default:"50" min:"2" max:"1000" doc:"Largest number given."`
	Target  int    `yaml:"target" default:"100" min:"2" max:"10000" doc:"Largest target."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks, draws targets and demonstrations."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// World is the world of Config. world.Compact prompts read "3 5 7>26:"
// and completions "3*7=21,21+5=26". Every task can be solved with whole
// numbers that never fall below 1; the oracle accepts any right solution,
// fractions and negative numbers on the way included.
type World struct {
	cfg   Config
	share world.Share
}

type reference struct {
	core.Reference
	Numbers []int64 `json:"numbers"`
	Target  int64   `json:"target"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	c.Split = cmp.Or(c.Split, "train")
	c.Numbers = cmp.Or(c.Numbers, 3)
	c.Max = cmp.Or(c.Max, 50)
	c.Target = cmp.Or(c.Target, 100)
	var err error
	if c.Dialect, err = world.Dialect(c.Dialect); err != nil {
		return nil, fmt.Errorf("making world countdown: %w", err)
	}
	if c.Numbers < 2 || c.Numbers > 6 || c.Max < 2 || c.Target < 2 {
		return nil, fmt.Errorf("making world countdown: %d numbers up to %d, targets up to %d: 2 to 6 numbers, limits of at least 2 are needed",
			c.Numbers, c.Max, c.Target)
	}
	w := &World{cfg: c}
	space := fmt.Sprintf("countdown of %d up to %d", c.Numbers, c.Max)
	w.share, err = world.NewShare(space, world.Multisets(c.Max, c.Numbers), c.Split, c.Seed)
	return w, err
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is the ten digits and the signs of prompts and steps.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("0123456789 >:+-*/=,", "")
}

// Task makes task i with a random derivation as its solution.
func (w *World) Task(i int) core.Task {
	x := w.share.Instance(i)
	rng := world.Random("countdown", w.cfg.Seed, x)
	numbers := make([]int, w.cfg.Numbers)
	world.UnrankMultiset(x, w.cfg.Max, numbers)
	for i := range numbers {
		numbers[i]++ // 1..Max
	}
	steps := w.derive(numbers, rng)
	target := steps[len(steps)-1].result
	rng.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	ref := reference{Target: int64(target)}
	ref.World, ref.Answer = "countdown", strconv.Itoa(target)
	for _, n := range numbers {
		ref.Numbers = append(ref.Numbers, int64(n))
	}
	prompt := fmt.Sprintf("%s>%d:", world.Words(numbers), target)
	ref.Solution = written(steps, "", ",")
	if w.cfg.Dialect == world.Chat {
		prompt = Prompt(ref.Numbers, ref.Target)
		ref.Solution = written(steps, " ", "\n")
	}
	id := fmt.Sprintf("countdown/%s/%s=%d", w.cfg.Split, strings.ReplaceAll(world.Words(numbers), " ", "-"), target)
	return world.NewTask("countdown", id, prompt, ref)
}

// Prompt asks for a puzzle in English.
func Prompt(numbers []int64, target int64) string {
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
	return fmt.Sprintf("Reach %d from the numbers %s. Use every number exactly once, with +, -, * and /. "+
		"Write one step per line, as a + b = c; the last step must give %d.", target, list, target)
}

// step is a op b = result in whole numbers.
type step struct {
	a, b, result int
	op           byte
}

func written(steps []step, space, between string) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			b.WriteString(between)
		}
		fmt.Fprintf(&b, "%d%s%c%s%d%s=%s%d", s.a, space, s.op, space, s.b, space, space, s.result)
	}
	return b.String()
}

// derive draws derivations until one ends within the targets. Every derivation
// is legal, so the target that the last one reaches is solvable.
func (w *World) derive(numbers []int, rng *rand.Rand) []step {
	for try := 0; ; try++ {
		left := slices.Clone(numbers)
		var steps []step
		for len(left) > 1 {
			i := rng.IntN(len(left))
			a := left[i]
			left = slices.Delete(left, i, i+1)
			j := rng.IntN(len(left))
			s := drawStep(a, left[j], w.cfg.Target, rng)
			if try >= 100 { // small targets of large numbers: keep the values small
				s = shrink(a, left[j])
			}
			left[j] = s.result
			steps = append(steps, s)
		}
		// A chain of shrinking steps may end above a very low target; then
		// that value is the target, which keeps every instance usable.
		if last := steps[len(steps)-1].result; last <= w.cfg.Target || try >= 200 {
			return steps
		}
	}
}

// drawStep combines a and b by one of the operations that give a whole number
// of at least 1. Products far above the largest target are left out.
func drawStep(a, b, target int, rng *rand.Rand) step {
	for {
		switch op := "+-*/"[rng.IntN(4)]; {
		case op == '+':
			return step{a, b, a + b, op}
		case op == '-' && a > b:
			return step{a, b, a - b, op}
		case op == '*' && a*b <= 10*target:
			return step{a, b, a * b, op}
		case op == '/' && a%b == 0:
			return step{a, b, a / b, op}
		}
	}
}

func shrink(a, b int) step {
	a, b = max(a, b), min(a, b)
	if a == b {
		return step{a, b, 1, '/'}
	}
	return step{a, b, a - b, '-'}
}

package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
)

// CountdownConfig chooses a countdown world: reach a target from given
// numbers, each used exactly once, by adding, subtracting, multiplying and
// dividing.
type CountdownConfig struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Numbers int    `yaml:"numbers" default:"3" min:"2" max:"6" doc:"Numbers given."`
	Max     int    `yaml:"max" default:"50" min:"2" max:"1000" doc:"Largest number given."`
	Target  int    `yaml:"target" default:"100" min:"2" max:"10000" doc:"Largest target."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks, draws targets and demonstrations."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// Countdown is the world of CountdownConfig. Compact prompts read "3 5 7>26:"
// and completions "3*7=21,21+5=26". Every task can be solved with whole
// numbers that never fall below 1; the oracle accepts any right solution,
// fractions and negative numbers on the way included.
type Countdown struct {
	cfg   CountdownConfig
	share share
}

type countdownReference struct {
	core.Reference
	Numbers []int64 `json:"numbers"`
	Target  int64   `json:"target"`
}

// NewCountdown checks c and makes its world. Zero values take the defaults.
func NewCountdown(c CountdownConfig) (*Countdown, error) {
	c.Split = orDefault(c.Split, "train")
	c.Numbers = orDefault(c.Numbers, 3)
	c.Max = orDefault(c.Max, 50)
	c.Target = orDefault(c.Target, 100)
	var err error
	if c.Dialect, err = checkDialect(c.Dialect); err != nil {
		return nil, fmt.Errorf("making world countdown: %w", err)
	}
	if c.Numbers < 2 || c.Numbers > 6 || c.Max < 2 || c.Target < 2 {
		return nil, fmt.Errorf("making world countdown: %d numbers up to %d, targets up to %d: 2 to 6 numbers, limits of at least 2 are needed",
			c.Numbers, c.Max, c.Target)
	}
	w := &Countdown{cfg: c}
	space := fmt.Sprintf("countdown of %d up to %d", c.Numbers, c.Max)
	w.share, err = newShare(space, multisets(c.Max, c.Numbers), c.Split, c.Seed)
	return w, err
}

// Len is the number of different tasks.
func (w *Countdown) Len() int { return w.share.len() }

// Unit is characters.
func (w *Countdown) Unit() string { return core.UnitCharacters }

// Vocabulary is the ten digits and the signs of prompts and steps.
func (w *Countdown) Vocabulary() []string {
	if w.cfg.Dialect == Chat {
		return nil
	}
	return strings.Split("0123456789 >:+-*/=,", "")
}

// Task makes task i with a random derivation as its solution.
func (w *Countdown) Task(i int) core.Task {
	x := w.share.instance(i)
	rng := random("countdown", w.cfg.Seed, x)
	numbers := make([]int, w.cfg.Numbers)
	unrankMultiset(x, w.cfg.Max, numbers)
	for i := range numbers {
		numbers[i]++ // 1..Max
	}
	steps := w.derive(numbers, rng)
	target := steps[len(steps)-1].result
	rng.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	ref := countdownReference{Target: int64(target)}
	ref.World, ref.Answer = "countdown", strconv.Itoa(target)
	for _, n := range numbers {
		ref.Numbers = append(ref.Numbers, int64(n))
	}
	prompt := fmt.Sprintf("%s>%d:", words(numbers), target)
	ref.Solution = countdownSteps(steps, "", ",")
	if w.cfg.Dialect == Chat {
		prompt = CountdownPrompt(ref.Numbers, ref.Target)
		ref.Solution = countdownSteps(steps, " ", "\n")
	}
	id := fmt.Sprintf("countdown/%s/%s=%d", w.cfg.Split, strings.ReplaceAll(words(numbers), " ", "-"), target)
	return newTask("countdown", id, prompt, ref)
}

// CountdownPrompt asks for a puzzle in English.
func CountdownPrompt(numbers []int64, target int64) string {
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
	return fmt.Sprintf("Reach %d from the numbers %s. Use every number exactly once, with +, -, * and /. "+
		"Write one step per line, as a + b = c; the last step must give %d.", target, list, target)
}

// countdownStep is a op b = result in whole numbers.
type countdownStep struct {
	a, b, result int
	op           byte
}

func countdownSteps(steps []countdownStep, space, between string) string {
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
func (w *Countdown) derive(numbers []int, rng *rand.Rand) []countdownStep {
	for try := 0; ; try++ {
		left := slices.Clone(numbers)
		var steps []countdownStep
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
func drawStep(a, b, target int, rng *rand.Rand) countdownStep {
	for {
		switch op := "+-*/"[rng.IntN(4)]; {
		case op == '+':
			return countdownStep{a, b, a + b, op}
		case op == '-' && a > b:
			return countdownStep{a, b, a - b, op}
		case op == '*' && a*b <= 10*target:
			return countdownStep{a, b, a * b, op}
		case op == '/' && a%b == 0:
			return countdownStep{a, b, a / b, op}
		}
	}
}

func shrink(a, b int) countdownStep {
	a, b = max(a, b), min(a, b)
	if a == b {
		return countdownStep{a, b, 1, '/'}
	}
	return countdownStep{a, b, a - b, '-'}
}

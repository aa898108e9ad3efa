package negotiate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// list writes numbers with commas.
func list(ns []int) string { return strings.ReplaceAll(world.Words(ns), " ", ",") }

// seed comes from what the solver sees.
func (r reference) seed() uint64 {
	return core.NewHasher("negotiate").String(list(r.Counts)).String(list(r.Mine)).Uint(uint64(r.Turns)).Seed()
}

// hidden lists what the partner may value, given what the solver sees.
func (r reference) hidden() [][]int {
	return slices.DeleteFunc(valuations(r.Counts), func(theirs []int) bool { return !useful(r.Mine, theirs) })
}

// scramble maps numbers below n onto each other, by a key of what the solver
// sees: n -> a*n + b.
func (r reference) scramble(n int) (a, b int) {
	s := rand.New(rand.NewPCG(r.seed(), 1))
	a, b = 1+s.IntN(n), s.IntN(n)
	for gcd(a, n) != 1 {
		a++
	}
	return a, b
}

// code is the number that a prompt gives to the partner.
func (r reference) code() int {
	all := r.hidden()
	number := slices.IndexFunc(all, func(v []int) bool { return slices.Equal(v, r.Theirs) }) * characters
	for c := range characters {
		if characterOf(c) == r.Partner {
			number += c
		}
	}
	a, b := r.scramble(len(all) * characters)
	return (a*number + b) % (len(all) * characters)
}

// read is the task that a compact prompt poses.
func read(prompt string) (core.Task, error) {
	t, err := parse(prompt)
	if err != nil {
		return t, fmt.Errorf("reading prompt %.60q: %w", prompt, err)
	}
	return t, nil
}

func parse(prompt string) (core.Task, error) {
	ref := reference{Dialect: world.Compact}
	var counts, mine string
	var code int
	if _, err := fmt.Sscanf(prompt, "deal %s v%s t%d #%d:", &counts, &mine, &ref.Turns, &code); err != nil {
		return core.Task{}, fmt.Errorf("it should read as deal 1,4,1 v4,1,2 t4 #57: %w", err)
	}
	var err error
	if ref.Counts, err = numbers(counts); err == nil {
		ref.Mine, err = numbers(mine)
	}
	if err != nil {
		return core.Task{}, err
	}
	if err := ref.visible(); err != nil {
		return core.Task{}, err
	}
	all := ref.hidden()
	n := len(all) * characters
	if code < 0 || code >= n {
		return core.Task{}, fmt.Errorf("partner %d: numbers here are below %d", code, n)
	}
	a, b := ref.scramble(n)
	for number := range n {
		if (a*number+b)%n == code {
			ref.Theirs, ref.Partner = all[number/characters], characterOf(number%characters)
		}
	}
	if t := task(ref); t.Text() == prompt {
		return t, nil
	}
	return core.Task{}, errors.New("it is not as it would be written")
}

// numbers reads a list of numbers of at most two digits.
func numbers(text string) ([]int, error) {
	var ns []int
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || len(word) > 2 {
			return nil, fmt.Errorf("%.20q is no list of small numbers", text)
		}
		ns = append(ns, n)
	}
	return ns, nil
}

// visible refuses a table that cannot be.
func (r reference) visible() error {
	value := 0
	if len(r.Counts) < 2 || len(r.Counts) > 5 || len(r.Mine) != len(r.Counts) {
		return fmt.Errorf("%d kinds with %d values: there are 2 to 5 kinds with a value each", len(r.Counts), len(r.Mine))
	}
	for i, n := range r.Counts {
		if n < 1 || n > mostThings || r.Mine[i] < 0 || r.Mine[i] > Total {
			return fmt.Errorf("%d things worth %d each: there is at least one of each kind, and all are worth %d", n, r.Mine[i], Total)
		}
		value += n * r.Mine[i]
	}
	switch {
	case things(r.Counts) > mostThings:
		return fmt.Errorf("%d things: at most %d are possible", things(r.Counts), mostThings)
	case value != Total:
		return fmt.Errorf("all is worth %d, it should be %d", value, Total)
	case r.Turns < fewestTurns || r.Turns > mostTurns:
		return fmt.Errorf("%d turns: %d to %d are possible", r.Turns, fewestTurns, mostTurns)
	}
	return nil
}

// check refuses what is no negotiation. References come from files too.
func (r reference) check() error {
	if err := r.visible(); err != nil {
		return err
	}
	if !slices.ContainsFunc(r.hidden(), func(v []int) bool { return slices.Equal(v, r.Theirs) }) {
		return fmt.Errorf("values of the partner %v: all is worth %d to it, and nothing is worthless to both", r.Theirs, Total)
	}
	return r.Partner.check()
}

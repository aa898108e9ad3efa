package keysum

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// read is the task of a compact prompt of either form.
func read(prompt string) (core.Task, error) {
	fail := func(err error) (core.Task, error) {
		return core.Task{}, fmt.Errorf("reading prompt %.40q: keysum: %w", prompt, err)
	}
	rest, ok := strings.CutPrefix(prompt, "keysum ")
	dictionary, turns, told := strings.Cut(rest, ":")
	if !ok || !told {
		return fail(errors.New("it is neither of the form keysum 3x1 a3,b-2: nor keysum a3,b-2:+b,+a="))
	}
	var s sum
	form := Turns
	if turns != "" {
		form = Once
		listed, closed := strings.CutSuffix(turns, "=")
		if !closed {
			return fail(errors.New("its turns do not end with ="))
		}
		for turn := range strings.SplitSeq(listed, ",") {
			named := strings.ReplaceAll(turn, "+", "")
			if asked(named) != turn {
				return fail(fmt.Errorf("%.20q is no turn: +a or +a+b is", turn))
			}
			s.turns = append(s.turns, named)
		}
	}
	var many, per int
	if form == Turns {
		var sizes string
		if sizes, dictionary, ok = strings.Cut(dictionary, " "); !ok {
			return fail(errors.New("it does not tell how many turns there are"))
		}
		left, right, _ := strings.Cut(sizes, "x")
		var fine, fine2 bool
		many, fine = number(left)
		per, fine2 = number(right)
		if !fine || !fine2 || many < 1 || many > maxTurns || per < 1 || per > maxPerTurn {
			return fail(fmt.Errorf("%.20q are no sizes: 3x1 are", sizes))
		}
	}
	for entry := range strings.SplitSeq(dictionary, ",") {
		if entry == "" {
			return fail(errors.New("an entry of the dictionary is empty"))
		}
		v, ok := number(entry[1:])
		if !ok {
			return fail(fmt.Errorf("%.20q is no entry of a dictionary: a3 is", entry))
		}
		s.keys, s.values = append(s.keys, entry[0]), append(s.values, v)
	}
	if form == Turns {
		s.draw(many, per)
	}
	if err := s.check(); err != nil {
		return fail(err)
	}
	return s.task("keysum/"+prompt, form, world.Compact), nil
}

// plan writes the values of every turn, looked up and not yet summed.
func plan(raw json.RawMessage) (string, error) {
	_, s, err := decode(raw)
	if err != nil {
		return "", err
	}
	each := make([]string, len(s.turns))
	for t := range each {
		for _, v := range s.named(t) {
			each[t] += fmt.Sprintf("%+d", v)
		}
	}
	return strings.Join(each, ","), nil
}

// flaw is a completion with one slip, in looking a value up or in adding, whose
// sum all later turns go on from.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, s, err := decode(raw)
	if err != nil {
		return "", err
	}
	at := r.IntN(len(s.turns))
	lookup := r.IntN(2) == 0
	var b strings.Builder
	var sums []int
	before := 0
	for t := range s.turns {
		values := s.named(t)
		slip := 0
		if t == at {
			if k := r.IntN(len(values)); !lookup || !s.confuse(values, k, r) {
				slip = []int{-10, -1, 1, 10}[r.IntN(4)]
			}
		}
		after := before + slip
		for _, v := range values {
			after += v
		}
		b.WriteString(step(before, values, after) + ";")
		sums, before = append(sums, after), after
	}
	switch {
	case ref.Form == Turns:
		return world.WriteMoves(ref.Dialect, said(sums, ref.Dialect)), nil
	case ref.Dialect == world.Chat:
		return english(sums), nil
	}
	return b.String() + strconv.Itoa(before), nil
}

// confuse takes another key's value for values[k]; false where all are equal.
func (s *sum) confuse(values []int, k int, r *rand.Rand) bool {
	for _, other := range r.Perm(len(s.values)) {
		if s.values[other] != values[k] {
			values[k] = s.values[other]
			return true
		}
	}
	return false
}

package keysum

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

const (
	maxTurns   = 1000
	maxPerTurn = 10
	maxValue   = 999
)

// sum is one instance: a dictionary and the keys named in each turn.
type sum struct {
	keys   []byte
	values []int
	turns  []string
}

// reference tells a sum. Answer is the last running sum, Solution in the form
// turns the transcript of an expert's moves.
type reference struct {
	core.Reference
	Keys    string   `json:"keys"`
	Values  []int    `json:"values"`
	Turns   []string `json:"turns"`
	Form    string   `json:"form"`
	Dialect string   `json:"dialect"`
}

// draw names the keys of every turn, a function of the dictionary and the
// sizes alone.
func (s *sum) draw(turns, per int) {
	rng := world.Random(fmt.Sprintf("keysum %dx%d %s", turns, per, s.dictionary()), 0, 0)
	s.turns = make([]string, turns)
	named := make([]byte, per)
	for t := range s.turns {
		for k := range named {
			named[k] = s.keys[rng.IntN(len(s.keys))]
		}
		s.turns[t] = string(named)
	}
}

// dictionary writes the keys and values out: a3,b-2.
func (s *sum) dictionary() string {
	var b []byte
	for k, key := range s.keys {
		if k > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, key), int64(s.values[k]), 10)
	}
	return string(b)
}

// value is that of a key, which the dictionary has.
func (s *sum) value(key byte) int {
	for k, c := range s.keys {
		if c == key {
			return s.values[k]
		}
	}
	panic("keysum: a turn names a key outside the dictionary")
}

// named are the values of turn t.
func (s *sum) named(t int) []int {
	values := make([]int, len(s.turns[t]))
	for i := range values {
		values[i] = s.value(s.turns[t][i])
	}
	return values
}

// running are the sums after every turn.
func (s *sum) running() []int {
	sums := make([]int, len(s.turns))
	total := 0
	for t := range sums {
		for _, v := range s.named(t) {
			total += v
		}
		sums[t] = total
	}
	return sums
}

// asked writes a turn's keys out: +a+b.
func asked(turn string) string {
	var b strings.Builder
	for i := range len(turn) {
		b.WriteString("+" + turn[i:i+1])
	}
	return b.String()
}

// step is one turn worked out: 3-2+9=10.
func step(before int, values []int, after int) string {
	b := strconv.AppendInt(nil, int64(before), 10)
	for _, v := range values {
		if v >= 0 {
			b = append(b, '+')
		}
		b = strconv.AppendInt(b, int64(v), 10)
	}
	return string(strconv.AppendInt(append(b, '='), int64(after), 10))
}

// worked writes all turns out.
func (s *sum) worked() string {
	var b strings.Builder
	before := 0
	for t, after := range s.running() {
		b.WriteString(step(before, s.named(t), after) + ";")
		before = after
	}
	return b.String() + strconv.Itoa(before)
}

// task puts the task of s together.
func (s *sum) task(id, form, dialect string) core.Task {
	sums := s.running()
	solution := s.worked()
	switch {
	case form == Turns:
		solution = world.WriteMoves(dialect, said(sums, dialect))
	case dialect == world.Chat:
		solution = english(sums)
	}
	ref := reference{
		Reference: core.Reference{Answer: strconv.Itoa(sums[len(sums)-1]), Solution: solution, World: "keysum"},
		Keys:      string(s.keys), Values: s.values, Turns: s.turns, Form: form, Dialect: dialect,
	}
	var prompt string
	switch {
	case dialect == world.Chat:
		prompt = s.english(form)
	case form == Once:
		each := make([]string, len(s.turns))
		for t := range each {
			each[t] = asked(s.turns[t])
		}
		prompt = "keysum " + s.dictionary() + ":" + strings.Join(each, ",") + "="
	default:
		prompt = fmt.Sprintf("keysum %dx%d %s:", len(s.turns), len(s.turns[0]), s.dictionary())
	}
	return world.NewTask("keysum", id, prompt, ref)
}

// english is the prompt in the chat dialect.
func (s *sum) english(form string) string {
	var b strings.Builder
	b.WriteString("Each key has a value:")
	for k, key := range s.keys {
		fmt.Fprintf(&b, " %c = %d%s", key, s.values[k], map[bool]string{true: ".", false: ","}[k == len(s.keys)-1])
	}
	if form == Turns {
		fmt.Fprintf(&b, " There are %d turns. Each names keys; add their values to a running sum, which begins at 0. "+
			"Answer every turn with the running sum on a line of its own, as #### sum.", len(s.turns))
		return b.String()
	}
	b.WriteString(" Keep a running sum, which begins at 0, and add the values of the keys that each turn names.\n")
	for t, turn := range s.turns {
		fmt.Fprintf(&b, "Turn %d: %s\n", t+1, strings.Join(strings.Split(turn, ""), ", "))
	}
	b.WriteString("Give the running sum after every turn. End with the last one on a line of its own, as #### sum.")
	return b.String()
}

// said are the moves that tell sums.
func said(sums []int, dialect string) []string {
	moves := make([]string, len(sums))
	for t, n := range sums {
		if moves[t] = strconv.Itoa(n); dialect == world.Chat {
			moves[t] = "#### " + moves[t]
		}
	}
	return moves
}

// english is a completion at once in the chat dialect.
func english(sums []int) string {
	var b strings.Builder
	for t, n := range sums {
		fmt.Fprintf(&b, "After turn %d: %d\n", t+1, n)
	}
	return fmt.Sprintf("%s#### %d", b.String(), sums[len(sums)-1])
}

// decode reads a reference and checks its instance.
func decode(raw json.RawMessage) (reference, *sum, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return ref, nil, err
	}
	s := &sum{keys: []byte(ref.Keys), values: ref.Values, turns: ref.Turns}
	if err := s.check(); err != nil {
		return ref, nil, fmt.Errorf("reading its reference: %w", err)
	}
	return ref, s, nil
}

// check makes sure that nothing below can fail or overflow.
func (s *sum) check() error {
	seen := map[byte]bool{}
	for _, c := range s.keys {
		if c < 'a' || c > 'z' || seen[c] {
			return fmt.Errorf("keys %.30q: small letters are needed, none twice", s.keys)
		}
		seen[c] = true
	}
	if len(s.keys) == 0 || len(s.keys) != len(s.values) {
		return fmt.Errorf("%d keys and %d values", len(s.keys), len(s.values))
	}
	for _, v := range s.values {
		if v < -maxValue || v > maxValue {
			return fmt.Errorf("value %d is beyond %d", v, maxValue)
		}
	}
	if len(s.turns) == 0 || len(s.turns) > maxTurns {
		return fmt.Errorf("%d turns: 1 to %d are possible", len(s.turns), maxTurns)
	}
	for _, turn := range s.turns {
		if turn == "" || len(turn) > maxPerTurn {
			return fmt.Errorf("a turn of %d keys: 1 to %d are possible", len(turn), maxPerTurn)
		}
		for i := range len(turn) {
			if !seen[turn[i]] {
				return errors.New("a turn names a key outside the dictionary")
			}
		}
	}
	return nil
}

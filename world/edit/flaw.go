package edit

import (
	"encoding/json"
	"math/rand/v2"
	"strings"

	"pawl/world"
	"pawl/world/internal/text"
)

// flaw works the operations out with one mistake and goes on from the string
// that it leads to. The final string is wrong, too.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, ops, truth, err := instance(raw)
	if err != nil {
		return "", err
	}
	got := flawed(ref.Text, ops, truth, r)
	if ref.Dialect == world.Chat {
		return chatSolution(got), nil
	}
	return strings.Join(got, ";"), nil
}

func flawed(s string, ops []operation, truth []string, r *rand.Rand) []string {
	last := len(truth) - 1
	for range 16 {
		k := r.IntN(len(truth))
		before := s
		if k > 0 {
			before = truth[k-1]
		}
		wrong := mistake(before, truth[k], ops[k], r)
		if wrong == "" || wrong == truth[k] {
			continue
		}
		got := append(append(make([]string, 0, len(truth)), truth[:k]...), wrong)
		for _, o := range ops[k+1:] {
			wrong = o.forced(wrong)
			got = append(got, wrong)
		}
		if got[last] != truth[last] { // else the mistake was made good
			return got
		}
	}
	got := append([]string(nil), truth...)
	got[last] = text.Slip(truth[last], letters, r)
	return got
}

// mistake is what a slip makes of before where o makes after of it. It may be
// no mistake after all.
func mistake(before, after string, o operation, r *rand.Rand) string {
	switch r.IntN(6) {
	case 0: // the operation is passed over
		return before
	case 1: // the string is copied badly
		return text.Slip(after, letters, r)
	case 2: // the wrong kind of operation
		o.kind = kinds[r.IntN(len(kinds))]
		if o.char == 0 {
			o.char = before[min(o.at, len(before))-1]
		}
	default: // miscounted
		o.at += 1 - 2*r.IntN(2)
	}
	if !o.fits(len(before)) {
		return ""
	}
	return o.apply(before)
}

// forced applies o to a string that may be too short for it, at its end then.
func (o operation) forced(s string) string {
	for ; o.at > 0; o.at-- {
		if o.fits(len(s)) {
			return o.apply(s)
		}
	}
	return s
}

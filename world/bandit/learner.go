package bandit

import (
	"slices"
	"sync"
)

// tally is what an arm has done.
type tally struct{ won, lost uint8 }

func (t tally) pulls() int { return int(t.won) + int(t.lost) }

// chance is the mean of an arm's chance to pay, given its tally: Laplace's rule
// of succession, the chances being even before.
func (t tally) chance() float64 { return float64(t.won+1) / float64(t.pulls()+2) }

// record is the tallies of the arms so far.
type record []tally

// state is a record whatever the names of the arms: sorted, unused places last.
type state [len(arms)]tally

func (r record) state() (s state) {
	copy(s[:], r)
	slices.SortFunc(s[:len(r)], func(a, b tally) int { return int(b.won)<<8 - int(a.won)<<8 + int(b.lost) - int(a.lost) })
	return s
}

// learner plays games of one size as well as can be without knowing the chances:
// it maximises the expected sum of all rewards that are left, given what each arm
// has done, by dynamic programming over all records (Bayes-optimal play for a
// finite horizon).
type learner struct {
	size
	values map[state]float64 // expected sum of what is left
}

// value is the expected sum of the rewards that are left after r.
func (l *learner) value(r record) float64 {
	if l.left(r) == 0 {
		return 0
	}
	key := r.state()
	if v, ok := l.values[key]; ok {
		return v
	}
	best := 0.0
	for a := range r {
		best = max(best, l.of(r, a))
	}
	l.values[key] = best
	return best
}

// of is the expected sum of the rewards that are left if arm a is pulled next.
func (l *learner) of(r record, a int) float64 {
	p := r[a].chance()
	r[a].won++
	won := l.value(r)
	r[a].won--
	r[a].lost++
	lost := l.value(r)
	r[a].lost--
	return p*(1+won) + (1-p)*lost
}

func (l *learner) left(r record) int {
	n := l.pulls
	for _, t := range r {
		n -= t.pulls()
	}
	return n
}

// same is how near expectations are to be the same. Different ones differ by far
// more: probabilities are fractions of small numbers.
const same = 1e-9

// best lists the arms that are best to pull after r.
func (l *learner) best(r record) (good []int) {
	r = slices.Clone(r)
	values := make([]float64, len(r))
	for a := range r {
		values[a] = l.of(r, a)
	}
	top := slices.Max(values)
	for a, v := range values {
		if v >= top-same {
			good = append(good, a)
		}
	}
	return good
}

// learners are worked out when first asked for, and only read from then on.
var learners = func() map[size]func() *learner {
	all := map[size]func() *learner{}
	for _, of := range sizes {
		all[of] = sync.OnceValue(func() *learner {
			l := &learner{size: of, values: map[state]float64{}}
			l.value(make(record, of.arms))
			return l
		})
	}
	return all
}()

// learnerOf is the learner of the games of a level.
func learnerOf(of size) *learner { return learners[of]() }

// Learner is the mean return of the best learner at a level, exactly.
func Learner(level int) float64 {
	of := sizes[min(max(level, 1), len(sizes))-1]
	return learnerOf(of).value(make(record, of.arms)) / float64(of.pulls)
}

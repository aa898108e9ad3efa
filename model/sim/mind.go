package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"pawl/core"
)

// mind is one alternative of one request: a stream of its own, and what is known.
type mind struct {
	*Profile
	problem Problem
	text    string // the task, as prompts show it
	r       *rand.Rand
}

// stream draws for one alternative: of the profile, of what is asked, of seed and
// index.
func stream(profile core.Digest, asked core.Digest, seed uint64, index int) *rand.Rand {
	h := core.NewHasher("simulated").String(string(profile)).String(string(asked)).Uint(seed).Uint(uint64(index))
	return rand.New(rand.NewPCG(h.Seed(), h.String("second half").Seed()))
}

// ability is the chance that an attempt at a task is right: the quantile of the
// task's own place in the distribution of its level. The place is of the task
// alone, so that what is hard for one simulation is hard for all.
func (p *Profile) ability(level int, text string) float64 {
	mean := p.at(level)
	if p.Spread == 0 || mean == 0 || mean == 1 {
		return mean
	}
	place := float64(core.NewHasher("place").String(text).Seed()>>11) / (1 << 53)
	if p.Spread == 1 { // the limit: each task always, or never
		return b2f(place >= 1-mean)
	}
	of := 1/p.Spread - 1 // of a Beta distribution, the sum of its parameters
	return mathext.InvRegIncBeta(mean*of, (1-mean)*of, place)
}

// ability of the task at hand.
func (m *mind) able() float64 { return m.ability(m.problem.Level, m.text) }

// chance is true with probability p.
func (m *mind) chance(p float64) bool { return m.r.Float64() < p }

// attempt writes one, right or wrong.
func (m *mind) attempt(ctx context.Context, right bool) (string, error) {
	typical := !right && m.chance(m.Shared)
	text, err := m.problem.Write(ctx, m.r, right, typical)
	if err != nil || m.problem.Alone {
		return text, err
	}
	return m.talk() + text, nil
}

// faultless tells whether the judge finds no fault with an attempt.
func (m *mind) faultless(right bool) bool {
	if right {
		return m.chance(m.Verify.Specificity)
	}
	return m.chance(1 - m.Verify.Sensitivity)
}

// sure is the confidence that it states in an attempt, after having looked for
// faults: Bayes' rule over what it is able to, made sharper and higher.
func (m *mind) sure(right bool) float64 {
	p, sens, spec := m.able(), m.Verify.Sensitivity, m.Verify.Specificity
	ifRight, ifWrong := 1-spec, sens
	if m.faultless(right) {
		ifRight, ifWrong = spec, 1-sens
	}
	q := p
	if all := p*ifRight + (1-p)*ifWrong; all > 0 {
		q = p * ifRight / all
	}
	return m.stated(q)
}

// stated is a confidence as it is said. Certainty stays what it is.
func (p *Profile) stated(q float64) float64 {
	if q <= 0 || q >= 1 {
		return q
	}
	return logistic(p.Confidence.Scale*math.Log(q/(1-q)) + p.Confidence.Shift)
}

// shown is an attempt as a judge compares it.
type shown struct {
	right bool
	words int
	own   bool
}

// own tells whether an attempt is the simulation's, by its voice.
func (p *Profile) own(attempt string) bool {
	return p.Voice != "" && strings.HasPrefix(attempt, p.Voice)
}

// surest bounds what a perfect judge's preference is worth, in log-odds.
const surest = 50

// worth is what a judge sees in an attempt, in log-odds over any other: at place
// at of n.
func (p *Profile) worth(a shown, at, n int) float64 {
	tells := surest * 2 * (p.Compare.Accuracy - 0.5)
	if p.Compare.Accuracy > 0 && p.Compare.Accuracy < 1 {
		tells = math.Log(p.Compare.Accuracy / (1 - p.Compare.Accuracy))
	}
	w := tells*b2f(a.right) + p.Compare.Length*math.Log2(1+float64(a.words)) + p.Compare.Self*b2f(a.own)
	if n > 1 {
		w += p.Compare.Order * (1 - float64(at)/float64(n-1))
	}
	return w
}

// prefers draws an order, best first: worths and Gumbel noise, whose differences
// are logistic (Luce's choice axiom; Plackett, 1975).
func (m *mind) prefers(all []shown) []int {
	order := make([]int, len(all))
	noisy := make([]float64, len(all))
	for i, a := range all {
		noisy[i] = m.worth(a, i, len(all)) - math.Log(m.r.ExpFloat64())
		order[i] = i
		for j := i; j > 0 && noisy[order[j]] > noisy[order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	return order
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

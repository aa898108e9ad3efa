package listfn

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"pawl/world"
)

// flawApply carries p out with one mistake, in one list, and goes on from the
// wrong list. Where later operations would hide the mistake it falls later.
func flawApply(r *rand.Rand, p program, l list) string {
	truth := p.run(l)
	for at := r.IntN(len(p)); ; at = min(at+1, len(p)-1) {
		trace := make([]list, len(p))
		now := l
		for i, o := range p {
			if i == at {
				now = slip(r, now, ops[o].run(now))
			} else {
				now = ops[o].run(now)
			}
			trace[i] = now
		}
		if now != truth {
			return joinLists(trace)
		}
	}
}

// slip is a wrong result of an operation on before where right is the right
// one: that of another operation, or a number changed, left out or written
// twice.
func slip(r *rand.Rand, before, right list) list {
	for {
		wrong := right
		switch k := r.IntN(4); {
		case k == 0:
			wrong = ops[r.IntN(len(ops))].run(before)
		case right.n == 0:
			wrong.push(r.IntN(10))
		case k == 1: // a number is off by one or ten
			x := &wrong.v[r.IntN(int(right.n))]
			*x = uint8((int(*x) + []int{1, Values - 1, 10, Values - 10}[r.IntN(4)]) % Values)
		case k == 2:
			j := r.IntN(int(right.n))
			wrong = list{}
			for m, x := range right.v[:right.n] {
				if m != j {
					wrong.push(int(x))
				}
			}
		case right.n < MaxLen:
			wrong.push(int(right.v[right.n-1]))
		}
		if wrong != right {
			return wrong
		}
	}
}

// flaw works out a program with one wrong choice: an operation after which no
// right short program is left, carried on as if nothing had happened. Now and
// then the wrong operation comes last and is said to give what is wanted.
func (z *puzzle) flaw(r *rand.Rand) string {
	for {
		p := slices.Clone(z.right[r.IntN(len(z.right))])
		at := r.IntN(len(p))
		if p[at] = uint8(r.IntN(len(ops))); reachable(z.after(p[:at+1]), z.size-at-1) {
			continue
		}
		text := z.work(p)
		if at == len(p)-1 && r.IntN(2) == 0 {
			var wanted []byte
			for _, e := range z.shown {
				wanted = e.out.append(wanted)
			}
			text = strings.TrimSuffix(z.work(p[:at]), p[:at].String()) + ops[p[at]].Name + string(wanted) + ";" + p.String()
		}
		return text
	}
}

// variant works out another right program: a short one where there is one, else
// the demonstrated one with an idle operation or two put in.
func (z *puzzle) variant(r *rand.Rand) string {
	if len(z.right) > 1 {
		return z.work(z.right[1+r.IntN(len(z.right)-1)])
	}
	p := z.right[0]
	for range 32 {
		q := slices.Insert(slices.Clone(p), r.IntN(len(p)+1), uint8(r.IntN(len(ops))))
		if z.rightly(q) {
			return z.work(q)
		}
	}
	i := r.IntN(len(p) + 1)
	return z.work(slices.Insert(slices.Clone(p), i, rev, rev))
}

// flaw is a completion of the referred task with one mistake.
func flaw(form string, raw json.RawMessage, r *rand.Rand) (string, error) {
	_, p, l, z, err := decodeCompact(form, raw)
	switch {
	case err != nil:
		return "", err
	case z != nil:
		return z.flaw(r), nil
	}
	return flawApply(r, p, l), nil
}

// variant is another right completion of the referred task.
func variant(form string, raw json.RawMessage, r *rand.Rand) (string, error) {
	_, _, _, z, err := decodeCompact(form, raw)
	if err != nil {
		return "", err
	}
	return z.variant(r), nil
}

// decodeCompact is decode for compact tasks: only their completions are made up.
func decodeCompact(form string, raw json.RawMessage) (ref reference, p program, l list, z *puzzle, err error) {
	if ref, p, l, z, err = decode(form, raw); err == nil && ref.Dialect == world.Chat {
		err = fmt.Errorf("completions are made up in the %s dialect only", world.Compact)
	}
	return ref, p, l, z, err
}

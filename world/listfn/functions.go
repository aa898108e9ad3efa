package listfn

import (
	"slices"
	"sync"

	"pawl/core"
	"pawl/world"
)

// probes is how many fixed lists tell functions apart, and margin on how many
// of them a function must differ from every other to be asked for: so many that
// few examples show which one is meant.
const (
	probes = 48
	margin = 10
)

type print [probes]list

// function is what programs do, by the first that does it.
type function struct {
	p   program
	out print // what it makes of the probes
}

// layer is the functions that some number of operations can do and fewer
// cannot. Telling functions apart on probes is exact for what extends them, too:
// functions alike on the probes stay so after any operation.
type layer struct {
	all   []function     // of this layer
	asked []program      // of this layer, those worth asking for
	seen  map[print]bool // of this layer and those before; the next one extends it
	marks [][probes]uint64
}

// layers are made when first asked for, by the length of lists and the number
// of operations, each from the one before. The probes are lists as tasks have
// them, since what functions do to others does not tell them apart there.
var layers = func() (all [maxDrawn + 1][maxSize + 1]func() layer) {
	for length := range all {
		of := &all[length]
		of[0] = func() layer {
			r := world.Random("listfn probes", 0, uint64(length))
			var in print
			for i := range in {
				in[i] = draw(r, max(length-i%2, 0))
			}
			return layer{all: []function{{nil, in}}, seen: map[print]bool{in: true}, marks: [][probes]uint64{in.mark()}}
		}
		for k := 1; k <= maxSize; k++ {
			of[k] = sync.OnceValue(func() layer { return of[k-1]().next() })
		}
	}
	return all
}()

func (l layer) next() layer {
	next := layer{seen: l.seen, marks: slices.Clone(l.marks)}
	for _, f := range l.all {
		for o := range ops {
			out := f.out
			for i := range out {
				out[i] = ops[o].run(out[i])
			}
			if next.seen[out] {
				continue
			}
			next.seen[out] = true
			next.all = append(next.all, function{append(slices.Clone(f.p), uint8(o)), out})
			next.marks = append(next.marks, out.mark())
		}
	}
	first := len(l.marks)
	for i, f := range next.all {
		if clear(next.marks, first+i) {
			next.asked = append(next.asked, f.p)
		}
	}
	return next
}

// mark is a hash of each list, to compare fast.
func (p print) mark() (m [probes]uint64) {
	for i, l := range p {
		m[i] = core.NewHasher("listfn mark").String(l.String()).Seed()
	}
	return m
}

// clear tells whether marks[i] is far from all others and from any constant.
func clear(marks [][probes]uint64, i int) bool {
	far := func(j int) bool {
		differ := 0
		for k, m := range marks[i] {
			if m != marks[j][k] {
				differ++
			}
		}
		return differ >= margin
	}
	for j := range marks {
		if j != i && !far(j) {
			return false
		}
	}
	count := map[uint64]int{}
	for _, m := range marks[i] {
		if count[m]++; count[m] > probes-margin {
			return false
		}
	}
	return true
}

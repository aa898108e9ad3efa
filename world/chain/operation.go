package chain

import "pawl/world"

// operation is x, y -> inverse(label(x) + label(y) mod m): commutative and
// associative whatever the labels.
type operation struct{ label, inverse []int }

func newOperation(m int, table uint64) operation {
	label := make([]int, m)
	for i := range label {
		label[i] = i
	}
	if table != 0 {
		label = world.Random("chain table", table, uint64(m)).Perm(m)
	}
	inverse := make([]int, m)
	for i, l := range label {
		inverse[l] = i
	}
	return operation{label, inverse}
}

func (o operation) of(x, y int) int {
	return o.inverse[(o.label[x]+o.label[y])%len(o.label)]
}

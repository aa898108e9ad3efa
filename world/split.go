package world

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"

	"pawl/core"
)

// Splits are the names of the shares a world is cut into, in order.
var Splits = []string{"labelled", "train", "search", "gate", "audit"}

// shares are the sizes of Splits in hundredths of the space.
var shares = []uint64{25, 40, 5, 15, 15}

// Largest is the size up to which a space is numbered. Larger spaces number a
// projection of their instances and draw the rest, which keeps splits apart:
// instances whose projections differ are different.
const Largest = uint64(1) << 62

// shuffle is a keyed bijection of 0..n-1: a Feistel network on the next even
// number of bits, walked until it lands inside.
type shuffle struct {
	n    uint64
	half uint
	key  uint64
}

const feistelRounds = 6

func newShuffle(n, key uint64) shuffle {
	half := uint(bits.Len64(n-1)+1) / 2
	return shuffle{n: n, half: max(half, 1), key: key}
}

// at is the number at position i.
func (s shuffle) at(i uint64) uint64 {
	mask := uint64(1)<<s.half - 1
	for {
		l, r := i>>s.half, i&mask
		for k := range uint64(feistelRounds) {
			l, r = r, l^(mix(s.key+k, r)&mask)
		}
		if i = l<<s.half | r; i < s.n {
			return i
		}
	}
}

// index is the inverse of at.
func (s shuffle) index(x uint64) uint64 {
	mask := uint64(1)<<s.half - 1
	for {
		l, r := x>>s.half, x&mask
		for k := uint64(feistelRounds); k > 0; k-- {
			l, r = r^(mix(s.key+k-1, l)&mask), l
		}
		if x = l<<s.half | r; x < s.n {
			return x
		}
	}
}

// mix hashes two words into one (the finaliser of splitmix64, twice).
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b
	for range 2 {
		x ^= x >> 30
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 27
		x *= 0x94d049bb133111eb
		x ^= x >> 31
		x += b
	}
	return x
}

// Share is one split of a space of numbered instances.
type Share struct {
	space shuffle // fixed key: where every instance belongs
	order shuffle // seeded: in which order this share yields its own
	first uint64  // of the share's positions in space
}

// NewShare cuts split out of a space of n instances. The name of the space
// keys the cut.
func NewShare(space string, n uint64, split string, seed uint64) (Share, error) {
	if n == 0 || n > Largest {
		return Share{}, fmt.Errorf("splitting %s: %d instances cannot be numbered", space, n)
	}
	first, size, err := bounds(n, split)
	if err != nil {
		return Share{}, fmt.Errorf("splitting %s: %w", space, err)
	}
	if size == 0 {
		return Share{}, fmt.Errorf("splitting %s: %d instances leave none for %s; make the world larger", space, n, split)
	}
	return Share{
		space: newShuffle(n, core.NewHasher("world split").String(space).Seed()),
		order: newShuffle(size, core.NewHasher("world order").String(space).String(split).Uint(seed).Seed()),
		first: first,
	}, nil
}

// bounds are the positions of a split in the space's fixed order.
func bounds(n uint64, split string) (first, size uint64, err error) {
	part := func(percent uint64) uint64 { return n/100*percent + n%100*percent/100 }
	var before uint64
	for i, name := range Splits {
		if name == split {
			first = part(before)
			return first, part(before+shares[i]) - first, nil
		}
		before += shares[i]
	}
	return 0, 0, fmt.Errorf("no split named %q; there are %s", split, strings.Join(Splits, ", "))
}

// Len is the number of instances in the share.
func (s Share) Len() int { return int(s.order.n) }

// Instance is the number of the share's i-th instance.
func (s Share) Instance(i int) uint64 { return s.space.at(s.first + s.order.at(uint64(i))) }

// splitOf names the split that instance x belongs to.
func (s Share) splitOf(x uint64) string {
	at := s.space.index(x)
	for _, name := range Splits {
		first, size, _ := bounds(s.space.n, name)
		if at >= first && at < first+size {
			return name
		}
	}
	panic("world: an instance outside every split")
}

// Random is the stream of one instance under one seed.
func Random(kind string, seed, instance uint64) *rand.Rand {
	return rand.New(rand.NewPCG(core.NewHasher(kind).Uint(seed).Uint(instance).Seed(), instance))
}

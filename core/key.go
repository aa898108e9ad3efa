package core

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

// Key identifies a step by all that determines its result.
type Key = Digest

// Hasher builds keys over a canonical binary form: every field is tagged and
// length-prefixed, so no two different inputs share an encoding.
type Hasher struct{ buf []byte }

// NewHasher starts a key of the given kind.
func NewHasher(kind string) *Hasher { return new(Hasher).String(kind) }

// String adds a string.
func (h *Hasher) String(s string) *Hasher {
	h.buf = append(h.buf, 's')
	h.buf = binary.AppendUvarint(h.buf, uint64(len(s)))
	h.buf = append(h.buf, s...)
	return h
}

// Bytes adds raw bytes.
func (h *Hasher) Bytes(b []byte) *Hasher {
	h.buf = append(h.buf, 'b')
	h.buf = binary.AppendUvarint(h.buf, uint64(len(b)))
	h.buf = append(h.buf, b...)
	return h
}

// Uint adds an unsigned integer.
func (h *Hasher) Uint(v uint64) *Hasher {
	h.buf = append(h.buf, 'u')
	h.buf = binary.LittleEndian.AppendUint64(h.buf, v)
	return h
}

// Float adds a float by its bits.
func (h *Hasher) Float(v float64) *Hasher {
	h.buf = append(h.buf, 'f')
	h.buf = binary.LittleEndian.AppendUint64(h.buf, math.Float64bits(v))
	return h
}

// Key returns the digest of what was added.
func (h *Hasher) Key() Key {
	s := sha256.Sum256(h.buf)
	return Key(hex.EncodeToString(s[:]))
}

// Seed returns 64 bits of the digest, for random streams.
func (h *Hasher) Seed() uint64 {
	s := sha256.Sum256(h.buf)
	return binary.LittleEndian.Uint64(s[:8])
}

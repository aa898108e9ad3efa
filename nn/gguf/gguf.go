package gguf

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Entry is one piece of metadata. Its value is a uint32, float32, bool or
// string, or a slice of int32, float32 or string; reading gives the other
// scalars of the format, too.
type Entry struct {
	Key   string
	Value any
}

// Type is how a tensor's values are stored.
type Type uint32

// The types of values that this package can encode and decode.
const (
	F32  Type = 0
	F16  Type = 1
	BF16 Type = 30
)

func (t Type) String() string {
	switch t {
	case F32:
		return "F32"
	case F16:
		return "F16"
	case BF16:
		return "BF16"
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// size is the bytes of one value, 0 for types in blocks.
func (t Type) size() int64 {
	switch t {
	case F32:
		return 4
	case F16, BF16:
		return 2
	}
	return 0
}

// Tensor is a tensor to write: row-major, outermost dimension first. Encode
// writes its values in the given type.
type Tensor struct {
	Name   string
	Shape  []int
	Type   Type
	Encode func(io.Writer) error
}

func (t *Tensor) bytes() int64 {
	n := t.Type.size()
	for _, d := range t.Shape {
		n *= int64(d)
	}
	return n
}

const (
	magic     = "GGUF"
	version   = 3
	alignment = 32 // of tensors, unless general.alignment says otherwise
)

// The type codes of metadata values.
const (
	kindUint8 = iota
	kindInt8
	kindUint16
	kindInt16
	kindUint32
	kindInt32
	kindFloat32
	kindBool
	kindString
	kindArray
	kindUint64
	kindInt64
	kindFloat64
)

// Write writes a file of the given metadata and tensors, in their order.
func Write(w io.Writer, meta []Entry, tensors []Tensor) error {
	b := []byte(magic)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(meta)))
	for _, e := range meta {
		var err error
		if b, err = appendValue(appendString(b, e.Key), e.Value); err != nil {
			return fmt.Errorf("writing GGUF: key %s: %w", e.Key, err)
		}
	}
	at := int64(0)
	for i := range tensors {
		t := &tensors[i]
		if t.Type.size() == 0 {
			return fmt.Errorf("writing GGUF: tensor %s: %v cannot be written", t.Name, t.Type)
		}
		b = appendString(b, t.Name)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Shape)))
		for k := range t.Shape { // innermost first
			b = binary.LittleEndian.AppendUint64(b, uint64(t.Shape[len(t.Shape)-1-k]))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Type))
		b = binary.LittleEndian.AppendUint64(b, uint64(at))
		at += align(t.bytes())
	}
	b = append(b, make([]byte, align(int64(len(b)))-int64(len(b)))...)
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("writing GGUF: %w", err)
	}
	var pad [alignment]byte
	for i := range tensors {
		t := &tensors[i]
		n := counter{w: w}
		err := t.Encode(&n)
		if err == nil && n.n != t.bytes() {
			err = fmt.Errorf("%d bytes, want %d", n.n, t.bytes())
		}
		if err == nil {
			_, err = w.Write(pad[:align(n.n)-n.n])
		}
		if err != nil {
			return fmt.Errorf("writing GGUF: tensor %s: %w", t.Name, err)
		}
	}
	return nil
}

func align(n int64) int64 { return (n + alignment - 1) / alignment * alignment }

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

func appendValue(b []byte, v any) ([]byte, error) {
	le := binary.LittleEndian
	kind := func(k uint32) []byte { return le.AppendUint32(b, k) }
	array := func(k uint32, n int) []byte {
		return le.AppendUint64(le.AppendUint32(kind(kindArray), k), uint64(n))
	}
	switch v := v.(type) {
	case uint32:
		return le.AppendUint32(kind(kindUint32), v), nil
	case float32:
		return le.AppendUint32(kind(kindFloat32), math.Float32bits(v)), nil
	case bool:
		b = kind(kindBool)
		if v {
			return append(b, 1), nil
		}
		return append(b, 0), nil
	case string:
		return appendString(kind(kindString), v), nil
	case []int32:
		b = array(kindInt32, len(v))
		for _, x := range v {
			b = le.AppendUint32(b, uint32(x))
		}
		return b, nil
	case []float32:
		b = array(kindFloat32, len(v))
		for _, x := range v {
			b = le.AppendUint32(b, math.Float32bits(x))
		}
		return b, nil
	case []string:
		b = array(kindString, len(v))
		for _, x := range v {
			b = appendString(b, x)
		}
		return b, nil
	}
	return nil, fmt.Errorf("values of type %T cannot be written", v)
}

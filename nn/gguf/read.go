package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// File is a file's metadata and what tensors it has.
type File struct {
	Meta    map[string]any
	Tensors []Info

	r    io.ReaderAt
	data int64 // where tensors begin
}

// Info describes a tensor of a file: row-major, outermost dimension first.
type Info struct {
	Name  string
	Shape []int
	Type  Type
	off   int64
}

// Limits on what a header may claim, far above what models have.
const (
	maxEntries = 1 << 16
	maxTensors = 1 << 16
	maxString  = 1 << 24
	maxItems   = 1 << 24 // of an array
	maxDims    = 4
	maxDim     = 1 << 40
	// maxMeta bounds header and metadata: a file with holes takes no space, but
	// what is read from it does. The largest vocabularies are some 20 MB.
	maxMeta = 1 << 27
)

// Read reads the metadata of a file of the given size.
func Read(r io.ReaderAt, size int64) (*File, error) {
	f, err := read(r, size)
	if err != nil {
		return nil, fmt.Errorf("reading GGUF: %w", err)
	}
	return f, nil
}

func read(r io.ReaderAt, size int64) (*File, error) {
	most := min(size, maxMeta)
	d := &header{r: bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 1<<16), left: most, cut: size > most}
	if head := d.bytes(4); d.err != nil || string(head) != magic {
		return nil, fmt.Errorf("it starts with %q; this is not a GGUF file", head)
	}
	if v := d.u32(); d.err == nil && v != version && v != 2 {
		return nil, fmt.Errorf("version %d is not supported, only 2 and 3", v)
	}
	tensors, entries := d.count(maxTensors, 24, "tensors"), d.count(maxEntries, 13, "keys")
	f := &File{Meta: map[string]any{}, r: r}
	for range entries {
		key := d.string()
		value := d.value(d.u32(), 0)
		if d.err != nil {
			return nil, fmt.Errorf("key %q: %w", key, d.err)
		}
		if _, twice := f.Meta[key]; twice {
			return nil, fmt.Errorf("key %q is there twice", key)
		}
		f.Meta[key] = value
	}
	seen := map[string]bool{}
	for range tensors {
		t := d.info()
		if d.err == nil && seen[t.Name] {
			d.err = fmt.Errorf("it is there twice")
		}
		if d.err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, d.err)
		}
		seen[t.Name] = true
		f.Tensors = append(f.Tensors, t)
	}
	if d.err != nil {
		return nil, d.err
	}
	step := int64(alignment)
	if a, ok := f.Meta["general.alignment"].(uint32); ok {
		if step = int64(a); a == 0 || a%8 != 0 || a > 1<<16 {
			return nil, fmt.Errorf("general.alignment is %d", a)
		}
	}
	f.data = (most - d.left + step - 1) / step * step
	for _, t := range f.Tensors {
		n := t.bytes()
		if t.off < 0 || t.off > size || t.off%step != 0 || n > size || f.data+t.off > size-n {
			return nil, fmt.Errorf("tensor %q: %d bytes at %d lie outside the file, which may be cut off", t.Name, n, t.off)
		}
	}
	return f, nil
}

// Len is the number of values of a tensor.
func (t *Info) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// bytes is how many bytes a tensor takes, 0 where only its reader knows.
func (t *Info) bytes() int64 { return t.Type.size() * int64(t.Len()) }

// Open reads the raw values of a tensor of type F32, F16 or BF16.
func (f *File) Open(t *Info) (io.Reader, error) {
	if t.Type.size() == 0 {
		return nil, fmt.Errorf("tensor %q is of %v; only F32, F16 and BF16 can be read", t.Name, t.Type)
	}
	return bufio.NewReaderSize(io.NewSectionReader(f.r, f.data+t.off, t.bytes()), 1<<20), nil
}

// header reads the parts of a header; after the first error all are zero.
type header struct {
	r    *bufio.Reader
	left int64
	cut  bool // the file goes on beyond what may be read
	err  error
}

func (d *header) bytes(n int64) []byte {
	if d.err == nil && n > d.left {
		d.err = fmt.Errorf("it ends too early; the file is cut off")
		if d.cut {
			d.err = fmt.Errorf("its metadata take more than %d bytes", maxMeta)
		}
	}
	if d.err != nil {
		return nil
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(d.r, b); err != nil {
		d.err = fmt.Errorf("it ends too early; the file is cut off")
		return nil
	}
	d.left -= n
	return b
}

// uint is a little-endian number of n bytes.
func (d *header) uint(n int64) uint64 {
	var all [8]byte
	copy(all[:], d.bytes(n))
	return binary.LittleEndian.Uint64(all[:])
}

func (d *header) u32() uint32 { return uint32(d.uint(4)) }

// count is a number of things, each of at least so many bytes.
func (d *header) count(limit uint64, each int64, what string) int {
	n := d.uint(8)
	if d.err == nil && (n > limit || int64(n) > d.left/each) {
		d.err = fmt.Errorf("%d %s are claimed, more than the file can hold", n, what)
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

func (d *header) string() string {
	return string(d.bytes(int64(d.count(maxString, 1, "bytes of text"))))
}

func (d *header) value(kind uint32, depth int) any {
	switch kind {
	case kindUint8:
		return uint8(d.uint(1))
	case kindInt8:
		return int8(d.uint(1))
	case kindUint16:
		return uint16(d.uint(2))
	case kindInt16:
		return int16(d.uint(2))
	case kindUint32:
		return d.u32()
	case kindInt32:
		return int32(d.u32())
	case kindFloat32:
		return math.Float32frombits(d.u32())
	case kindBool:
		return d.uint(1) != 0
	case kindString:
		return d.string()
	case kindUint64:
		return d.uint(8)
	case kindInt64:
		return int64(d.uint(8))
	case kindFloat64:
		return math.Float64frombits(d.uint(8))
	case kindArray:
		return d.array(depth)
	}
	if d.err == nil {
		d.err = fmt.Errorf("values of kind %d are unknown", kind)
	}
	return nil
}

func (d *header) array(depth int) any {
	kind := d.u32()
	if depth > 2 {
		d.err = fmt.Errorf("arrays within arrays, too deep")
		return nil
	}
	// A value takes a byte at least, so a claim costs no more than the file.
	n := d.count(maxItems, 1, "values")
	switch kind {
	case kindInt32:
		return items(d, n, func() int32 { return int32(d.u32()) })
	case kindFloat32:
		return items(d, n, func() float32 { return math.Float32frombits(d.u32()) })
	case kindString:
		return items(d, n, d.string)
	case kindUint8, kindInt8, kindBool: // not as values of 16 bytes each
		if b := d.bytes(int64(n)); kind == kindUint8 {
			return b
		} else if kind == kindInt8 {
			return items(d, len(b), func() int8 { x := int8(b[0]); b = b[1:]; return x })
		} else {
			return items(d, len(b), func() bool { x := b[0] != 0; b = b[1:]; return x })
		}
	case kindUint16:
		return items(d, n, func() uint16 { return uint16(d.uint(2)) })
	case kindInt16:
		return items(d, n, func() int16 { return int16(d.uint(2)) })
	}
	return items(d, n, func() any { return d.value(kind, depth+1) })
}

func items[T any](d *header, n int, next func() T) []T {
	var list []T
	for range n {
		if d.err != nil {
			break
		}
		list = append(list, next())
	}
	return list
}

func (d *header) info() Info {
	t := Info{Name: d.string()}
	dims := d.u32()
	if d.err == nil && dims > maxDims {
		d.err = fmt.Errorf("%d dimensions", dims)
	}
	if d.err != nil {
		return t
	}
	t.Shape = make([]int, dims)
	total := uint64(1)
	for k := range t.Shape {
		n := d.uint(8)
		if n > maxDim || max(n, 1) > maxDim/total {
			d.err = fmt.Errorf("impossible dimension %d", n)
			return t
		}
		total *= max(n, 1)
		t.Shape[len(t.Shape)-1-k] = int(n)
	}
	t.Type, t.off = Type(d.u32()), int64(d.uint(8))
	return t
}

package gguf

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample(t testing.TB) []byte {
	t.Helper()
	values := func(b ...byte) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(b); return err }
	}
	var b bytes.Buffer
	err := Write(&b, []Entry{
		{"general.architecture", "llama"}, {"llama.block_count", uint32(2)}, {"x.eps", float32(0.5)}, {"x.on", true},
		{"x.tokens", []string{"a", "", "▁b"}}, {"x.scores", []float32{1, -2}}, {"x.types", []int32{3, -4}},
	}, []Tensor{
		{"one", []int{2, 3}, F16, values(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)},
		{"two", []int{1}, F32, values(9, 8, 7, 6)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parse(b []byte) (*File, error) { return Read(bytes.NewReader(b), int64(len(b))) }

func TestRoundTrip(t *testing.T) {
	f, err := parse(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"general.architecture": "llama", "llama.block_count": uint32(2), "x.eps": float32(0.5), "x.on": true,
		"x.tokens": []string{"a", "", "▁b"}, "x.scores": []float32{1, -2}, "x.types": []int32{3, -4},
	}
	if d := cmp.Diff(want, f.Meta); d != "" {
		t.Error(d)
	}
	for i, want := range []struct {
		name  string
		shape []int
		data  []byte
	}{{"one", []int{2, 3}, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}, {"two", []int{1}, []byte{9, 8, 7, 6}}} {
		x := &f.Tensors[i]
		r, err := f.Open(x)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || x.Name != want.name || !cmp.Equal(x.Shape, want.shape) || !bytes.Equal(got, want.data) {
			t.Errorf("tensor %+v: %v (%v)", x, got, err)
		}
	}
}

// The header's bytes, spelled out: what other readers expect.
func TestLayout(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, []Entry{{"k", uint32(7)}}, nil); err != nil {
		t.Fatal(err)
	}
	want := "GGUF\x03\x00\x00\x00" + strings.Repeat("\x00", 8) + "\x01" + strings.Repeat("\x00", 7) +
		"\x01\x00\x00\x00\x00\x00\x00\x00k" + "\x04\x00\x00\x00" + "\x07\x00\x00\x00"
	want += strings.Repeat("\x00", 64-len(want))
	if got := b.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestBadFiles(t *testing.T) {
	good := sample(t)
	change := func(at int, n uint64) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint64(b[at:], n)
		return b
	}
	for _, x := range []struct {
		b    []byte
		want string
	}{
		{nil, "not a GGUF file"},
		{[]byte("PK\x03\x04 a zip file"), "not a GGUF file"},
		{make([]byte, 1<<12), "not a GGUF file"},
		{good[:6], "cut off"},
		{good[:len(good)-32], "may be cut off"},
		{good[:150], "claimed"},
		{change(4, 99), "version 99"},
		{change(8, 1<<60), "tensors are claimed"},
		{change(16, 1<<60), "keys are claimed"},
		{change(24, 1<<62), "bytes of text are claimed"},
	} {
		if _, err := parse(x.b); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
	one := func(dims []uint64, off uint64) []byte { // a file of one tensor
		b := binary.LittleEndian.AppendUint64([]byte("GGUF\x03\x00\x00\x00"), 1)
		b = appendString(binary.LittleEndian.AppendUint64(b, 0), "t")
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dims)))
		for _, d := range dims {
			b = binary.LittleEndian.AppendUint64(b, d)
		}
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, uint32(F32)), off)
		return append(b, make([]byte, 256)...)
	}
	for _, x := range []struct {
		b    []byte
		want string
	}{
		{one([]uint64{1 << 40, 1 << 40}, 0), `tensor "t": impossible dimension`}, // 2^80 is 0 in 64 bits
		{one([]uint64{4, 1 << 39}, 0), `tensor "t": impossible dimension`},
		{one([]uint64{4}, 1<<63-32), "lie outside the file"},
		{one([]uint64{4}, 1<<63), "lie outside the file"},
		{one([]uint64{1 << 38}, 0), "lie outside the file"},
	} {
		if _, err := parse(x.b); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
	if f, err := parse(one([]uint64{4}, 32)); err != nil || f.Tensors[0].Len() != 4 {
		t.Errorf("a tensor that fits: %v", err)
	}
	if err := Write(io.Discard, []Entry{{"k", 3}}, nil); err == nil || !strings.Contains(err.Error(), "type int") {
		t.Errorf("a value of no known type: %v", err)
	}
	short := []Tensor{{"t", []int{2}, F32, func(io.Writer) error { return nil }}}
	if err := Write(io.Discard, nil, short); err == nil || !strings.Contains(err.Error(), "tensor t: 0 bytes, want 8") {
		t.Errorf("a tensor that is too short: %v", err)
	}
}

// holes is a file that is all zeros behind its start: it takes no space on a disk.
type holes struct{ start []byte }

func (h holes) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if at < int64(len(h.start)) {
		copy(p, h.start[at:])
	}
	return len(p), nil
}

// A file's size is no bound on memory where it has holes.
func TestMetadataAreBounded(t *testing.T) {
	b := binary.LittleEndian.AppendUint64([]byte("GGUF\x03\x00\x00\x00"), 0)
	b = binary.LittleEndian.AppendUint64(b, 100)
	b = binary.LittleEndian.AppendUint32(appendString(b, "k"), kindArray)
	b = binary.LittleEndian.AppendUint32(b, kindUint8)
	b = binary.LittleEndian.AppendUint64(b, maxItems)
	_, err := Read(holes{b}, 1<<50)
	if err == nil || !strings.Contains(err.Error(), `key "" is there twice`) {
		t.Errorf("an array of zeros, then keys of them: error %v", err)
	}
	d := &header{r: bufio.NewReader(strings.NewReader("")), left: 3, cut: true}
	if d.bytes(4); d.err == nil || !strings.Contains(d.err.Error(), "metadata take more than") {
		t.Errorf("beyond the bound: error %v", d.err)
	}
}

func FuzzRead(f *testing.F) {
	good := sample(f)
	f.Add(good)
	f.Add(good[:100])
	f.Add(append([]byte("GGUF\x03\x00\x00\x00"), make([]byte, 16)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := parse(b)
		if err != nil {
			return
		}
		for i := range file.Tensors {
			x := &file.Tensors[i]
			r, err := file.Open(x)
			if err != nil {
				continue
			}
			if got, err := io.ReadAll(r); err != nil || int64(len(got)) != x.bytes() {
				t.Fatalf("tensor %q: %d bytes (%v), want %d", x.Name, len(got), err, x.bytes())
			}
		}
	})
}

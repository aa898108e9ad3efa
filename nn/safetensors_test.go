package nn

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func safetensorsOf(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteSafetensors(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file builds a safetensors file from a header and data.
func file(header string, data []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func TestSafetensorsRoundTrip(t *testing.T) {
	for _, tie := range []bool{false, true} {
		c := fileConfig()
		c.TieEmbeddings = tie
		m := lively(t, c, 1)
		b := safetensorsOf(t, m)
		if !bytes.Equal(b, safetensorsOf(t, m.Clone())) {
			t.Error("the same weights give other bytes")
		}
		if n := binary.LittleEndian.Uint64(b); n%8 != 0 || len(b) != 8+int(n)+4*c.Params() {
			t.Errorf("a header of %d bytes and %d in all, for %d parameters", n, len(b), c.Params())
		}
		back, err := ReadModel(c, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(back.w, m.w) {
			t.Error("the weights change on the way")
		}
		names, infos, err := readHeader(bytes.NewReader(b))
		if err != nil || !slices.IsSorted(names) || fmt.Sprint(infos["model.layers.1.self_attn.k_proj.weight"].Shape) != "[6 12]" {
			t.Errorf("names %v (%v)", names, err)
		}
	}
}

// A fixed seed gives fixed weights, and their file a fixed digest: it names
// policies, so it may not change from release to release.
func TestDigestIsStable(t *testing.T) {
	m, err := New(fileConfig(), 42)
	if err != nil {
		t.Fatal(err)
	}
	const want = "4ec387392f2f87c88320a5eb35b63ae48ccb24bd59316d1a785bff1fec661f3b"
	if got := fmt.Sprintf("%x", sha256.Sum256(safetensorsOf(t, m))); got != want {
		t.Errorf("the digest is %s, want %s", got, want)
	}
	n, mean, square := 0, 0.0, 0.0
	for _, x := range m.lay.layers[0].qkv.of(m.w) {
		n++
		mean += float64(x)
		square += float64(x) * float64(x)
	}
	if std := math.Sqrt(square / float64(n)); math.Abs(std*6-1) > 0.15 || math.Abs(mean/float64(n)) > 0.03 {
		t.Errorf("initial weights have mean %v and deviation %v, want 0 and 1/6", mean/float64(n), std)
	}
}

func TestHalfPrecision(t *testing.T) {
	c := fileConfig()
	m := lively(t, c, 1)
	for dtype, narrow := range map[string]func(float32) uint16{
		"BF16": func(x float32) uint16 { return uint16(math.Float32bits(x) >> 16) },
		"F16": func(x float32) uint16 { // toward zero, normal range only
			b := math.Float32bits(x)
			return uint16(b>>16&0x8000) | uint16((b>>23&255-112)<<10) | uint16(b>>13&1023)
		},
	} {
		header, data := map[string]tensorInfo{}, []byte(nil)
		for _, x := range m.Tensors() {
			at := int64(len(data))
			for i, w := range x.Data {
				if math.Abs(float64(w)) < 1e-3 { // below the normal range
					x.Data[i], w = 0.125, 0.125
				}
				data = binary.LittleEndian.AppendUint16(data, narrow(w))
			}
			header[x.Name] = tensorInfo{dtype, x.Shape, [2]int64{at, int64(len(data))}}
		}
		h, err := json.Marshal(header)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadModel(c, bytes.NewReader(file(string(h), data)))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range m.w {
			if math.Abs(float64(got.w[i]-w)) > 0.008*math.Abs(float64(w)) {
				t.Fatalf("%s: weight %d is %v, want %v", dtype, i, got.w[i], w)
			}
		}
	}
	for h, want := range map[uint16]float64{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 0x1p-14, 0x0001: 0x1p-24, 0x83ff: -1023 * 0x1p-24,
		0x7c00: math.Inf(1), 0xfc00: math.Inf(-1), 0x3555: 0.333251953125,
	} {
		if got := float64(halfToFloat(h)); got != want {
			t.Errorf("half %04x is %v, want %v", h, got, want)
		}
	}
	if !math.IsNaN(float64(halfToFloat(0x7e00))) || math.Signbit(float64(halfToFloat(0x8000))) != true {
		t.Error("NaN or minus zero is lost")
	}
}

// What is stored narrower reads back within half a unit of its last place, and
// values that fit come back as they were.
func TestSaveAs(t *testing.T) {
	for kind, digits := range map[Dtype]int{F16: 11, BF16: 8} {
		m := lively(t, fileConfig(), 1)
		dir := t.TempDir()
		if err := m.SaveAs(dir, nil, kind); err != nil {
			t.Fatal(err)
		}
		back, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range m.w {
			if d := math.Abs(float64(back.w[i] - w)); d > math.Abs(float64(w))*math.Pow(2, -float64(digits))+0x1p-25 {
				t.Fatalf("%s: weight %d is %v, want %v", kind, i, back.w[i], w)
			}
		}
		config, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil || !strings.Contains(string(config), torchDtype[kind]) {
			t.Errorf("%s: config.json does not name the type: %s", kind, config)
		}
		again := t.TempDir()
		if err := back.SaveAs(again, nil, kind); err != nil {
			t.Fatal(err)
		}
		second, err := Load(again)
		if err != nil || !slices.Equal(second.w, back.w) {
			t.Errorf("%s: rounding twice is not rounding once (%v)", kind, err)
		}
	}
	m := lively(t, fileConfig(), 1)
	m.w[0] = 1e5
	if err := m.SaveAs(t.TempDir(), nil, F16); err == nil || !strings.Contains(err.Error(), "beyond the range of f16") {
		t.Errorf("a weight that f16 cannot hold: %v", err)
	}
	if err := m.SaveAs(t.TempDir(), nil, "I8"); err == nil || !strings.Contains(err.Error(), `no type "I8"`) {
		t.Errorf("a type that does not exist: %v", err)
	}
	for x, want := range map[float32]uint16{
		0: 0, 1: 0x3c00, -2: 0xc000, 65504: 0x7bff, 65519: 0x7bff, 65520: 0x7c00, 0x1p-14: 0x0400, 0x1p-24: 1, 0x1p-25: 0, 0x1.8p-25: 1,
		0x1.ff8p-15: 0x03ff, 0x1.ffcp-15: 0x0400, 1 + 0x1p-11: 0x3c00, 1 + 0x3p-11: 0x3c02, float32(math.Inf(-1)): 0xfc00,
	} {
		if got := floatToHalf(x); got != want {
			t.Errorf("%v as half is %04x, want %04x", x, got, want)
		}
	}
	for h := range 1 << 16 {
		if f := halfToFloat(uint16(h)); f == f && floatToHalf(f) != uint16(h) {
			t.Fatalf("half %04x becomes %v, then %04x", h, f, floatToHalf(f))
		}
	}
}

func TestBadFiles(t *testing.T) {
	c := fileConfig()
	good := safetensorsOf(t, lively(t, c, 1))
	n := int(binary.LittleEndian.Uint64(good))
	header, data := string(good[8:8+n]), good[8+n:]
	swap := func(old, new string) []byte {
		s := strings.Replace(header, old, new, 1)
		if s == header {
			t.Fatalf("%q does not occur", old)
		}
		return file(s, data)
	}
	for _, x := range []struct {
		b    []byte
		want string
	}{
		{nil, "cut off"},
		{good[:5], "cut off"},
		{good[:30], "cut off"},
		{good[:len(good)-1], `tensor "model.norm.weight": it ends too early`},
		{[]byte("PK\x03\x04 a zip file, not a model"), "this is not a safetensors file"},
		{file(`{"a":`, nil), "not JSON"},
		{file(`{"a":3}`, nil), `tensor "a": its header entry`},
		{swap(`"lm_head.weight"`, `"lm_bread.weight"`), `tensor "lm_bread.weight" does not belong to this model of 2 layers`},
		{swap(`"shape":[11,12]`, `"shape":[12,11]`), `has shape [12 11]; config.json makes it [11 12]`},
		{swap(`"shape":[11,12]`, `"shape":[11,13]`), `528 bytes for shape [11 13] of F32, want 572`},
		{swap(`"shape":[11,12]`, `"shape":[-1,12]`), `impossible shape`},
		{swap(`"shape":[11,12]`, `"shape":[4611686018427387904,12]`), `impossible shape`},
		{swap(`"dtype":"F32"`, `"dtype":"I64"`), `is of type I64`},
		{swap(`"data_offsets":[0,528]`, `"data_offsets":[528,0]`), `out of order or overlap`},
		{swap(`"data_offsets":[0,528]`, `"data_offsets":[-528,0]`), `out of order or overlap`},
		{swap(`"data_offsets":[0,528]`, `"data_offsets":[4,532]`), `out of order or overlap`},
		{file(`{}`, nil), `tensor "lm_head.weight" is missing`},
		{append(slices.Clone(good), 0), `goes on after the last tensor`},
		{append(slices.Clone(good[:len(good)-4]), 0, 0, 0xc0, 0x7f), `tensor "model.norm.weight": value 11 is NaN`},
		{append(slices.Clone(good[:len(good)-4]), 0, 0, 0x80, 0xff), `tensor "model.norm.weight": value 11 is -Inf`},
		{make([]byte, 1<<16), "this is not a safetensors file"},
		{append(binary.LittleEndian.AppendUint64(nil, maxHeader), '{'), "its header ends too early"},
		{binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "this is not a safetensors file"},
		{append(binary.LittleEndian.AppendUint64(nil, 100), make([]byte, 100)...), "its header is not JSON"},
	} {
		_, err := ReadModel(c, bytes.NewReader(x.b))
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
	if _, err := ReadModel(Config{}, bytes.NewReader(good)); err == nil || !strings.Contains(err.Error(), "vocab_size is 0") {
		t.Errorf("no shape: %v", err)
	}
	// What the format allows beside the weights is passed over.
	tied := c
	tied.TieEmbeddings = true
	if _, err := ReadModel(tied, bytes.NewReader(good)); err != nil {
		t.Errorf("a head beside a tied embedding: %v", err)
	}
}

func FuzzSafetensors(f *testing.F) {
	c := Config{Vocab: 3, Width: 2, Layers: 1, Heads: 1, KVHeads: 1, Hidden: 2, Context: 4, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true}
	m, err := New(c, 1)
	if err != nil {
		f.Fatal(err)
	}
	good := safetensorsOf(f, m)
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(file(`{"model.norm.weight":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}`, make([]byte, 4)))
	f.Add(file(`{"x":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,9223372036854775807]}}`, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ReadModel(c, bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := ReadModel(c, bytes.NewReader(safetensorsOf(t, m)))
		if err != nil {
			t.Fatalf("reading back: %v", err)
		}
		for i, w := range m.w {
			if math.Float32bits(w) != math.Float32bits(again.w[i]) {
				t.Fatalf("weight %d changes from %v to %v", i, w, again.w[i])
			}
		}
	})
}

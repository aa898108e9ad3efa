package nn

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// A safetensors file is the length of a JSON header (8 bytes, little-endian),
// the header, which gives each tensor's dtype, shape and place, and the data.

// maxHeader bounds the header, as the format's own reader does.
const maxHeader = 100 << 20

// maxTensors is beyond what models of maxLayers have, experts included.
const maxTensors = 1 << 17

type tensorInfo struct {
	Dtype   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// dtypeSize is the bytes of one value of the types this engine reads.
var dtypeSize = map[string]int64{"F32": 4, "F16": 2, "BF16": 2}

// WriteSafetensors writes the weights as one safetensors file of f32 tensors,
// sorted by name. The same weights give the same bytes.
func (m *Model) WriteSafetensors(w io.Writer) error { return m.writeSafetensors(w, F32) }

func (m *Model) writeSafetensors(w io.Writer, t Dtype) error {
	list := m.Tensors()
	slices.SortFunc(list, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	if _, err := w.Write(safetensorsHeader(list, t)); err != nil {
		return fmt.Errorf("writing safetensors: %w", err)
	}
	for _, x := range list {
		if err := writeTensor(w, t, x.Data); err != nil {
			return fmt.Errorf("writing safetensors: tensor %q: %w", x.Name, err)
		}
	}
	return nil
}

// safetensorsHeader is the length and the JSON, padded to a multiple of 8.
func safetensorsHeader(list []Tensor, t Dtype) []byte {
	b := []byte(`{"__metadata__":{"format":"pt"}`)
	at := int64(0)
	for _, x := range list {
		size := dtypeSize[string(t)] * int64(len(x.Data))
		name, _ := json.Marshal(x.Name)
		info, _ := json.Marshal(tensorInfo{string(t), x.Shape, [2]int64{at, at + size}})
		b = append(append(append(append(b, ','), name...), ':'), info...)
		at += size
	}
	b = append(b, '}')
	for len(b)%8 != 0 {
		b = append(b, ' ')
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(b))), b...)
}

// ReadModel reads the weights of a model of the given shape from a safetensors
// file with f32, f16 or bf16 tensors, each of which must be there.
func ReadModel(c Config, r io.Reader) (*Model, error) {
	c = c.withDefaults()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("reading weights: %w", err)
	}
	l := newLoader(c)
	l.whole = true
	if err := l.read(r); err != nil {
		return nil, fmt.Errorf("reading weights: %w", err)
	}
	if err := l.complete(); err != nil {
		return nil, fmt.Errorf("reading weights: %w", err)
	}
	return l.m, nil
}

// loader fills a model from one or more safetensors files.
type loader struct {
	c     Config
	whole bool   // a single file must hold all tensors
	m     *Model // made once the first header has been seen to fit
	want  map[string]int
	list  []Tensor
	seen  []bool
}

func newLoader(c Config) *loader { return &loader{c: c} }

// open makes the model, which is the one large allocation.
func (l *loader) open() {
	if l.m != nil {
		return
	}
	l.m = newModel(l.c)
	l.list = l.m.Tensors()
	l.seen = make([]bool, len(l.list))
	l.want = make(map[string]int, len(l.list))
	for i, t := range l.list {
		l.want[t.Name] = i
	}
}

func (l *loader) read(r io.Reader) error {
	names, infos, err := readHeader(r)
	if err != nil {
		return err
	}
	if err := l.fits(names, infos); err != nil {
		return err
	}
	l.open()
	at := int64(0)
	for _, name := range names {
		info := infos[name]
		if _, err := io.CopyN(io.Discard, r, info.Offsets[0]-at); err != nil {
			return fmt.Errorf("tensor %q: %w", name, noEOF(err))
		}
		at = info.Offsets[1]
		i, ok := l.want[name]
		if !ok || l.seen[i] {
			if ok {
				return fmt.Errorf("tensor %q is there twice", name)
			}
			if _, err := io.CopyN(io.Discard, r, info.Offsets[1]-info.Offsets[0]); err != nil {
				return fmt.Errorf("tensor %q: %w", name, noEOF(err))
			}
			continue
		}
		if err := readTensor(r, info.Dtype, l.list[i].Data); err != nil {
			return fmt.Errorf("tensor %q: %w", name, noEOF(err))
		}
		if k := notFinite(l.list[i].Data); k >= 0 {
			return notFiniteError(name, k, l.list[i].Data[k])
		}
		l.seen[i] = true
	}
	return atEnd(r)
}

func notFiniteError(name string, k int, v float32) error {
	return fmt.Errorf("tensor %q: value %d is %v; the checkpoint is of a failed training or damaged", name, k, v)
}

// atEnd checks that the data was all there is: more means that the header is not
// this file's.
func atEnd(r io.Reader) error {
	if n, err := io.CopyN(io.Discard, r, 1); n > 0 {
		return fmt.Errorf("it goes on after the last tensor; header and data do not belong together")
	} else if err != io.EOF {
		return err
	}
	return nil
}

// fits checks names, types and shapes against the config without allocating
// the model.
func (l *loader) fits(names []string, infos map[string]tensorInfo) error {
	shapes := l.c.shapes()
	for _, name := range names {
		info, shape := infos[name], shapes[name]
		if shape == nil {
			if ignorable(name, &l.c) {
				continue
			}
			return fmt.Errorf("tensor %q does not belong to this model of %d layers", name, l.c.Layers)
		}
		if !slices.Equal(info.Shape, shape) {
			return fmt.Errorf("tensor %q has shape %v; config.json makes it %v", name, info.Shape, shape)
		}
		if _, ok := dtypeSize[info.Dtype]; !ok {
			return fmt.Errorf("tensor %q is of type %s; this engine reads F32, F16 and BF16", name, info.Dtype)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		if _, ok := infos[name]; l.whole && !ok {
			return fmt.Errorf("tensor %q is missing", name)
		}
	}
	return nil
}

// ignorable names what some folders hold beside the weights: tabulated rotary
// frequencies, and the head when it repeats the embedding.
func ignorable(name string, c *Config) bool {
	return strings.HasSuffix(name, "rotary_emb.inv_freq") || (name == "lm_head.weight" && c.TieEmbeddings)
}

// shapes is the shape of every tensor of the model.
func (c *Config) shapes() map[string][]int {
	w, q, kv, h := c.Width, c.qDim(), c.kvDim(), c.Hidden
	s := map[string][]int{"model.embed_tokens.weight": {c.Vocab, w}, "model.norm.weight": {w}}
	if !c.TieEmbeddings {
		s["lm_head.weight"] = []int{c.Vocab, w}
	}
	for i := range c.Layers {
		p := fmt.Sprintf("model.layers.%d.", i)
		s[p+"input_layernorm.weight"] = []int{w}
		s[p+"post_attention_layernorm.weight"] = []int{w}
		if c.QKNorm {
			s[p+"self_attn.q_norm.weight"] = []int{c.HeadDim()}
			s[p+"self_attn.k_norm.weight"] = []int{c.HeadDim()}
		}
		for _, m := range []struct {
			name    string
			out, in int
			bias    bool
		}{
			{"self_attn.q_proj", q, w, c.QKVBias}, {"self_attn.k_proj", kv, w, c.QKVBias},
			{"self_attn.v_proj", kv, w, c.QKVBias}, {"self_attn.o_proj", w, q, c.OutBias},
			{"mlp.gate_proj", h, w, c.MLPBias}, {"mlp.up_proj", h, w, c.MLPBias}, {"mlp.down_proj", w, h, c.MLPBias},
		} {
			s[p+m.name+".weight"] = []int{m.out, m.in}
			if m.bias {
				s[p+m.name+".bias"] = []int{m.out}
			}
		}
	}
	return s
}

func (l *loader) complete() error {
	l.open()
	for i, ok := range l.seen {
		if !ok {
			return fmt.Errorf("tensor %q is missing", l.list[i].Name)
		}
	}
	return nil
}

// readHeader returns the tensors of a file in the order of their data. Places
// are checked to be in order, apart, and as long as type and shape say.
func readHeader(r io.Reader) ([]string, map[string]tensorInfo, error) {
	var size [8]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, nil, noEOF(err)
	}
	n := binary.LittleEndian.Uint64(size[:])
	if n < 2 || n > maxHeader {
		return nil, nil, fmt.Errorf("its header would be %d bytes; this is not a safetensors file", n)
	}
	// LimitReader, so that a short file with a large claim costs little memory.
	head, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil {
		return nil, nil, err
	}
	if uint64(len(head)) < n {
		return nil, nil, fmt.Errorf("its header ends too early; the file is cut off")
	}
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(head, &raw); err != nil {
		return nil, nil, fmt.Errorf("its header is not JSON: %w", err)
	}
	delete(raw, "__metadata__")
	if len(raw) > maxTensors {
		return nil, nil, fmt.Errorf("its header names %d tensors; at most %d are supported", len(raw), maxTensors)
	}
	infos := make(map[string]tensorInfo, len(raw))
	names := make([]string, 0, len(raw))
	for name, b := range raw {
		var info tensorInfo
		if err := json.Unmarshal(b, &info); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: its header entry: %w", name, err)
		}
		infos[name] = info
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := infos[a].Offsets, infos[b].Offsets
		switch {
		case x != y && (x[0] < y[0] || (x[0] == y[0] && x[1] < y[1])):
			return -1
		case x != y:
			return 1
		}
		return strings.Compare(a, b)
	})
	end := int64(0)
	for _, name := range names {
		info := infos[name]
		if info.Offsets[0] < end || info.Offsets[1] < info.Offsets[0] {
			return nil, nil, fmt.Errorf("tensor %q: its bytes %d to %d are out of order or overlap", name, info.Offsets[0], info.Offsets[1])
		}
		end = info.Offsets[1]
		if size, ok := dtypeSize[info.Dtype]; ok {
			for _, d := range info.Shape {
				if d < 0 || (d > 0 && size > math.MaxInt64/8/int64(d)) {
					return nil, nil, fmt.Errorf("tensor %q: impossible shape %v", name, info.Shape)
				}
				size *= int64(d)
			}
			if info.Offsets[1]-info.Offsets[0] != size {
				return nil, nil, fmt.Errorf("tensor %q: %d bytes for shape %v of %s, want %d", name, info.Offsets[1]-info.Offsets[0], info.Shape, info.Dtype, size)
			}
		}
	}
	return names, infos, nil
}

package nn

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"pawl/tensor"
)

// Model is a transformer's weights: one flat buffer with named views.
//
// Query, key and value projections of a layer lie one after the other, and so
// do gate and up, so that each is one product; on disk they are separate
// tensors. Matrices come first, norm gains and biases last, so that weight decay
// applies to a prefix. Every tensor starts on a 64-byte boundary; the gaps
// stay zero.
//
// Reading from several goroutines is safe; writing is not. After writing to
// Params directly, call Touch.
type Model struct {
	cfg     Config
	lay     layout
	w       []float32
	rot     *tensor.RotaryTable // nil without rotary positions
	version atomic.Uint64       // counts changes, so that packed copies know their age
	final   frozenPacks
}

// span is a matrix [rows, cols] (or a vector, rows 1) inside the flat buffer.
type span struct{ off, rows, cols int }

func (s span) size() int { return s.rows * s.cols }

func (s span) of(buf []float32) []float32 { return buf[s.off : s.off+s.size()] }

func (s span) mat(buf []float32) tensor.Mat {
	return tensor.Mat{Data: s.of(buf), Rows: s.rows, Cols: s.cols, Stride: s.cols}
}

type layerLayout struct {
	qkv, o, gateUp, down span // all [out, in]
	norm1, norm2         span

	// What some shapes have besides; empty in the others.
	qNorm, kNorm                         span // gains of a head
	qkvBias, oBias, gateUpBias, downBias span
}

type layout struct {
	embed, head, norm span // head equals embed when tied
	layers            []layerLayout
	matrices          int // length of the prefix that weight decay applies to
	size              int // floats in all
}

func newLayout(c Config) layout {
	var l layout
	take := func(rows, cols int) span {
		s := span{l.size, rows, cols}
		l.size += (rows*cols + 15) &^ 15
		return s
	}
	l.embed = take(c.Vocab, c.Width)
	l.layers = make([]layerLayout, c.Layers)
	for i := range l.layers {
		a := &l.layers[i]
		a.qkv = take(c.qDim()+2*c.kvDim(), c.Width)
		a.o = take(c.Width, c.qDim())
		a.gateUp = take(2*c.Hidden, c.Width)
		a.down = take(c.Width, c.Hidden)
	}
	l.head = l.embed
	if !c.TieEmbeddings {
		l.head = take(c.Vocab, c.Width)
	}
	l.matrices = l.size
	for i := range l.layers {
		l.layers[i].norm1 = take(1, c.Width)
		l.layers[i].norm2 = take(1, c.Width)
	}
	l.norm = take(1, c.Width)
	for i := range l.layers {
		a := &l.layers[i]
		if c.QKNorm {
			a.qNorm, a.kNorm = take(1, c.HeadDim()), take(1, c.HeadDim())
		}
		if c.QKVBias {
			a.qkvBias = take(1, a.qkv.rows)
		}
		if c.OutBias {
			a.oBias = take(1, c.Width)
		}
		if c.MLPBias {
			a.gateUpBias, a.downBias = take(1, 2*c.Hidden), take(1, c.Width)
		}
	}
	return l
}

func newModel(c Config) *Model {
	lay := newLayout(c)
	return &Model{cfg: c, lay: lay, w: tensor.Alloc(lay.size), rot: newRotary(c)}
}

// New makes a model with random weights. Matrices are uniform within
// ±1/sqrt(inputs), those that write to the residual stream divided by
// sqrt(2·layers) (Radford et al. 2019); gains are 1 and biases 0. The same seed gives the
// same weights on every machine: uniform draws need no transcendental function.
func New(c Config, seed uint64) (*Model, error) {
	c = c.withDefaults()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("making a model: %w", err)
	}
	m := newModel(c)
	r := newStream(seed, 0x6d6f64656c) // a stream of its own, apart from those of samples
	fill := func(s span, bound float64) {
		w := s.of(m.w)
		for i := range w {
			w[i] = float32((2*r.uniform() - 1) * bound)
		}
	}
	ones := func(s span) {
		for i, w := 0, s.of(m.w); i < len(w); i++ {
			w[i] = 1
		}
	}
	in := 1 / math.Sqrt(float64(c.Width))
	residual := 1 / math.Sqrt(2*float64(c.Layers))
	fill(m.lay.embed, in)
	for _, a := range m.lay.layers {
		fill(a.qkv, in)
		fill(a.o, 1/math.Sqrt(float64(c.qDim()))*residual)
		fill(a.gateUp, in)
		fill(a.down, residual/math.Sqrt(float64(c.Hidden)))
		ones(a.norm1)
		ones(a.norm2)
		ones(a.qNorm)
		ones(a.kNorm)
	}
	if !c.TieEmbeddings {
		fill(m.lay.head, in)
	}
	ones(m.lay.norm)
	return m, nil
}

// Config is the model's shape.
func (m *Model) Config() Config { return m.cfg }

// Params is the flat buffer itself, gaps included. See Touch.
func (m *Model) Params() []float32 { return m.w }

// Touch tells trainers and samplers that the weights have changed.
func (m *Model) Touch() { m.version.Add(1) }

// Clone copies the model.
func (m *Model) Clone() *Model {
	c := newModel(m.cfg)
	copy(c.w, m.w)
	return c
}

// CopyFrom takes over the weights of a model of the same shape.
func (m *Model) CopyFrom(src *Model) error {
	if m.lay.size != src.lay.size || !slices.EqualFunc(m.Tensors(), src.Tensors(), func(a, b Tensor) bool {
		return a.Name == b.Name && slices.Equal(a.Shape, b.Shape)
	}) {
		return fmt.Errorf("copying weights: the models differ in shape")
	}
	copy(m.w, src.w)
	m.Touch()
	return nil
}

// Tensor is a named view into a model, under its Hugging Face name.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32 // row-major, shared with the model
}

// Tensors lists the weights under their Hugging Face names, in the order of
// the layers. Data is shared with the model.
func (m *Model) Tensors() []Tensor { return m.lay.tensors(m.cfg, m.w) }

func (l *layout) tensors(c Config, buf []float32) []Tensor {
	list := make([]Tensor, 0, 3+9*c.Layers)
	rows := func(name string, s span, lo, hi int) {
		list = append(list, Tensor{name, []int{hi - lo, s.cols}, buf[s.off+lo*s.cols : s.off+hi*s.cols]})
	}
	vector := func(name string, s span, lo, hi int) {
		if s.cols > 0 {
			list = append(list, Tensor{name, []int{hi - lo}, s.of(buf)[lo:hi]})
		}
	}
	gain := func(name string, s span) { vector(name, s, 0, s.cols) }
	w, h, q, kv := c.Width, c.Hidden, c.qDim(), c.kvDim()
	rows("model.embed_tokens.weight", l.embed, 0, c.Vocab)
	for i, a := range l.layers {
		p := fmt.Sprintf("model.layers.%d.", i)
		gain(p+"input_layernorm.weight", a.norm1)
		rows(p+"self_attn.q_proj.weight", a.qkv, 0, q)
		vector(p+"self_attn.q_proj.bias", a.qkvBias, 0, q)
		gain(p+"self_attn.q_norm.weight", a.qNorm)
		rows(p+"self_attn.k_proj.weight", a.qkv, q, q+kv)
		vector(p+"self_attn.k_proj.bias", a.qkvBias, q, q+kv)
		gain(p+"self_attn.k_norm.weight", a.kNorm)
		rows(p+"self_attn.v_proj.weight", a.qkv, q+kv, q+2*kv)
		vector(p+"self_attn.v_proj.bias", a.qkvBias, q+kv, q+2*kv)
		rows(p+"self_attn.o_proj.weight", a.o, 0, w)
		gain(p+"self_attn.o_proj.bias", a.oBias)
		gain(p+"post_attention_layernorm.weight", a.norm2)
		rows(p+"mlp.gate_proj.weight", a.gateUp, 0, h)
		vector(p+"mlp.gate_proj.bias", a.gateUpBias, 0, h)
		rows(p+"mlp.up_proj.weight", a.gateUp, h, 2*h)
		vector(p+"mlp.up_proj.bias", a.gateUpBias, h, 2*h)
		rows(p+"mlp.down_proj.weight", a.down, 0, w)
		gain(p+"mlp.down_proj.bias", a.downBias)
	}
	gain("model.norm.weight", l.norm)
	if !c.TieEmbeddings {
		rows("lm_head.weight", l.head, 0, c.Vocab)
	}
	return list
}

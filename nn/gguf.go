package nn

import (
	"fmt"
	"io"
	"strings"

	"pawl/atomicfile"
	"pawl/nn/gguf"
)

// ggufNames pairs the parts of Hugging Face names with llama.cpp's.
var ggufNames = strings.NewReplacer(
	"model.embed_tokens.", "token_embd.", "model.norm.", "output_norm.", "lm_head.", "output.",
	"model.layers.", "blk.", "input_layernorm.", "attn_norm.", "post_attention_layernorm.", "ffn_norm.",
	"self_attn.q_proj.", "attn_q.", "self_attn.k_proj.", "attn_k.", "self_attn.v_proj.", "attn_v.",
	"self_attn.o_proj.", "attn_output.", "self_attn.q_norm.", "attn_q_norm.", "self_attn.k_norm.", "attn_k_norm.",
	"mlp.gate_proj.", "ffn_gate.", "mlp.up_proj.", "ffn_up.", "mlp.down_proj.", "ffn_down.",
)

// ropeFactors is a tensor of divisors of the rotary frequencies, which
// llama.cpp reads for the llama architecture.
const ropeFactors = "rope_freqs.weight"

// still is the divisor that stops a pair from turning: models without
// positions are written so.
const still = 1e30

// SaveGGUF writes the model and its tokenizer as one file for llama.cpp, matrices
// in the given type and vectors in f32. The file is replaced as a whole.
func (m *Model) SaveGGUF(path string, tok *Tokenizer, t Dtype) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return m.writeGGUF(w, tok, t) })
	if err != nil {
		return fmt.Errorf("saving model %s: %w", path, err)
	}
	return nil
}

// WriteGGUF is SaveGGUF to a stream. The same model gives the same bytes.
func (m *Model) WriteGGUF(w io.Writer, tok *Tokenizer, t Dtype) error {
	if err := m.writeGGUF(w, tok, t); err != nil {
		return fmt.Errorf("writing a model as GGUF: %w", err)
	}
	return nil
}

func (m *Model) writeGGUF(w io.Writer, tok *Tokenizer, t Dtype) error {
	c := m.cfg
	if what := c.foreign(); what != "" {
		return fmt.Errorf("llama.cpp has no models with %s", what)
	}
	kind, ok := map[Dtype]gguf.Type{F32: gguf.F32, F16: gguf.F16, BF16: gguf.BF16}[t]
	if !ok {
		return fmt.Errorf("there is no type %q; use %s, %s or %s", t, F32, F16, BF16)
	}
	meta, err := c.ggufMeta()
	if err != nil {
		return err
	}
	words, err := ggufTokenizer(tok, c.Vocab)
	if err != nil {
		return err
	}
	var list []gguf.Tensor
	if f := c.ropeFactors(); f != nil {
		list = append(list, ggufTensor(ropeFactors, []int{len(f)}, gguf.F32, F32, f))
	}
	for _, x := range m.Tensors() {
		data, as, store := x.Data, kind, t
		if len(x.Shape) == 1 {
			as, store = gguf.F32, F32
		}
		if heads := c.turned(x.Name); heads > 0 {
			half := c.HeadDim() / 2
			data = regroup(data, heads, 2, half, len(data)/(heads*2*half))
		}
		list = append(list, ggufTensor(ggufNames.Replace(x.Name), x.Shape, as, store, data))
	}
	return gguf.Write(w, append(meta, words...), list)
}

func ggufTensor(name string, shape []int, as gguf.Type, t Dtype, data []float32) gguf.Tensor {
	return gguf.Tensor{Name: name, Shape: shape, Type: as, Encode: func(w io.Writer) error { return writeTensor(w, t, data) }}
}

// ggufMeta describes the shape.
func (c Config) ggufMeta() ([]gguf.Entry, error) {
	arch := c.modelType()
	meta := []gguf.Entry{{Key: "general.architecture", Value: arch}}
	set := func(key string, value any) { meta = append(meta, gguf.Entry{Key: arch + "." + key, Value: value}) }
	number := func(key string, n int) { set(key, uint32(n)) }
	number("vocab_size", c.Vocab)
	number("context_length", c.Context)
	number("embedding_length", c.Width)
	number("block_count", c.Layers)
	number("feed_forward_length", c.Hidden)
	number("attention.head_count", c.Heads)
	number("attention.head_count_kv", c.KVHeads)
	number("attention.key_length", c.HeadDim())
	number("attention.value_length", c.HeadDim())
	number("rope.dimension_count", c.HeadDim())
	set("attention.layer_norm_rms_epsilon", float32(c.NormEps))
	if c.RopeTheta > 0 {
		set("rope.freq_base", float32(c.RopeTheta))
	}
	switch {
	case c.RopeScaling.Kind == ropeLinear:
		set("rope.scaling.type", "linear")
		set("rope.scaling.factor", float32(c.RopeScaling.Factor))
	case c.RopeScaling.Kind != "" && arch != modelLlama:
		return nil, fmt.Errorf("llama.cpp has no %s models with rope_scaling of type %s", arch, c.RopeScaling.Kind)
	}
	return meta, nil
}

// ropeFactors are the divisors of the rotary frequencies, nil where there are none.
func (c Config) ropeFactors() []float32 {
	if c.RopeTheta > 0 && c.RopeScaling.Kind != ropeLlama3 {
		return nil
	}
	f := make([]float32, c.HeadDim()/2)
	for j, scaled := range c.frequencies() {
		f[j] = still
		if c.RopeTheta > 0 {
			plain := c
			plain.RopeScaling = RopeScaling{}
			f[j] = float32(plain.frequencies()[j] / scaled)
		}
	}
	return f
}

// turned tells how many heads of a tensor have their rotary pairs side by side
// in llama.cpp: queries and keys of the llama architecture. 0 is none.
func (c Config) turned(name string) int {
	switch {
	case c.modelType() != modelLlama:
	case strings.Contains(name, ".q_proj."):
		return c.Heads
	case strings.Contains(name, ".k_proj."):
		return c.KVHeads
	}
	return 0
}

// regroup reorders the rows of each head, [a, b, cols] to [b, a, cols]: with a 2
// it brings pairs (j, j+half) side by side, with b 2 it takes them apart again.
func regroup(data []float32, heads, a, b, cols int) []float32 {
	out := make([]float32, len(data))
	for h := range heads {
		head := h * a * b * cols
		for i := range a {
			for j := range b {
				copy(out[head+(j*a+i)*cols:][:cols], data[head+(i*b+j)*cols:])
			}
		}
	}
	return out
}

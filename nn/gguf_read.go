package nn

import (
	"fmt"
	"math"
	"os"
	"slices"

	"pawl/nn/gguf"
)

// LoadGGUF reads the model of a GGUF file with tensors of f32, f16 or bf16: a
// llama, qwen2 or qwen3 as SaveGGUF or llama.cpp's converters write them. Its
// tokenizer is not read.
func LoadGGUF(path string) (*Model, error) {
	m, err := loadGGUF(path)
	if err != nil {
		return nil, fmt.Errorf("loading model %s: %w", path, err)
	}
	return m, nil
}

func loadGGUF(path string) (*Model, error) {
	r, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	f, err := gguf.Read(r, info.Size())
	if err != nil {
		return nil, err
	}
	return modelOfGGUF(f)
}

func modelOfGGUF(f *gguf.File) (*Model, error) {
	places := map[string]*gguf.Info{}
	for i := range f.Tensors {
		places[f.Tensors[i].Name] = &f.Tensors[i]
	}
	factors := places[ropeFactors]
	delete(places, ropeFactors)
	c, err := configOfGGUF(f, places)
	if err != nil {
		return nil, err
	}
	if factors != nil {
		if err := c.unscale(f, factors); err != nil {
			return nil, err
		}
	}
	// Names, shapes and types first: a file that does not fit costs no memory.
	shapes := c.shapes()
	for name, shape := range shapes {
		p := places[ggufNames.Replace(name)]
		switch {
		case p == nil:
			return nil, fmt.Errorf("tensor %q is missing", ggufNames.Replace(name))
		case !slices.Equal(p.Shape, shape):
			return nil, fmt.Errorf("tensor %q has shape %v; the metadata make it %v", p.Name, p.Shape, shape)
		}
		if _, err := f.Open(p); err != nil {
			return nil, err
		}
	}
	if len(places) != len(shapes) {
		known := map[string]bool{}
		for name := range shapes {
			known[ggufNames.Replace(name)] = true
		}
		for i := range f.Tensors {
			if t := &f.Tensors[i]; t != factors && !known[t.Name] {
				return nil, fmt.Errorf("tensor %q does not belong to this model of %d layers", t.Name, c.Layers)
			}
		}
	}
	m := newModel(c)
	for _, x := range m.Tensors() {
		if err := readGGUFTensor(f, places[ggufNames.Replace(x.Name)], x.Data); err != nil {
			return nil, err
		}
		if heads := c.turned(x.Name); heads > 0 {
			half := c.HeadDim() / 2
			copy(x.Data, regroup(x.Data, heads, half, 2, len(x.Data)/(heads*2*half)))
		}
	}
	return m, nil
}

func readGGUFTensor(f *gguf.File, t *gguf.Info, dst []float32) error {
	r, err := f.Open(t)
	if err == nil {
		err = readTensor(r, t.Type.String(), dst)
	}
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, noEOF(err))
	}
	if k := notFinite(dst); k >= 0 {
		return notFiniteError(t.Name, k, dst[k])
	}
	return nil
}

// configOfGGUF reads the shape from the metadata, and from which tensors are there.
func configOfGGUF(f *gguf.File, places map[string]*gguf.Info) (Config, error) {
	var c Config
	arch, _ := f.Meta["general.architecture"].(string)
	if architectures[arch] == "" {
		return c, fmt.Errorf("general.architecture is %q; only llama, qwen2 and qwen3 are supported", arch)
	}
	var err error
	number := func(key string, value int) int {
		switch v := f.Meta[arch+"."+key].(type) {
		case uint32:
			value = int(min(v, math.MaxInt32))
		case nil:
		default:
			err = fmt.Errorf("%s.%s is %v; it must be a number", arch, key, v)
		}
		return value
	}
	float := func(key string, value float64) float64 {
		switch v := f.Meta[arch+"."+key].(type) {
		case float32:
			// The shortest decimal: 1e-5 is stored as the nearest float32.
			_, err := fmt.Sscan(fmt.Sprint(v), &value)
			if err != nil {
				return float64(v)
			}
		case nil:
		default:
			err = fmt.Errorf("%s.%s is %v; it must be a float", arch, key, v)
		}
		return value
	}
	id := func(key string) int32 {
		if v, ok := f.Meta["tokenizer.ggml."+key].(uint32); ok && v < maxVocab {
			return int32(v)
		}
		return -1
	}
	has := func(name string) bool { return places[name] != nil }
	if e := places["token_embd.weight"]; e != nil && len(e.Shape) == 2 {
		c.Vocab = e.Shape[0]
	}
	c.Width, c.Layers, c.Context = number("embedding_length", 0), number("block_count", 0), number("context_length", 0)
	c.Heads, c.Hidden = number("attention.head_count", 0), number("feed_forward_length", 0)
	c.KVHeads, c.HeadSize = number("attention.head_count_kv", c.Heads), number("attention.key_length", 0)
	c.NormEps = float("attention.layer_norm_rms_epsilon", 1e-6)
	c.RopeTheta = float("rope.freq_base", 10000)
	c.BOS, c.EOS = id("bos_token_id"), id("eos_token_id")
	c.TieEmbeddings = !has("output.weight")
	c.QKVBias, c.OutBias = has("blk.0.attn_q.bias"), has("blk.0.attn_output.bias")
	c.MLPBias, c.QKNorm = has("blk.0.ffn_gate.bias"), has("blk.0.attn_q_norm.weight")
	switch kind, _ := f.Meta[arch+".rope.scaling.type"].(string); kind {
	case "", "none":
	case ropeLinear:
		c.RopeScaling = RopeScaling{Kind: ropeLinear, Factor: float("rope.scaling.factor", 1)}
	default:
		return c, fmt.Errorf("%s.rope.scaling.type is %q; only linear is supported", arch, kind)
	}
	if err != nil {
		return c, err
	}
	for _, key := range []string{"expert_count", "attention.sliding_window"} {
		if n := number(key, 0); n != 0 {
			return c, fmt.Errorf("%s.%s is %d; this engine has no such models", arch, key, n)
		}
	}
	c = c.withDefaults()
	if err := c.Validate(); err != nil {
		return c, err
	}
	if size := c.HeadDim(); number("attention.value_length", size) != size || number("rope.dimension_count", size) != size {
		return c, fmt.Errorf("keys, values and rotary positions differ in size; this engine has no such models")
	}
	if kind := c.modelType(); kind != arch {
		return c, fmt.Errorf("general.architecture is %q, but its tensors are those of a %s", arch, kind)
	}
	return c, nil
}

// unscale takes the divisors of rotary frequencies for what they stand for. No
// positions can be told from them; the numbers behind a scaling cannot.
func (c *Config) unscale(f *gguf.File, t *gguf.Info) error {
	d := make([]float32, c.HeadDim()/2)
	if !slices.Equal(t.Shape, []int{len(d)}) {
		return fmt.Errorf("tensor %q has shape %v, want [%d]", t.Name, t.Shape, len(d))
	}
	if err := readGGUFTensor(f, t, d); err != nil {
		return err
	}
	switch first := d[0]; {
	case slices.Max(d) != slices.Min(d):
		return fmt.Errorf("tensor %q scales rotary positions unevenly; load the model's Hugging Face folder, which says how", t.Name)
	case first == still:
		c.RopeTheta = 0
	case first != 1:
		c.RopeScaling = RopeScaling{Kind: ropeLinear, Factor: float64(first)}
	}
	return c.Validate()
}

package nn

import (
	"encoding/json"
	"fmt"
	"math"
)

// Config is the shape of a decoder-only transformer of the Llama kind
// (Touvron et al. 2023): RMSNorm before each block, rotary positions, SwiGLU,
// grouped-query attention, no biases.
type Config struct {
	Vocab   int // tokens
	Width   int // size of the residual stream
	Layers  int
	Heads   int // query heads; the head size is Width/Heads
	KVHeads int // key and value heads, a divisor of Heads; 0 means Heads
	Hidden  int // size of the gated layer
	Context int // longest sequence, in tokens

	// RopeTheta is the base of the rotary positions. 0 turns them off: the
	// causal mask is then the only source of order.
	RopeTheta     float64
	NormEps       float64 // 0 means 1e-5
	TieEmbeddings bool    // the output head is the embedding

	BOS, EOS int32 // begin and end tokens; -1 is none
}

// Limits on shapes read from files, so that a damaged config.json cannot ask
// for more memory than a machine has.
const (
	maxParams  = 1 << 31
	maxVocab   = 1 << 22
	maxContext = 1 << 20
	maxWidth   = 1 << 16
	maxLayers  = 1 << 10
	maxRotary  = 1 << 27 // context times head size
)

func (c Config) withDefaults() Config {
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	if c.NormEps == 0 {
		c.NormEps = 1e-5
	}
	return c
}

// HeadDim is the size of one attention head.
func (c Config) HeadDim() int { return c.Width / c.Heads }

func (c Config) kvDim() int { return c.KVHeads * c.HeadDim() }

// Params is the number of weights, each counted once.
func (c Config) Params() int {
	c = c.withDefaults()
	layer := 2*c.Width + 2*c.Width*c.Width + 2*c.kvDim()*c.Width + 3*c.Hidden*c.Width
	n := c.Vocab*c.Width + c.Layers*layer + c.Width
	if !c.TieEmbeddings {
		n += c.Vocab * c.Width
	}
	return n
}

// Validate tells what is wrong with the first field that is wrong.
func (c Config) Validate() error {
	c = c.withDefaults()
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"vocab_size", c.Vocab, maxVocab},
		{"hidden_size", c.Width, maxWidth},
		{"num_hidden_layers", c.Layers, maxLayers},
		{"num_attention_heads", c.Heads, maxWidth},
		{"num_key_value_heads", c.KVHeads, maxWidth},
		{"intermediate_size", c.Hidden, 8 * maxWidth},
		{"max_position_embeddings", c.Context, maxContext},
	} {
		if f.value < 1 || f.value > f.max {
			return fmt.Errorf("%s is %d; it must be between 1 and %d", f.name, f.value, f.max)
		}
	}
	switch {
	case c.Width%c.Heads != 0:
		return fmt.Errorf("hidden_size %d is not a multiple of num_attention_heads %d", c.Width, c.Heads)
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("num_attention_heads %d is not a multiple of num_key_value_heads %d", c.Heads, c.KVHeads)
	case c.RopeTheta < 0 || math.IsNaN(c.RopeTheta) || math.IsInf(c.RopeTheta, 0):
		return fmt.Errorf("rope_theta is %v; it must be positive, or 0 for none", c.RopeTheta)
	case c.RopeTheta > 0 && c.HeadDim()%2 != 0:
		return fmt.Errorf("the head size %d is odd; rotary positions need an even one", c.HeadDim())
	case c.RopeTheta > 0 && c.Context > maxRotary/c.HeadDim():
		return fmt.Errorf("max_position_embeddings %d is too much for a head size of %d", c.Context, c.HeadDim())
	case !(c.NormEps > 0 && c.NormEps < 1):
		return fmt.Errorf("rms_norm_eps is %v; it must be between 0 and 1", c.NormEps)
	case int(c.BOS) >= c.Vocab || c.BOS < -1:
		return fmt.Errorf("bos_token_id is %d; it must be below the vocabulary of %d", c.BOS, c.Vocab)
	case int(c.EOS) >= c.Vocab || c.EOS < -1:
		return fmt.Errorf("eos_token_id is %d; it must be below the vocabulary of %d", c.EOS, c.Vocab)
	case c.Params() > maxParams:
		return fmt.Errorf("%d parameters; this engine holds at most %d", c.Params(), maxParams)
	}
	return nil
}

// llamaConfig is config.json of a LlamaForCausalLM folder.
type llamaConfig struct {
	Architectures []string `json:"architectures,omitempty"`
	ModelType     string   `json:"model_type,omitempty"`
	Width         int      `json:"hidden_size"`
	Hidden        int      `json:"intermediate_size"`
	Layers        int      `json:"num_hidden_layers"`
	Heads         int      `json:"num_attention_heads"`
	KVHeads       int      `json:"num_key_value_heads,omitempty"`
	HeadDim       int      `json:"head_dim,omitempty"`
	Vocab         int      `json:"vocab_size"`
	Context       int      `json:"max_position_embeddings"`
	NormEps       float64  `json:"rms_norm_eps"`
	RopeTheta     *float64 `json:"rope_theta,omitempty"`
	HiddenAct     string   `json:"hidden_act,omitempty"`
	Tie           bool     `json:"tie_word_embeddings"`
	BOS           tokenID  `json:"bos_token_id"`
	EOS           tokenID  `json:"eos_token_id"`
	TorchDtype    string   `json:"torch_dtype,omitempty"`

	// Fields this engine has no room for; they must be absent or neutral.
	AttentionBias bool           `json:"attention_bias,omitempty"`
	MLPBias       bool           `json:"mlp_bias,omitempty"`
	RopeScaling   map[string]any `json:"rope_scaling,omitempty"`

	// Newer folders keep the base here.
	RopeParameters *struct {
		Theta *float64 `json:"rope_theta"`
		Type  string   `json:"rope_type"`
	} `json:"rope_parameters,omitempty"`

	// NoRope marks models without rotary positions, for which the format has
	// no field. rope_theta is then written as 0, so that a reader that does
	// not know the mark computes NaN rather than something plausible.
	NoRope bool `json:"pawl_no_rope,omitempty"`
}

// tokenID is a token index that may be null, or a list whose first entry counts.
type tokenID int32

func (t *tokenID) UnmarshalJSON(b []byte) error {
	*t = -1
	if string(b) == "null" {
		return nil
	}
	var list []int32
	if err := json.Unmarshal(b, &list); err == nil {
		if len(list) > 0 {
			*t = tokenID(list[0])
		}
		return nil
	}
	return json.Unmarshal(b, (*int32)(t))
}

func (t tokenID) MarshalJSON() ([]byte, error) {
	if t < 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int32(t))
}

// MarshalJSON writes the Hugging Face config.json of a LlamaForCausalLM.
func (c Config) MarshalJSON() ([]byte, error) {
	c = c.withDefaults()
	theta := c.RopeTheta
	return json.Marshal(llamaConfig{
		Architectures: []string{"LlamaForCausalLM"},
		ModelType:     "llama",
		Width:         c.Width, Hidden: c.Hidden, Layers: c.Layers,
		Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim(),
		Vocab: c.Vocab, Context: c.Context,
		NormEps: c.NormEps, RopeTheta: &theta, NoRope: theta == 0,
		HiddenAct: "silu", Tie: c.TieEmbeddings,
		BOS: tokenID(c.BOS), EOS: tokenID(c.EOS), TorchDtype: "float32",
	})
}

// UnmarshalJSON reads a Hugging Face config.json and refuses what this engine
// cannot compute. Fields it does not know are ignored.
func (c *Config) UnmarshalJSON(b []byte) error {
	h := llamaConfig{BOS: -1, EOS: -1}
	if err := json.Unmarshal(b, &h); err != nil {
		return err
	}
	if h.ModelType != "" && h.ModelType != "llama" {
		return fmt.Errorf("model_type is %q; only llama is supported", h.ModelType)
	}
	if h.HiddenAct != "" && h.HiddenAct != "silu" && h.HiddenAct != "swish" {
		return fmt.Errorf("hidden_act is %q; only silu is supported", h.HiddenAct)
	}
	if h.AttentionBias || h.MLPBias {
		return fmt.Errorf("attention_bias and mlp_bias are not supported")
	}
	theta := 10000.0
	if h.RopeTheta != nil {
		theta = *h.RopeTheta
	}
	if p := h.RopeParameters; p != nil {
		if p.Type != "" && p.Type != "default" {
			return fmt.Errorf("rope_parameters of type %q are not supported", p.Type)
		}
		if p.Theta != nil {
			theta = *p.Theta
		}
	}
	if kind := ropeKind(h.RopeScaling); kind != "default" {
		return fmt.Errorf("rope_scaling of type %q is not supported", kind)
	}
	if h.NoRope {
		theta = 0
	} else if theta == 0 {
		return fmt.Errorf(`rope_theta is 0; add "pawl_no_rope": true if the model has no positions`)
	}
	if h.NormEps == 0 {
		h.NormEps = 1e-6 // the format's own default
	}
	got := Config{
		Vocab: h.Vocab, Width: h.Width, Layers: h.Layers, Heads: h.Heads, KVHeads: h.KVHeads,
		Hidden: h.Hidden, Context: h.Context, RopeTheta: theta, NormEps: h.NormEps,
		TieEmbeddings: h.Tie, BOS: int32(h.BOS), EOS: int32(h.EOS),
	}.withDefaults()
	if err := got.Validate(); err != nil {
		return err
	}
	if h.HeadDim != 0 && h.HeadDim != got.HeadDim() {
		return fmt.Errorf("head_dim is %d; this engine needs hidden_size/num_attention_heads = %d", h.HeadDim, got.HeadDim())
	}
	*c = got
	return nil
}

func ropeKind(m map[string]any) string {
	for _, key := range []string{"rope_type", "type"} {
		if s, ok := m[key].(string); ok {
			return s
		}
	}
	if len(m) > 0 {
		return "unknown"
	}
	return "default"
}

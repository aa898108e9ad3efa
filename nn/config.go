package nn

import (
	"fmt"
	"math"
)

// Config is the shape of a decoder-only transformer of the Llama kind
// (Touvron et al. 2023): RMSNorm before each block, rotary positions, SwiGLU,
// grouped-query attention. Its switches make it Qwen2 (QKVBias) or Qwen3
// (QKNorm, a HeadSize of its own). The zero value of each is plain Llama.
//
// Config is comparable: two models of equal configs have the same layout.
type Config struct {
	Vocab   int // tokens
	Width   int // size of the residual stream
	Layers  int
	Heads   int // query heads
	KVHeads int // key and value heads, a divisor of Heads; 0 means Heads
	Hidden  int // size of the gated layer
	Context int // longest sequence, in tokens

	HeadSize int  // size of one head; 0 means Width/Heads
	QKVBias  bool // queries, keys and values have biases
	OutBias  bool // the output projection of attention has one
	MLPBias  bool // the three projections of the gated layer have them
	QKNorm   bool // queries and keys are RMS-normalised, head by head, with gains

	// RopeTheta is the base of the rotary positions. 0 turns them off: the
	// causal mask is then the only source of order.
	RopeTheta     float64
	RopeScaling   RopeScaling
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
	// One form for one shape, so that configs can be compared.
	if c.Heads > 0 && c.HeadSize*c.Heads == c.Width {
		c.HeadSize = 0
	}
	return c
}

// HeadDim is the size of one attention head.
func (c Config) HeadDim() int {
	if c.HeadSize != 0 {
		return c.HeadSize
	}
	return c.Width / c.Heads
}

func (c Config) qDim() int  { return c.Heads * c.HeadDim() }
func (c Config) kvDim() int { return c.KVHeads * c.HeadDim() }

// Params is the number of weights, each counted once.
func (c Config) Params() int {
	c = c.withDefaults()
	q, kv := c.qDim(), c.kvDim()
	layer := 2*c.Width + 2*q*c.Width + 2*kv*c.Width + 3*c.Hidden*c.Width
	if c.QKVBias {
		layer += q + 2*kv
	}
	if c.OutBias {
		layer += c.Width
	}
	if c.MLPBias {
		layer += 2*c.Hidden + c.Width
	}
	if c.QKNorm {
		layer += 2 * c.HeadDim()
	}
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
	case c.HeadSize < 0 || c.HeadSize > maxWidth:
		return fmt.Errorf("head_dim is %d; it must be between 1 and %d", c.HeadSize, maxWidth)
	case c.HeadSize == 0 && c.Width%c.Heads != 0:
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
	return c.RopeScaling.validate(c.RopeTheta)
}

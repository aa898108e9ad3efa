package nn

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// The values of model_type that this engine computes.
const (
	modelLlama = "llama" // Llama 1 to 3 and SmolLM
	modelQwen2 = "qwen2"
	modelQwen3 = "qwen3"
)

// architectures are the class names of Hugging Face folders by model_type.
var architectures = map[string]string{
	modelLlama: "LlamaForCausalLM", modelQwen2: "Qwen2ForCausalLM", modelQwen3: "Qwen3ForCausalLM",
}

// hfConfig is what config.json of a Hugging Face folder says about the
// computation. Every field is checked; what is not here must be in
// neutralKeys, or be switched off.
type hfConfig struct {
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

	AttentionBias bool     `json:"attention_bias,omitempty"`
	MLPBias       bool     `json:"mlp_bias,omitempty"`
	RopeScaling   *hfRope  `json:"rope_scaling,omitempty"`
	RopeParams    *hfRope  `json:"rope_parameters,omitempty"` // newer folders keep the base here, too
	Window        *int     `json:"sliding_window,omitempty"`
	UseWindow     *bool    `json:"use_sliding_window,omitempty"`
	LayerTypes    []string `json:"layer_types,omitempty"`
	Partial       *float64 `json:"partial_rotary_factor,omitempty"`

	// QKVBias marks biases where model_type does not imply them and
	// attention_bias would add one to the output.
	QKVBias bool `json:"pawl_qkv_bias,omitempty"`

	// NoRope marks models without rotary positions, for which the format has
	// no field. rope_theta is then written as 0, so that a reader that does
	// not know the mark computes NaN rather than something plausible.
	NoRope bool `json:"pawl_no_rope,omitempty"`
}

// hfRope is rope_scaling and rope_parameters.
type hfRope struct {
	Kind     string   `json:"rope_type,omitempty"`
	OldKind  string   `json:"type,omitempty"`
	Theta    *float64 `json:"rope_theta,omitempty"`
	Factor   float64  `json:"factor,omitempty"`
	LowFreq  float64  `json:"low_freq_factor,omitempty"`
	HighFreq float64  `json:"high_freq_factor,omitempty"`
	Original int      `json:"original_max_position_embeddings,omitempty"`
	Partial  *float64 `json:"partial_rotary_factor,omitempty"`
}

// neutralKeys say nothing about what a forward pass computes at inference:
// names, versions, dropout, initial weights, and how to generate.
var neutralKeys = map[string]bool{
	"dtype": true, "transformers_version": true, "use_cache": true, "initializer_range": true,
	"attention_dropout": true, "hidden_dropout": true, "dropout": true, "resid_pdrop": true,
	"pretraining_tp": true, "pad_token_id": true, "sep_token_id": true, "cls_token_id": true, "unk_token_id": true,
	"max_window_layers": true, "is_llama_config": true, "gradient_checkpointing": true,
	"output_attentions": true, "output_hidden_states": true, "return_dict": true, "return_dict_in_generate": true,
	"output_scores": true, "task_specific_params": true, "id2label": true, "label2id": true, "num_labels": true,
	"problem_type": true, "finetuning_task": true, "tokenizer_class": true, "prefix": true, "torchscript": true,
	"max_length": true, "min_length": true, "do_sample": true, "early_stopping": true, "num_beams": true,
	"num_beam_groups": true, "diversity_penalty": true, "temperature": true, "top_k": true, "top_p": true,
	"typical_p": true, "repetition_penalty": true, "length_penalty": true, "no_repeat_ngram_size": true,
	"encoder_no_repeat_ngram_size": true, "bad_words_ids": true, "num_return_sequences": true,
	"forced_bos_token_id": true, "forced_eos_token_id": true, "remove_invalid_values": true,
	"exponential_decay_length_penalty": true, "suppress_tokens": true, "begin_suppress_tokens": true,
	"decoder_start_token_id": true, "chunk_size_feed_forward": true, "transformers.js_config": true,
	"unsloth_fixed": true, "unsloth_version": true, "model_name": true, "name_or_path": true,
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

// modelType is the architecture that other tools know this shape as: the
// plainest of those that have all it has.
func (c Config) modelType() string {
	switch {
	case c.QKNorm:
		return modelQwen3
	case c.QKVBias && !c.OutBias:
		return modelQwen2
	}
	return modelLlama
}

// foreign names what only this engine computes in such a shape, "" if llama.cpp
// has it, too.
func (c Config) foreign() string {
	kind := c.modelType()
	switch {
	case c.HeadDim()%2 == 1:
		return "heads of an odd size"
	case kind == modelLlama:
		return "" // with positions or without, with biases or without
	case c.RopeTheta == 0:
		return "no rotary positions in a " + kind
	case kind == modelQwen3 && c.QKVBias, c.OutBias:
		return "such attention biases in a " + kind
	case c.MLPBias:
		return "biases in the gated layer of a " + kind
	}
	return ""
}

// torchDtype is what config.json calls the types.
var torchDtype = map[Dtype]string{F32: "float32", F16: "float16", BF16: "bfloat16"}

// MarshalJSON writes a Hugging Face config.json, of the architecture that has
// this shape.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.folder()) }

// folder is the config.json of f32 weights of this shape.
func (c Config) folder() hfConfig {
	c = c.withDefaults()
	theta, kind := c.RopeTheta, c.modelType()
	h := hfConfig{
		Architectures: []string{architectures[kind]},
		ModelType:     kind,
		Width:         c.Width, Hidden: c.Hidden, Layers: c.Layers,
		Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim(),
		Vocab: c.Vocab, Context: c.Context,
		NormEps: c.NormEps, RopeTheta: &theta, NoRope: theta == 0,
		HiddenAct: "silu", Tie: c.TieEmbeddings,
		BOS: tokenID(c.BOS), EOS: tokenID(c.EOS), TorchDtype: "float32",
		AttentionBias: c.OutBias, MLPBias: c.MLPBias,
		QKVBias: c.QKVBias && !c.OutBias && kind != modelQwen2,
	}
	if kind == modelQwen2 || kind == modelQwen3 {
		h.UseWindow = new(bool)
	}
	if r := c.RopeScaling; r != (RopeScaling{}) {
		h.RopeScaling = &hfRope{Kind: r.Kind, Factor: r.Factor, LowFreq: r.LowFreq, HighFreq: r.HighFreq, Original: r.Original}
	}
	return h
}

// UnmarshalJSON reads a Hugging Face config.json and refuses, by name, what this
// engine cannot compute: other architectures, and keys that it does not know
// unless they are null, false or empty.
func (c *Config) UnmarshalJSON(b []byte) error {
	h := hfConfig{BOS: -1, EOS: -1}
	if err := json.Unmarshal(b, &h); err != nil {
		return err
	}
	if err := h.kind(); err != nil {
		return err
	}
	if err := unknownKeys(b); err != nil {
		return err
	}
	got, err := h.config()
	if err != nil {
		return err
	}
	*c = got
	return nil
}

// kind settles the model type, by architecture where model_type is missing.
func (h *hfConfig) kind() error {
	known := slices.Sorted(maps.Keys(architectures))
	if h.ModelType == "" {
		h.ModelType = modelLlama
		for _, k := range known {
			if slices.Contains(h.Architectures, architectures[k]) {
				h.ModelType = k
			}
		}
	}
	want, ok := architectures[h.ModelType]
	if !ok {
		return fmt.Errorf("model_type is %q; only %s are supported", h.ModelType, strings.Join(known, ", "))
	}
	if len(h.Architectures) > 0 && !slices.Contains(h.Architectures, want) {
		return fmt.Errorf("architectures is %q; a %s model must be a %s", h.Architectures, h.ModelType, want)
	}
	return nil
}

// unknownKeys refuses keys that are neither read nor neutral.
func unknownKeys(b []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		switch v := string(all[key]); {
		case readKeys[key], neutralKeys[key], strings.HasPrefix(key, "_"):
		case v == "null" || v == "false" || v == "{}" || v == "[]" || v == `""`: // switched off
		default:
			if len(v) > 60 {
				v = v[:60] + "..."
			}
			return fmt.Errorf("%s is %s; this engine does not know that key, and the model may compute something else with it", key, v)
		}
	}
	return nil
}

// readKeys are the fields of hfConfig.
var readKeys = func() map[string]bool {
	keys := map[string]bool{}
	t := reflect.TypeFor[hfConfig]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		keys[name] = true
	}
	return keys
}()

// config is the shape that h describes.
func (h *hfConfig) config() (Config, error) {
	var none Config
	if h.HiddenAct != "" && h.HiddenAct != "silu" && h.HiddenAct != "swish" {
		return none, fmt.Errorf("hidden_act is %q; only silu is supported", h.HiddenAct)
	}
	if err := h.window(); err != nil {
		return none, err
	}
	theta, scaling, err := h.rope()
	if err != nil {
		return none, err
	}
	if h.NoRope {
		theta = 0
	} else if theta == 0 {
		return none, fmt.Errorf(`rope_theta is 0; add "pawl_no_rope": true if the model has no positions`)
	}
	if h.NormEps == 0 {
		h.NormEps = 1e-6 // the format's own default
	}
	if h.ModelType == modelQwen3 && h.HeadDim == 0 {
		h.HeadDim = 128 // likewise
	}
	if h.ModelType == modelQwen2 && h.AttentionBias {
		return none, fmt.Errorf("attention_bias is set; a qwen2 model has biases on queries, keys and values alone")
	}
	got := Config{
		Vocab: h.Vocab, Width: h.Width, Layers: h.Layers, Heads: h.Heads, KVHeads: h.KVHeads,
		Hidden: h.Hidden, Context: h.Context, HeadSize: h.HeadDim,
		QKVBias: h.AttentionBias || h.QKVBias || h.ModelType == modelQwen2, OutBias: h.AttentionBias, MLPBias: h.MLPBias,
		QKNorm: h.ModelType == modelQwen3, RopeTheta: theta, RopeScaling: scaling, NormEps: h.NormEps,
		TieEmbeddings: h.Tie, BOS: int32(h.BOS), EOS: int32(h.EOS),
	}.withDefaults()
	return got, got.Validate()
}

// window refuses attention that does not reach back to the beginning.
func (h *hfConfig) window() error {
	// Qwen folders name a window that a switch, off by default, would put to use.
	inUse := h.ModelType == modelLlama
	if h.UseWindow != nil {
		inUse = *h.UseWindow
	}
	if inUse && h.Window != nil && *h.Window > 0 && *h.Window < h.Context {
		return fmt.Errorf("sliding_window is %d and in use; only attention to all earlier tokens is supported", *h.Window)
	}
	for _, kind := range h.LayerTypes {
		if kind != "full_attention" {
			return fmt.Errorf("layer_types has %q; only full_attention is supported", kind)
		}
	}
	if h.Partial != nil && *h.Partial != 1 {
		return fmt.Errorf("partial_rotary_factor is %v; only 1 is supported", *h.Partial)
	}
	return nil
}

// rope is the base of the rotary positions and their scaling.
func (h *hfConfig) rope() (float64, RopeScaling, error) {
	theta := 10000.0
	if h.RopeTheta != nil {
		theta = *h.RopeTheta
	}
	var scaling RopeScaling
	for _, x := range []struct {
		key string
		*hfRope
	}{{"rope_scaling", h.RopeScaling}, {"rope_parameters", h.RopeParams}} {
		r := x.hfRope
		if r == nil {
			continue
		}
		if r.Theta != nil {
			theta = *r.Theta
		}
		if r.Partial != nil && *r.Partial != 1 {
			return 0, scaling, fmt.Errorf("%s: partial_rotary_factor is %v; only 1 is supported", x.key, *r.Partial)
		}
		kind := r.Kind
		if kind == "" {
			kind = r.OldKind
		}
		switch kind {
		case "default":
		case ropeLinear:
			scaling = RopeScaling{Kind: kind, Factor: r.Factor}
		case ropeLlama3:
			scaling = RopeScaling{Kind: kind, Factor: r.Factor, LowFreq: r.LowFreq, HighFreq: r.HighFreq, Original: r.Original}
			if scaling.Original == 0 {
				scaling.Original = h.Context
			}
		case "":
			// Newer folders always have the object; older ones name a type.
			if x.key == "rope_parameters" || *r == (hfRope{}) {
				break
			}
			fallthrough
		default:
			return 0, scaling, fmt.Errorf("%s of type %q is not supported; only default, linear and llama3 are", x.key, kind)
		}
	}
	return theta, scaling, nil
}

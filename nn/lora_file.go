package nn

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"pawl/tensor"
)

// Adapters lie on disk as PEFT, the Hugging Face library, has them:
// adapter_config.json and adapter_model.safetensors.

// peftPrefix is what PEFT puts before a module of a causal language model.
const peftPrefix = "base_model.model."

// peftConfig is adapter_config.json.
type peftConfig struct {
	Type        string   `json:"peft_type"`
	Task        string   `json:"task_type"`
	Base        *string  `json:"base_model_name_or_path"`
	Rank        int      `json:"r"`
	Alpha       float64  `json:"lora_alpha"`
	Targets     []string `json:"target_modules"`
	Dropout     float64  `json:"lora_dropout"`
	Bias        string   `json:"bias"`
	FanInFanOut bool     `json:"fan_in_fan_out"`
	Inference   bool     `json:"inference_mode"`

	// What changes the meaning of the weights must be absent or neutral.
	RSLoRA       bool               `json:"use_rslora,omitempty"`
	DoRA         bool               `json:"use_dora,omitempty"`
	RankPattern  map[string]int     `json:"rank_pattern,omitempty"`
	AlphaPattern map[string]float64 `json:"alpha_pattern,omitempty"`
}

// ConfigJSON is adapter_config.json of the adapters.
func (a *LoRA) ConfigJSON() ([]byte, error) {
	c := peftConfig{Type: "LORA", Task: "CAUSAL_LM", Rank: a.cfg.Rank, Alpha: a.cfg.Alpha, Bias: "none", Inference: true}
	for _, t := range loraTargets {
		if slices.Contains(a.cfg.Targets, t.name) {
			c.Targets = append(c.Targets, moduleName(t.module))
		}
	}
	b, err := json.MarshalIndent(c, "", "  ")
	return append(b, '\n'), err
}

// moduleName is the last part of a module's path: q_proj.
func moduleName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// WriteSafetensors writes the adapters as adapter_model.safetensors, f32. The
// same adapters give the same bytes.
func (a *LoRA) WriteSafetensors(w io.Writer) error {
	list := a.tensors()
	slices.SortFunc(list, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	if _, err := w.Write(safetensorsHeader(list, F32)); err != nil {
		return fmt.Errorf("writing adapters: %w", err)
	}
	for _, t := range list {
		if err := writeFloats(w, t.Data); err != nil {
			return fmt.Errorf("writing adapters: %w", err)
		}
	}
	return nil
}

// tensors lists A [rank, in] and B [out, rank] of every module. A is shared with
// the adapters, B a copy. Adapters without their buffer have names and shapes.
func (a *LoRA) tensors() []Tensor {
	var list []Tensor
	for i := range a.groups {
		g := &a.groups[i]
		for k, p := range g.parts {
			rank, out := p.bT.rows, p.bT.cols
			var first, second []float32
			if a.w != nil {
				first, second = a.rowsOf(g, k, a.w).Data, make([]float32, rank*out)
				transposed(second, p.bT.mat(a.w))
			}
			list = append(list,
				Tensor{peftPrefix + p.module + ".lora_A.weight", []int{rank, g.a.cols}, first},
				Tensor{peftPrefix + p.module + ".lora_B.weight", []int{out, rank}, second})
		}
	}
	return list
}

func transposed(dst []float32, src tensor.Mat) {
	for i := range src.Rows {
		for j, x := range src.Row(i) {
			dst[j*src.Rows+i] = x
		}
	}
}

// ReadLoRA reads adapters of models of m's shape from adapter_config.json and
// adapter_model.safetensors. Variants of LoRA are refused.
func ReadLoRA(m *Model, config []byte, r io.Reader) (*LoRA, error) {
	a, err := readLoRA(m, config, r)
	if err != nil {
		return nil, fmt.Errorf("reading adapters: %w", err)
	}
	return a, nil
}

func readLoRA(m *Model, config []byte, r io.Reader) (*LoRA, error) {
	c, err := parsePEFT(config)
	if err != nil {
		return nil, fmt.Errorf("adapter_config.json: %w", err)
	}
	a, size, err := layLoRA(m, c)
	if err != nil {
		return nil, fmt.Errorf("adapter_config.json: %w", err)
	}
	// The header first: a rank that the file does not have costs no memory.
	names, infos, err := readHeaderOf(r, a.tensors())
	if err != nil {
		return nil, err
	}
	a.w = tensor.Alloc(size)
	list := a.tensors()
	if err := readData(r, names, infos, list); err != nil {
		return nil, err
	}
	for i, at := 0, 0; i < len(a.groups); i++ { // A was read in place; B must be turned
		for _, p := range a.groups[i].parts {
			b := list[at+1]
			transposed(p.bT.of(a.w), tensor.Mat{Data: b.Data, Rows: b.Shape[0], Cols: b.Shape[1], Stride: b.Shape[1]})
			at += 2
		}
	}
	return a, nil
}

func parsePEFT(b []byte) (LoRAConfig, error) {
	var c peftConfig
	if err := json.Unmarshal(b, &c); err != nil {
		return LoRAConfig{}, err
	}
	switch {
	case c.Type != "LORA":
		return LoRAConfig{}, fmt.Errorf("peft_type is %q; only LORA is supported", c.Type)
	case c.RSLoRA || c.DoRA || c.FanInFanOut || len(c.RankPattern) > 0 || len(c.AlphaPattern) > 0:
		return LoRAConfig{}, fmt.Errorf("use_rslora, use_dora, fan_in_fan_out, rank_pattern and alpha_pattern are not supported")
	case c.Bias != "" && c.Bias != "none":
		return LoRAConfig{}, fmt.Errorf("bias is %q; only none is supported", c.Bias)
	}
	out := LoRAConfig{Rank: c.Rank, Alpha: c.Alpha}
	for _, module := range c.Targets {
		i := slices.IndexFunc(loraTargets, func(t loraTarget) bool { return moduleName(t.module) == module })
		if i < 0 {
			return out, fmt.Errorf("target_modules names %q, which this engine cannot adapt", module)
		}
		out.Targets = append(out.Targets, loraTargets[i].name)
	}
	if len(out.Targets) == 0 {
		return out, fmt.Errorf("target_modules is empty")
	}
	return out, nil
}

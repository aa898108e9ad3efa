package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"pawl/atomicfile"
	"pawl/core"
	"pawl/nn"
	"pawl/nn/tokenizer"
	"pawl/prompt"
)

// PartTokenizerConfig is the policy part with tokenizer_config.json, which
// holds the chat template.
const PartTokenizerConfig = "tokenizer_config"

// files maps the parts of a policy to the files of a Hugging Face folder.
var files = map[string]string{
	core.PartWeights:    "model.safetensors",
	core.PartConfig:     "config.json",
	core.PartTokenizer:  "tokenizer.json",
	PartTokenizerConfig: "tokenizer_config.json",
}

// adapterFiles are the files of adapters. In an export they lie in a folder of
// their own: the folder above holds weights to which they have been added, and
// no reader may add them twice.
var adapterFiles = map[string]string{
	core.PartAdapter:       filepath.Join("adapter", "adapter_model.safetensors"),
	core.PartAdapterConfig: filepath.Join("adapter", "adapter_config.json"),
}

// Blobs keeps the parts of policies.
type Blobs interface {
	Put(ctx context.Context, content []byte) (core.Digest, error)
	Get(ctx context.Context, d core.Digest) ([]byte, error)
}

// Engine makes actors, encoders and trainers for policies whose parts are in
// its blobs. It is safe for concurrent use.
type Engine struct {
	blobs Blobs

	models cache

	mu     sync.Mutex
	recent []*loaded // most recent last

	interventions map[string]core.Intervention // replaced, never changed
}

// New makes an engine over blobs.
func New(blobs Blobs) *Engine { return &Engine{blobs: blobs} }

// identity changes whenever the engine would give other results for the same
// weights and seeds.
const identity = "embedded/3"

// Identity of the engine, for step keys. The endpoint is this process.
func (e *Engine) Identity() string { return identity }

// Dialect tells how a policy is best asked: models that Pawl makes know the
// compact dialect at most, folders of others the English of chat. A folder
// without a chat template whose tokens are fewer than the words of any language
// is one of ours, too.
func (e *Engine) Dialect(ctx context.Context, p core.Policy) (string, error) {
	l, err := e.load(ctx, p)
	if err != nil {
		return "", err
	}
	t := l.text
	if t.source == lineTemplate || t.source == wordTemplate || t.source == "" && t.tok.Size() < 1024 {
		return prompt.Compact, nil
	}
	return prompt.Chat, nil
}

// loaded is a policy ready to act.
type loaded struct {
	*frozen
	version core.Digest
	text    *text
	reward  rewarding
}

// keepLoaded bounds the models held: incumbent, candidate and base of a gate.
const keepLoaded = 4

func (e *Engine) load(ctx context.Context, p core.Policy) (*loaded, error) {
	version := p.Version()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, l := range e.recent {
		if l.version == version {
			e.recent = append(append(e.recent[:i:i], e.recent[i+1:]...), l)
			return l, nil
		}
	}
	m, t, err := e.read(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("loading policy %s: %w", version.Short(), err)
	}
	l := &loaded{frozen: m, version: version, text: t}
	if l.reward.head, err = e.head(ctx, p, core.PartRewardHead, m.model.Config().Width); err != nil {
		return nil, fmt.Errorf("loading policy %s: %w", version.Short(), err)
	}
	e.recent = append(e.recent, l)
	if len(e.recent) > keepLoaded {
		e.recent = append([]*loaded(nil), e.recent[1:]...)
	}
	return l, nil
}

// read gives the model, adapters added, and the text side of p.
func (e *Engine) read(ctx context.Context, p core.Policy) (*frozen, *text, error) {
	var tokenizerConfig []byte
	tokenizer, err := e.part(ctx, p, core.PartTokenizer)
	if err == nil && p[PartTokenizerConfig] != "" {
		tokenizerConfig, err = e.part(ctx, p, PartTokenizerConfig)
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := e.model(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	t, err := newText(tokenizer, tokenizerConfig)
	if err == nil {
		err = t.fits(m.model)
	}
	if err != nil {
		return nil, nil, err
	}
	return m, t, nil
}

// NewModel makes an untrained model: words as tokens where the shape has a
// vocabulary, else bytes.
func (e *Engine) NewModel(ctx context.Context, s core.ModelShape) (core.Policy, error) {
	tok, template, err := newTokenizer(s)
	if err != nil {
		return nil, err
	}
	hidden := s.Hidden
	if hidden == 0 {
		hidden = (8*s.Width/3 + 15) / 16 * 16
	}
	m, err := nn.New(nn.Config{
		Vocab: tok.Size(), Width: s.Width, Layers: s.Layers, Heads: s.Heads, KVHeads: s.KVHeads, Hidden: hidden,
		Context: s.Context, RopeTheta: s.RopeTheta, TieEmbeddings: true, BOS: tok.BOS(), EOS: tok.EOS(),
	}, s.Seed)
	if err != nil {
		return nil, fmt.Errorf("making a model: %w", err)
	}
	tokenizer, tokenizerConfig := tok.JSON(s.Context)
	if tokenizerConfig, err = withTemplate(tokenizerConfig, template); err != nil {
		return nil, err
	}
	config, err := json.MarshalIndent(m.Config(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the model's config: %w", err)
	}
	p := core.Policy{}
	for name, b := range map[string][]byte{core.PartConfig: config, core.PartTokenizer: tokenizer, PartTokenizerConfig: tokenizerConfig} {
		if p[name], err = e.blobs.Put(ctx, b); err != nil {
			return nil, err
		}
	}
	p[core.PartWeights], err = e.putWeights(ctx, m)
	return p, err
}

// newTokenizer has one token a word of the vocabulary, or one a byte. A word
// that stands between spaces is one token together with the space before it.
func newTokenizer(s core.ModelShape) (*nn.Tokenizer, string, error) {
	if s.Vocabulary == nil {
		return nn.NewBytes(), lineTemplate, nil
	}
	words, template := slices.Clone(s.Vocabulary), ""
	if s.Spaced {
		for i := range words {
			words[i] = " " + words[i]
		}
		template = wordTemplate
	}
	tok, err := nn.NewWords(words...)
	if err != nil {
		return nil, "", fmt.Errorf("making a tokenizer of %d words: %w", len(words), err)
	}
	return tok, template, nil
}

func (e *Engine) putWeights(ctx context.Context, m *nn.Model) (core.Digest, error) {
	var b bytes.Buffer
	if err := m.WriteSafetensors(&b); err != nil {
		return "", fmt.Errorf("encoding weights: %w", err)
	}
	return e.blobs.Put(ctx, b.Bytes())
}

// Import reads a Hugging Face folder into a policy. The whole folder is checked
// first: nothing is stored of one that cannot be used.
func (e *Engine) Import(ctx context.Context, dir string) (core.Policy, error) {
	m, err := nn.Load(dir)
	if err != nil {
		return nil, err
	}
	part := map[string][]byte{}
	for name, file := range files {
		switch name {
		case core.PartWeights, core.PartConfig:
			continue // shards and other precisions become one f32 file
		case PartTokenizerConfig: // it takes in chat_template.jinja
			b, err := tokenizer.ReadConfig(dir)
			if err != nil {
				return nil, fmt.Errorf("importing model %s: %w", dir, err)
			}
			if b != nil {
				part[name] = b
			}
			continue
		}
		// Opening a pipe would wait for a writer, without end.
		if info, err := os.Stat(filepath.Join(dir, file)); err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("importing model %s: %s is not a regular file", dir, file)
		}
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, fmt.Errorf("importing model %s: %w", dir, err)
		}
		part[name] = b
	}
	t, err := newText(part[core.PartTokenizer], part[PartTokenizerConfig])
	if err == nil {
		err = t.fits(m)
	}
	if err != nil {
		return nil, fmt.Errorf("importing model %s: %w", dir, err)
	}
	if part[core.PartConfig], err = json.MarshalIndent(m.Config(), "", "  "); err != nil {
		return nil, fmt.Errorf("importing model %s: %w", dir, err)
	}
	p := core.Policy{}
	for name, b := range part {
		if p[name], err = e.blobs.Put(ctx, b); err != nil {
			return nil, fmt.Errorf("importing model %s: %w", dir, err)
		}
	}
	p[core.PartWeights], err = e.putWeights(ctx, m)
	return p, err
}

// Export writes p as a Hugging Face folder.
func (e *Engine) Export(ctx context.Context, p core.Policy, dir string) error {
	return e.ExportAs(ctx, p, dir, nn.F32)
}

// ExportAs is Export with the weights stored in the given type.
func (e *Engine) ExportAs(ctx context.Context, p core.Policy, dir string, t nn.Dtype) error {
	m, text, err := e.read(ctx, p)
	if err != nil {
		return fmt.Errorf("exporting policy %s: %w", p.Version().Short(), err)
	}
	if err := m.model.SaveAs(dir, text.tok, t); err != nil {
		return fmt.Errorf("exporting policy %s: %w", p.Version().Short(), err)
	}
	// The parts themselves win over what Save derives: the folder is the policy.
	// Weights with adapters are the exception: the folder holds their sum.
	all := maps.Clone(files)
	if p[core.PartAdapter] != "" {
		delete(all, core.PartWeights)
		maps.Copy(all, adapterFiles)
	}
	for name, file := range all {
		d, ok := p[name]
		if !ok || t != nn.F32 && (name == core.PartWeights || name == core.PartConfig) {
			continue
		}
		b, err := e.blobs.Get(ctx, d)
		if err != nil {
			return fmt.Errorf("exporting %s: %w", file, err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o777); err != nil {
			return fmt.Errorf("exporting %s: %w", file, err)
		}
		if err := atomicfile.WriteFile(filepath.Join(dir, file), b); err != nil {
			return fmt.Errorf("exporting %s: %w", file, err)
		}
	}
	return nil
}

// ExportGGUF writes p as one GGUF file for llama.cpp.
func (e *Engine) ExportGGUF(ctx context.Context, p core.Policy, path string, t nn.Dtype) error {
	m, text, err := e.read(ctx, p)
	if err == nil {
		err = m.model.SaveGGUF(path, text.tok, t)
	}
	if err != nil {
		return fmt.Errorf("exporting policy %s: %w", p.Version().Short(), err)
	}
	return nil
}

package nn

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pawl/atomicfile"
)

// Load reads a Hugging Face folder of a Llama, Qwen2 or Qwen3: config.json and
// model.safetensors, or the shards that model.safetensors.index.json lists.
func Load(dir string) (*Model, error) {
	m, err := load(dir)
	if err != nil {
		return nil, fmt.Errorf("loading model %s: %w", dir, err)
	}
	return m, nil
}

// maxJSON bounds the JSON files of a folder.
const maxJSON = 256 << 20

func readJSON(path string) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err == nil && len(b) > maxJSON {
		err = fmt.Errorf("larger than %d bytes", maxJSON)
	}
	return b, err
}

// openRegular opens a file that is one: opening a pipe would wait for a writer.
func openRegular(path string) (*os.File, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

func load(dir string) (*Model, error) {
	b, err := readJSON(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	var c Config
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	files, err := weightFiles(dir)
	if err != nil {
		return nil, err
	}
	// A config that asks for more weights than the files hold is refused
	// before memory is taken for them; two bytes a weight is the least.
	held := int64(0)
	for _, name := range files {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		held += st.Size()
	}
	if need := 2 * int64(c.Params()); held < need {
		return nil, fmt.Errorf("config.json describes %d parameters, which need at least %d bytes, but the weight files hold %d", c.Params(), need, held)
	}
	l := newLoader(c)
	l.whole = len(files) == 1
	for _, name := range files {
		if err := l.readFile(filepath.Join(dir, name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return l.m, l.complete()
}

func (l *loader) readFile(path string) error {
	f, err := openRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return l.read(bufio.NewReaderSize(f, 1<<20))
}

// weightFiles lists the safetensors files of a folder, in a fixed order.
func weightFiles(dir string) ([]string, error) {
	const single, index = "model.safetensors", "model.safetensors.index.json"
	if _, err := os.Stat(filepath.Join(dir, single)); err == nil {
		return []string{single}, nil
	}
	b, err := readJSON(filepath.Join(dir, index))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("neither %s nor %s is there", single, index)
	} else if err != nil {
		return nil, err
	}
	var x struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(b, &x); err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	var files []string
	for tensor, name := range x.Map {
		if name != filepath.Base(name) || strings.ContainsAny(name, "/\\\x00") || filepath.Ext(name) != ".safetensors" {
			return nil, fmt.Errorf("%s: tensor %q lies in %q, which is not a safetensors file of this folder", index, tensor, name)
		}
		if !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: weight_map is empty", index)
	}
	slices.Sort(files)
	return files, nil
}

// Save writes a Hugging Face folder: config.json, generation_config.json,
// model.safetensors and, if tok is not nil, tokenizer.json and
// tokenizer_config.json. Each file is replaced as a whole: a reader sees the
// old or the new one. The begin and end tokens are the tokenizer's.
func (m *Model) Save(dir string, tok *Tokenizer) error { return m.SaveAs(dir, tok, F32) }

// SaveAs is Save with the weights stored in the given type, rounded if it is
// narrower than f32.
func (m *Model) SaveAs(dir string, tok *Tokenizer, t Dtype) error {
	if err := m.save(dir, tok, t); err != nil {
		return fmt.Errorf("saving model %s: %w", dir, err)
	}
	return nil
}

func (m *Model) save(dir string, tok *Tokenizer, t Dtype) error {
	if torchDtype[t] == "" {
		return fmt.Errorf("there is no type %q; use %s, %s or %s", t, F32, F16, BF16)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	c := m.cfg
	files := map[string][]byte{}
	if tok != nil {
		if tok.Size() > c.Vocab {
			return fmt.Errorf("the tokenizer has %d tokens, the model only %d", tok.Size(), c.Vocab)
		}
		c.BOS, c.EOS = tok.BOS(), tok.EOS()
		files["tokenizer.json"], files["tokenizer_config.json"] = tok.JSON(c.Context)
	}
	h := c.folder()
	h.TorchDtype = torchDtype[t]
	config, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	generation, err := json.MarshalIndent(struct {
		BOS tokenID `json:"bos_token_id"`
		EOS tokenID `json:"eos_token_id"`
	}{tokenID(c.BOS), tokenID(c.EOS)}, "", "  ")
	if err != nil {
		return err
	}
	files["config.json"], files["generation_config.json"] = append(config, '\n'), append(generation, '\n')
	for name, b := range files {
		if err := atomicfile.WriteFile(filepath.Join(dir, name), b); err != nil {
			return err
		}
	}
	return atomicfile.Write(filepath.Join(dir, "model.safetensors"), func(w io.Writer) error { return m.writeSafetensors(w, t) })
}

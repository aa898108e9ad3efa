package check

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pawl/nn"
)

// llamaCPP is llama.cpp in a process of its own, behind one JSON line a command.
type llamaCPP struct {
	in  io.Writer
	out *bufio.Reader
}

func startLlama(t *testing.T) *llamaCPP {
	t.Helper()
	in, out := runLlama(t, "../compare/llama.mjs")
	return &llamaCPP{in, out}
}

// runLlama runs a script over llama.cpp until the test ends, and gives its standard
// input and output.
func runLlama(t *testing.T, script string, args ...string) (io.WriteCloser, *bufio.Reader) {
	t.Helper()
	home, err := filepath.Abs("../../.tools")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, "node_modules/node-llama-cpp")); err != nil {
		t.Skip("no llama.cpp to compare with; install it, where there is npm, with: scripts/setup")
	}
	cmd := exec.Command("node", append([]string{script, home}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("llama.cpp: %v", err)
		}
	})
	return in, bufio.NewReader(out)
}

type llamaReply struct {
	IDs   []int32 `json:"ids"`
	Text  string  `json:"text"`
	Error string  `json:"error"`
}

func (l *llamaCPP) ask(t *testing.T, command string, args map[string]any) llamaReply {
	t.Helper()
	args["cmd"] = command
	b, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.in.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
	line, err := l.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("asking llama.cpp to %s: %v", command, err)
	}
	var r llamaReply
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatalf("asking llama.cpp to %s: %q: %v", command, line, err)
	}
	if r.Error != "" {
		t.Fatalf("asking llama.cpp to %s: %s", command, r.Error)
	}
	return r
}

func (l *llamaCPP) load(t *testing.T, m *nn.Model, tok *nn.Tokenizer, kind nn.Dtype) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.gguf")
	if err := m.SaveGGUF(path, tok, kind); err != nil {
		t.Fatal(err)
	}
	l.ask(t, "load", map[string]any{"file": path, "threads": 1, "size": 256, "batch": 1})
}

// shapes are one small model of each architecture.
func shapes() map[string]nn.Config {
	base := nn.Config{
		Vocab: nn.NewBytes().Size(), Width: 32, Layers: 2, Heads: 4, KVHeads: 2, Hidden: 48, Context: 64,
		RopeTheta: 10000, NormEps: 1e-5, BOS: 1, EOS: 2,
	}
	set := func(f func(*nn.Config)) nn.Config {
		c := base
		f(&c)
		return c
	}
	return map[string]nn.Config{
		"llama":        base,
		"no positions": set(func(c *nn.Config) { c.RopeTheta = 0 }),
		"all biases, own head size": set(func(c *nn.Config) {
			c.QKVBias, c.OutBias, c.MLPBias, c.HeadSize = true, true, true, 16
		}),
		"linear scaling": set(func(c *nn.Config) { c.RopeScaling = nn.RopeScaling{Kind: "linear", Factor: 3} }),
		"llama3 scaling": set(func(c *nn.Config) {
			c.RopeTheta = 500
			c.RopeScaling = nn.RopeScaling{Kind: "llama3", Factor: 8, LowFreq: 1, HighFreq: 4, Original: 16}
		}),
		"qwen2": set(func(c *nn.Config) { c.QKVBias, c.TieEmbeddings, c.RopeTheta = true, true, 1e6 }),
		"qwen3": set(func(c *nn.Config) { c.QKNorm, c.HeadSize, c.RopeTheta = true, 12, 1e6 }),
	}
}

// lively makes a model whose gains and biases matter and whose choices are clear.
func lively(t *testing.T, c nn.Config) *nn.Model {
	t.Helper()
	m, err := nn.New(c, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range m.Tensors() {
		for i := range x.Data {
			if len(x.Shape) == 1 {
				x.Data[i] += float32(0.4 * math.Sin(float64(7*i+len(x.Name))))
			} else {
				x.Data[i] *= 3
			}
		}
	}
	m.Touch()
	return m
}

func ourTokens(t *testing.T, m *nn.Model, prompt []int32, n int) []int32 {
	t.Helper()
	out, err := nn.NewSampler(m, nn.SamplerOptions{}).Generate(context.Background(), []nn.Prompt{{Tokens: prompt, N: 1, MaxTokens: n}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out[0][0].Tokens
}

// An exported GGUF file generates the same tokens in llama.cpp.
func TestLlamaCPPGeneratesTheSame(t *testing.T) {
	l := startLlama(t)
	for name, c := range shapes() {
		t.Run(name, func(t *testing.T) {
			m := lively(t, c)
			l.load(t, m, nn.NewBytes(), nn.F32)
			seen := map[int32]bool{}
			for seed := range int32(4) {
				prompt := []int32{1, 10 + seed, 40 + 3*seed, 100}
				want := ourTokens(t, m, prompt, 24)
				got := l.ask(t, "greedy", map[string]any{"tokens": prompt, "n": 24}).IDs
				if !slices.Equal(got, want) {
					t.Errorf("llama.cpp goes on with %v, the engine with %v", got, want)
				}
				for _, id := range want {
					seen[id] = true
				}
			}
			if len(seen) < 10 {
				t.Errorf("only %d different tokens: the test shows little", len(seen))
			}
		})
	}
}

// The pretrained model tells its story there, from f32 and from f16, and cuts
// text as it does here.
func TestLlamaCPPTellsTheStory(t *testing.T) {
	data := os.Getenv("PAWL_DATA")
	if data == "" {
		t.Skip("PAWL_DATA is not set; it would hold stories260k/, karpathy's stories260K (MIT) as a Hugging Face folder")
	}
	l := startLlama(t)
	dir := filepath.Join(data, "stories260k")
	m, err := nn.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := nn.LoadTokenizer(dir)
	if err != nil {
		t.Fatal(err)
	}
	for kind, n := range map[nn.Dtype]int{nn.F32: 200, nn.F16: 60} {
		l.load(t, m, tok, kind)
		want := ourTokens(t, m, []int32{tok.BOS()}, n)
		got := l.ask(t, "greedy", map[string]any{"tokens": []int32{tok.BOS()}, "n": n}).IDs
		if !slices.Equal(got, want) {
			t.Errorf("%s: llama.cpp tells\n%q, the engine\n%q", kind, tok.Decode(got), tok.Decode(want))
		}
	}
	sameText(t, l, tok, "Once upon a time, there was a big dog.", " two  spaces\n", "naïve ¿éß 日本 🙂", "")
}

// Our own tokenizers cut text there as they do here.
func TestLlamaCPPCutsTextTheSame(t *testing.T) {
	l := startLlama(t)
	vocabulary := []string{" ", "=", "+"}
	var numbers []string
	for i := range 30 {
		numbers = append(numbers, strconv.Itoa(i))
	}
	words, err := nn.NewWords(append(vocabulary, numbers...)...)
	if err != nil {
		t.Fatal(err)
	}
	spaced, err := nn.NewSpacedWords(append(numbers, "+", "=")...)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		tok   *nn.Tokenizer
		texts []string
	}{
		{nn.NewBytes(), []string{"plain", " a  b\n", "¿é 🙂"}},
		{words, []string{"1+2=3", "12 + 29=", " 7"}},
		{spaced, []string{"1 + 2 = 3", "29 17 5", "4"}},
	} {
		c := shapes()["llama"]
		c.Vocab, c.BOS, c.EOS = x.tok.Size(), x.tok.BOS(), x.tok.EOS()
		l.load(t, lively(t, c), x.tok, nn.F32)
		sameText(t, l, x.tok, x.texts...)
	}
}

func sameText(t *testing.T, l *llamaCPP, tok *nn.Tokenizer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		want, err := tok.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.ask(t, "tokenize", map[string]any{"text": text}); !slices.Equal(got.IDs, want) || tok.Decode(want) != text {
			t.Errorf("llama.cpp cuts %q into %v (%q), the engine into %v", text, got.IDs, got.Text, want)
		}
	}
}

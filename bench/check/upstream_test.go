package check

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pawl"
	"pawl/core"
	"pawl/coretest"
	"pawl/model/embedded"
	"pawl/model/nano"
	"pawl/model/openai"
	"pawl/nn"
	"pawl/server"
	"pawl/store"
)

// serveLlama starts a server of llama.cpp on a model and gives its base URL.
func serveLlama(t *testing.T, file string) string {
	t.Helper()
	_, out := runLlama(t, "llama_server.mjs", file)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("starting llama.cpp: %v", err)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(line) + "/v1"
}

// nanoFolder is pawl-nano as a Hugging Face folder.
func nanoFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := nano.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The openai actor drives llama.cpp on an exported pawl-nano.
func TestOpenAIActorOnLlamaCPP(t *testing.T) {
	dir := nanoFolder(t)
	m, err := nn.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := nn.LoadTokenizer(dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nano.gguf")
	if err := m.SaveGGUF(file, tok, nn.F32); err != nil {
		t.Fatal(err)
	}
	sameAnswers(t, dir, serveLlama(t, file), "exported", true)
}

// And it drives the gateway of Pawl itself.
func TestOpenAIActorOnTheGateway(t *testing.T) {
	dir := nanoFolder(t)
	p, err := pawl.Open(pawl.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	model, err := pawl.ParseModel("embedded:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := server.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s, err := server.New(ctx, p, server.Options{Models: []pawl.Model{model}, Time: time.Minute, AtOnce: 8, Body: 1 << 20, Traces: -1, Note: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, time.Second) }()
	defer func() {
		stop()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Error(err)
		}
	}()
	sameAnswers(t, dir, "http://"+l.Addr().String()+"/v1", filepath.Base(dir), false)
}

// sameAnswers holds a server of the model in dir to the engine: the same answers
// at temperature 0, and the same log-probabilities within 1e-3, in chats and plain
// completions, whole and streamed; and, where the server knows echo, of given texts.
func sameAnswers(t *testing.T, dir, base, model string, echo bool) {
	t.Helper()
	ctx := t.Context()
	engine := embedded.New(store.Memory())
	policy, err := engine.Import(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	zero := 0.0
	o := core.Options{Temperature: &zero, MaxTokens: 12, Logprobs: true}
	ours, err := engine.Actor(ctx, policy, "solver", o)
	if err != nil {
		t.Fatal(err)
	}
	provider := openai.New(openai.Options{Payer: &coretest.Payer{}})
	defer provider.Close()
	theirs := func(path string) core.Actor {
		name, err := provider.Resolve(ctx, model, base+path)
		if err != nil {
			t.Fatal(err)
		}
		a, err := provider.Actor(ctx, name, "solver", o)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	chat, plain := theirs(""), theirs("/completions")
	answers := map[string]bool{}
	worst := 0.0
	for _, text := range []string{"copy ab=", "12+34=", "reverse abc=", "9*8="} {
		ask := core.Request{Path: []core.Node{{Role: core.RoleUser, Content: text}}, N: 1}
		want := one(t, ctx, ours, ask)
		answers[want.Content] = true
		line := ask
		line.Path = []core.Node{{Role: core.RoleUser, Content: text + "\n"}} // as the template has it
		compare := func(how string, got core.Node) {
			t.Helper()
			if got.Content != want.Content || got.Finish != want.Finish {
				t.Errorf("%q %s: the server says %q (%s), the engine %q (%s)", text, how, got.Content, got.Finish, want.Content, want.Finish)
				return
			}
			worst = max(worst, distance(t, got.Logprobs, want.Logprobs))
		}
		compare("chat", one(t, ctx, chat, ask))
		compare("plain", one(t, ctx, plain, line))
		var told strings.Builder
		streamed, err := chat.(core.Streamer).Stream(ctx, core.Request{Path: ask.Path, N: 1, Seed: 1}, func(d core.Delta) error {
			told.WriteString(d.Content)
			return nil
		})
		if err != nil || told.String() != want.Content {
			t.Errorf("%q streamed: told %q, %v", text, told.String(), err)
		}
		compare("streamed", streamed)
		if !echo || want.Content == "" {
			continue
		}
		// The same answer read as a given text.
		answer := core.Node{Role: core.RoleAssistant, Content: want.Content}
		read, err := plain.(core.Scorer).Score(ctx, [][]core.Node{append(line.Path[:1:1], answer)})
		if err != nil {
			t.Fatal(err)
		}
		scored, err := ours.(core.Scorer).Score(ctx, [][]core.Node{append(ask.Path[:1:1], answer)})
		if err != nil {
			t.Fatal(err)
		}
		worst = max(worst, distance(t, read[0], scored[0]))
	}
	t.Logf("%d different answers; log-probabilities differ by at most %.2g", len(answers), worst)
	if worst > 1e-3 || len(answers) < 3 {
		t.Errorf("log-probabilities differ by %v; %d different answers", worst, len(answers))
	}
}

func one(t *testing.T, ctx context.Context, a core.Actor, r core.Request) core.Node {
	t.Helper()
	nodes, err := a.Act(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	return nodes[0]
}

// distance is the largest difference; the engine's list may have the end token's
// beside.
func distance(t *testing.T, got, want []float32) float64 {
	t.Helper()
	if len(got) == 0 || len(got) > len(want) || len(got) < len(want)-1 {
		t.Errorf("%d log-probabilities, the engine has %d", len(got), len(want))
		return math.Inf(1)
	}
	most := 0.0
	for i := range got {
		most = max(most, math.Abs(float64(got[i]-want[i])))
	}
	return most
}

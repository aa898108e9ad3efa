package nn

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// storiesDir is a folder of a public 260,000-parameter Llama.
func storiesDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; it would hold stories260k/, karpathy's stories260K (MIT) as a Hugging Face folder")
	}
	return filepath.Join(dir, "stories260k")
}

// lastLogits runs a forward pass and returns the logits after the last token.
func lastLogits(m *Model, tokens []int32) []float32 {
	pw := packedWeights{forward: true}
	pw.packAll(m)
	var s shard
	s.reset()
	s.feed(tokens, m.cfg.Heads)
	s.want(len(tokens)-1, -1, 0, 0)
	s.forward(m, &pw)
	return s.logits.Row(0)
}

func TestStoriesLogits(t *testing.T) {
	m, err := Load(storiesDir(t))
	if err != nil {
		t.Fatal(err)
	}
	got := lastLogits(m, []int32{1, 403, 407, 261, 378})
	for i, want := range []float64{-10.13657, -5.32947, -10.13809, -10.13686} {
		if math.Abs(float64(got[i])-want) > 1e-3 {
			t.Errorf("logit %d is %v, want %v", i, got[i], want)
		}
	}
}

const story = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. " +
	"One day, she saw a big, red ball. She wanted to play with it, but it was too high.\n" +
	"Lily's mom said, \"Lily, let's go to the park.\" Lily was sad and didn't know what to do. " +
	"She said, \"I want to play with your ball, but I can't find it.\""

func TestStoriesToTheLetter(t *testing.T) {
	dir := storiesDir(t)
	m, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := LoadTokenizer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !tok.AddsBOS() || tok.BOS() != 1 || tok.EOS() != 2 {
		t.Errorf("begin %d (added: %v), end %d; want 1 (true), 2", tok.BOS(), tok.AddsBOS(), tok.EOS())
	}
	ids, err := tok.Encode(story)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSampler(m, SamplerOptions{})
	out, err := s.Generate(context.Background(), []Prompt{{Tokens: []int32{tok.BOS()}, N: 1, MaxTokens: len(ids)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Decode(out[0][0].Tokens); got != story {
		t.Errorf("the story is\n%s\nwant\n%s", got, story)
	}
	// The tokenizer splits the story as the model wrote it.
	for i, id := range out[0][0].Tokens {
		if ids[i] != id {
			t.Fatalf("token %d of the story: encoded as %d (%q), generated as %d (%q)", i, ids[i], tok.Token(ids[i]), id, tok.Token(id))
		}
	}
}

package nn

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pawl/tensor"
)

// streamCases cover every way to draw that existing recipes may use.
func streamCases() []Prompt {
	var list []Prompt
	for i, x := range []Prompt{
		{Temperature: 1},
		{Temperature: 0},
		{Temperature: 0.7},
		{Temperature: 1.6, TopK: 5},
		{Temperature: 1, TopP: 0.8},
		{Temperature: 1, TopK: 9, TopP: 0.7, Stop: []int32{4}},
		{Temperature: 2, TopK: 100, TopP: 1},
	} {
		x.Tokens, x.N, x.Seed, x.MaxTokens = []int32{int32(i), 3}, 3, uint64(7+i), 12
		list = append(list, x)
	}
	return list
}

// A seed gives the tokens that it always gave: runs are resumed by drawing
// again, and recorded results are to be had again. The file is of the vector
// instruction sets; portable kernels round differently.
func TestStreamsDoNotChange(t *testing.T) {
	if tensor.ISA() == "portable" {
		t.Skip("recorded with fused multiply-add")
	}
	got := map[string][][]string{}
	for name, c := range map[string]Config{"vocabulary of 19": sampleConfig(), "vocabulary of 700": wide(700)} {
		m := lively(t, c, 6)
		for _, list := range generate(t, NewSampler(m, SamplerOptions{}), streamCases()...) {
			var lines []string
			for _, c := range list {
				sum := uint64(14695981039346656037)
				for i := range c.Tokens {
					for _, v := range []uint32{uint32(c.Tokens[i]), math.Float32bits(c.Logprobs[i]), math.Float32bits(c.Raw[i])} {
						sum = (sum ^ uint64(v)) * 1099511628211
					}
				}
				lines = append(lines, fmt.Sprintf("%v %s %016x", c.Tokens, c.Finish, sum))
			}
			got[name] = append(got[name], lines)
		}
	}
	path := filepath.Join("testdata", "streams.json")
	if os.Getenv("PAWL_UPDATE") == "1" {
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][][]string
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for name, cases := range got {
		for i, lines := range cases {
			for k, line := range lines {
				if line != want[name][i][k] {
					t.Errorf("%s, case %d, sample %d:\n got %s\nwant %s", name, i, k, line, want[name][i][k])
				}
			}
		}
	}
}

// wide is sampleConfig with another vocabulary.
func wide(vocab int) Config {
	c := sampleConfig()
	c.Vocab = vocab
	return c
}

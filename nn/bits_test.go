package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"

	"pawl/tensor"
)

// recorded is what a short training run and the model it leaves give.
type recorded struct {
	Losses, Norms []float64
	Weights       string // SHA-256 of their bits
	Tokens        [][]int32
	Logprobs      []float32
}

// Training and sampling give the same bits on every instruction set that has
// assembly, on every processor: they are recorded. PAWL_UPDATE=1 records them
// anew, which only a change of results on purpose needs.
func TestRecordedBits(t *testing.T) {
	if tensor.ISA() == "portable" {
		t.Skip("the portable kernels round differently")
	}
	const file = "testdata/bits.json"
	m, err := New(small, 1)
	if err != nil {
		t.Fatal(err)
	}
	var got recorded
	tr := NewTrainer(m)
	batch := benchBatch(small, 16, 20)
	loss := CrossEntropy(1 / float64(Targets(batch)))
	for range 10 {
		l, err := tr.ForwardBackward(batch, loss)
		if err != nil {
			t.Fatal(err)
		}
		norm, err := tr.Step(StepOptions{LR: 3e-3, Beta2: 0.98, Decay: 0.1, Clip: 1})
		if err != nil {
			t.Fatal(err)
		}
		got.Losses, got.Norms = append(got.Losses, l), append(got.Norms, norm)
	}
	hash := sha256.New()
	for _, x := range m.Tensors() {
		for _, v := range x.Data {
			hash.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		}
	}
	got.Weights = hex.EncodeToString(hash.Sum(nil))
	s := NewSampler(m, SamplerOptions{})
	for _, list := range generate(t, s,
		Prompt{Tokens: []int32{1, 2, 3}, N: 8, Temperature: 1, MaxTokens: 30},
		Prompt{Tokens: []int32{4}, N: 4, Temperature: 0.7, TopP: 0.9, MaxTokens: 12},
		Prompt{Tokens: []int32{5, 6}, N: 1, MaxTokens: 20}) {
		for _, c := range list {
			got.Tokens = append(got.Tokens, c.Tokens)
			got.Logprobs = append(got.Logprobs, c.Logprobs...)
		}
	}

	if os.Getenv("PAWL_UPDATE") != "" {
		b, err := json.Marshal(got)
		if err == nil {
			err = os.WriteFile(file, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want recorded
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s gives %+v\nrecorded is %+v", tensor.ISA(), got, want)
	}
}

package nn

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// longConfig has room for prefixes that are kept.
func longConfig() Config {
	c := sampleConfig()
	c.Context = 400
	return c
}

// A tree of requests, each going on from what an earlier one drew, gives the
// same bits whether prefixes are kept, found, evicted or computed anew.
func TestKeptPrefixesChangeNothing(t *testing.T) {
	m := lively(t, longConfig(), 6)
	lone := NewSampler(m, SamplerOptions{Workers: 1, Slots: 1, PrefixBytes: -1})
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; raced && checks > 10 {
			return // it is slow under the race detector
		}
		s := NewSampler(m, SamplerOptions{
			Workers: rapid.IntRange(1, 2).Draw(rt, "workers"), Slots: rapid.IntRange(1, 9).Draw(rt, "slots"),
			PrefixBytes: rapid.SampledFrom([]int64{-1, 200 << 10, 0}).Draw(rt, "kept"),
			CacheBytes:  rapid.SampledFrom([]int64{0, 1, 400 << 10}).Draw(rt, "cache"),
		})
		paths := [][]int32{{1}}
		for range rapid.IntRange(2, 4).Draw(rt, "rounds") {
			var prompts []Prompt
			for range rapid.IntRange(1, 3).Draw(rt, "requests") {
				path := rapid.SampledFrom(paths).Draw(rt, "path")
				path = path[:rapid.IntRange(min(len(path), 60), len(path)).Draw(rt, "cut")]
				path = append(slices.Clone(path), rapid.SliceOfN(rapid.Int32Range(0, 18), 0, 3).Draw(rt, "more")...)
				p := Prompt{Tokens: path, N: rapid.IntRange(1, 2).Draw(rt, "n"), Seed: rapid.Uint64Range(0, 2).Draw(rt, "seed"), Temperature: 1, MaxTokens: 70}
				p.Want.Prompt = rapid.IntRange(0, 3).Draw(rt, "prompted") == 0
				prompts = append(prompts, p)
			}
			for i, list := range generate(t, s, prompts...) {
				for k, got := range list {
					p := prompts[i]
					p.First, p.N = k, 1
					want := generate(t, lone, p)[0][0]
					if !same(got, want) || (got.Seen != nil && !slices.Equal(got.Prompted, want.Prompted)) {
						rt.Fatalf("prompt %d of %d tokens, sample %d: %+v, alone %+v", i, len(p.Tokens), k, got, want)
					}
					if path := slices.Concat(p.Tokens, got.Tokens); len(path) < 320 {
						paths = append(paths, path)
					}
				}
			}
		}
	})
}

// What is computed is counted: a branch costs its new tokens only.
func TestBranchesReadWhatIsNew(t *testing.T) {
	m := lively(t, longConfig(), 6)
	s := NewSampler(m, SamplerOptions{Workers: 1})
	p := Prompt{Tokens: make([]int32, 100), N: 1, Temperature: 1, MaxTokens: 50}
	first := generate(t, s, p)[0][0]
	r, n := s.kv.find(slices.Concat(p.Tokens, first.Tokens, []int32{5, 6}), 152)
	if r == nil || n != 149 {
		t.Fatalf("%d tokens are found of the 149 that were computed", n)
	}
	s.kv.unpin(r)
	m.Touch() // other weights, other rows
	generate(t, s, Prompt{Tokens: []int32{1}, N: 1, MaxTokens: 1})
	if r, n := s.kv.find(first.Tokens, 49); r != nil {
		t.Errorf("%d tokens are found that old weights computed", n)
	}
}

// Memory stays within the bound, but for one sequence a decoder.
func TestCacheBound(t *testing.T) {
	m := lively(t, longConfig(), 6)
	c := m.Config()
	row := 4 * c.Layers * 2 * c.kvDim()
	s := NewSampler(m, SamplerOptions{Workers: 2, CacheBytes: int64(900 * row), PrefixBytes: int64(300 * row)})
	var prompts []Prompt
	for i := range 30 {
		prompts = append(prompts, Prompt{Tokens: make([]int32, 210-7*i), N: 3, Temperature: 1, MaxTokens: 100})
	}
	most := 0
	_, err := s.Generate(t.Context(), prompts, func(*Completion) {
		s.mu.Lock()
		defer s.mu.Unlock()
		most = max(most, 4*s.kv.used)
	})
	if err != nil {
		t.Fatal(err)
	}
	if most > (900+2*384)*row || most < 600*row {
		t.Errorf("%d rows of memory under a bound of 900", most/row)
	}
	if s.kv.holds > s.kv.keep || s.kv.holds == 0 {
		t.Errorf("%d of %d floats are kept", s.kv.holds, s.kv.keep)
	}
	for _, list := range s.kv.free {
		for _, r := range list {
			if r.pins != 0 || r.tokens != nil || r.orphan {
				t.Errorf("free memory is in use: %d pins, %d tokens", r.pins, len(r.tokens))
			}
		}
	}
}

// A second call joins the decoder of the first, which does not end before it.
func TestCallsBatchTogether(t *testing.T) {
	m := lively(t, longConfig(), 6)
	s := NewSampler(m, SamplerOptions{Workers: 1, Slots: 2})
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan bool)
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		// Without an end of its own: hundreds of samples of hundreds of tokens.
		_, err := s.Generate(ctx, []Prompt{{Tokens: []int32{1}, N: 100000, Temperature: 1, OnToken: func(int, int32, float32) {
			once.Do(func() { close(started) })
		}}}, nil)
		if err == nil {
			t.Error("the endless call ended")
		}
	})
	<-started
	alone := generate(t, NewSampler(m, SamplerOptions{}), Prompt{Tokens: []int32{7}, N: 3, Temperature: 1, MaxTokens: 20})
	if got := generate(t, s, Prompt{Tokens: []int32{7}, N: 3, Temperature: 1, MaxTokens: 20}); !slices.EqualFunc(got[0], alone[0], same) {
		t.Error("in a shared decoder, the samples are others")
	}
	cancel()
	wg.Wait()
	if s.busy != 0 || s.queued != 0 || len(s.jobs) != 0 {
		t.Errorf("after a cancellation %d samples are under way and %d wait", s.busy, s.queued)
	}
}

// A panic in one call's callback leaves other calls alone.
func TestPanicsStayInTheirCall(t *testing.T) {
	m := lively(t, longConfig(), 6)
	s := NewSampler(m, SamplerOptions{Workers: 1})
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			p := Prompt{Tokens: []int32{int32(i)}, N: 4, Temperature: 1, MaxTokens: 50}
			if i%2 == 0 {
				p.Intervene = func(sample int, path []int32, _ []float32) {
					if len(path) == 20 {
						panic("enough")
					}
				}
				defer func() {
					if v := recover(); fmt.Sprint(v) != "enough" {
						t.Errorf("recovered %v", v)
					}
				}()
			}
			out, err := s.Generate(t.Context(), []Prompt{p}, nil)
			if err != nil || len(out[0][3].Tokens) != 50 {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
}

// Prompts are scored without drawing anything.
func TestPromptsAlone(t *testing.T) {
	m := lively(t, longConfig(), 6)
	tokens := make([]int32, 400) // several chunks, the whole context
	for i := range tokens {
		tokens[i] = int32(i * i % 19)
	}
	c := generate(t, NewSampler(m, SamplerOptions{}), Prompt{Tokens: tokens, N: 1, Want: Want{Prompt: true}})[0][0]
	want, err := NewTrainer(m).Logprobs(t.Context(), []Sequence{{Tokens: tokens}})
	if err != nil || len(c.Tokens) != 0 || !slices.Equal(c.Prompted, want[0]) || math.IsNaN(float64(want[0][399])) {
		t.Errorf("scored %v, want %v (%v)", c.Prompted[390:], want[0][390:], err)
	}
}

// Decoders take equal shares, from all calls in turn, and few samples go to one.
func TestSharesAreEqual(t *testing.T) {
	m := lively(t, sampleConfig(), 6)
	for _, x := range []struct {
		jobs []int
		want []int // samples of the two decoders
	}{
		{[]int{256}, []int{64, 64}}, // all their slots
		{[]int{101}, []int{51, 50}},
		{[]int{3}, []int{3, 0}},
		{[]int{1000, 10}, []int{64, 64}},
		{[]int{10, 20, 30}, []int{30, 30}},
	} {
		s := NewSampler(m, SamplerOptions{Workers: 2})
		for _, n := range x.jobs {
			s.jobs = append(s.jobs, &job{ctx: t.Context(), prompts: []Prompt{{Tokens: []int32{1}, N: n}}, queued: n})
			s.queued += n
		}
		for i, want := range x.want {
			d := &decoder{s: s}
			s.take(d)
			seen := map[*job]bool{}
			for _, y := range d.live {
				seen[y.j] = true
			}
			if len(d.live) != want || want > 0 && i == 0 && len(seen) != len(x.jobs) {
				t.Errorf("calls of %v samples: decoder %d takes %d, from %d calls; want %d from all", x.jobs, i, len(d.live), len(seen), want)
			}
		}
	}
}

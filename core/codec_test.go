package core

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// same treats floats by their bits, so that NaN equals itself and -0 is not 0.
var same = cmp.Options{
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }),
}

var (
	genText   = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "solver", "assistant", "#### 42"}))
	genDigest = rapid.Custom(func(t *rapid.T) Digest {
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			return ""
		case 1:
			return Digest(rapid.String().Draw(t, "odd"))
		default:
			return Sum([]byte{rapid.Byte().Draw(t, "content")})
		}
	})
	genJSON  = maybe(rapid.SampledFrom([]json.RawMessage{{}, json.RawMessage(`{"a":[1,2]}`), json.RawMessage(`null`)}))
	genF32   = maybe(rapid.SliceOfN(rapid.Float32(), 0, 5))
	genTexts = maybe(rapid.SliceOfN(genText, 0, 3))
)

// maybe gives the zero value (a nil slice) now and then.
func maybe[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	return rapid.Custom(func(t *rapid.T) (v T) {
		if rapid.Bool().Draw(t, "present") {
			v = g.Draw(t, "value")
		}
		return v
	})
}

func drawNode(t *rapid.T, high int) Node {
	return Node{
		Parent:   Ref(rapid.IntRange(0, high).Draw(t, "parent")),
		Actor:    genText.Draw(t, "actor"),
		To:       genTexts.Draw(t, "to"),
		Policy:   genDigest.Draw(t, "policy"),
		Role:     genText.Draw(t, "role"),
		Content:  genText.Draw(t, "content"),
		Prefix:   genDigest.Draw(t, "prefix"),
		TokenIDs: maybe(rapid.SliceOfN(rapid.Int32(), 0, 5)).Draw(t, "ids"),
		Logprobs: genF32.Draw(t, "logprobs"),
		Finish:   genText.Draw(t, "finish"),
		Data:     genJSON.Draw(t, "data"),
	}
}

var genEpisode = rapid.Custom(func(t *rapid.T) *Episode {
	ep := &Episode{Seed: rapid.Uint64().Draw(t, "seed"), Err: genText.Draw(t, "err")}
	ep.Task = Task{ID: genText.Draw(t, "id"), Reference: genJSON.Draw(t, "reference"), Origin: genTexts.Draw(t, "origin")}
	for range rapid.IntRange(0, 2).Draw(t, "prompt") {
		ep.Task.Prompt = append(ep.Task.Prompt, drawNode(t, 3))
	}
	ep.Task.Options = Options{
		MaxTokens: rapid.Int().Draw(t, "max"), TopK: rapid.Int().Draw(t, "topk"), TopP: rapid.Float64().Draw(t, "topp"),
		Stop: genTexts.Draw(t, "stop"), Logprobs: rapid.Bool().Draw(t, "lp"),
		Tools: genJSON.Draw(t, "tools"), Schema: genJSON.Draw(t, "schema"),
		BiasText: rapid.SampledFrom([]map[string]float64{nil, {"": 1}, {" yes": -2, "7": 0.5}}).Draw(t, "bias-text"),
		MinP:     rapid.SampledFrom([]float64{0, 0.1}).Draw(t, "min-p"), Regex: rapid.SampledFrom([]string{"", "a+"}).Draw(t, "regex"),
		Grammar:       rapid.SampledFrom([]string{"", "root ::= x"}).Draw(t, "grammar"),
		Bias:          rapid.SampledFrom([]map[int32]float64{nil, {}, {3: 1, -1: 2}}).Draw(t, "bias"),
		Interventions: rapid.SampledFrom([][]string{nil, {"think"}}).Draw(t, "interventions"),
		TopLogprobs:   rapid.SampledFrom([]int{0, 5}).Draw(t, "top-logprobs"), Extra: genJSON.Draw(t, "extra"),
	}
	if rapid.Bool().Draw(t, "hot") {
		v := rapid.Float64().Draw(t, "temperature")
		ep.Task.Options.Temperature = &v
	}
	n := rapid.IntRange(0, 4).Draw(t, "nodes")
	for i := range n {
		ep.Nodes = append(ep.Nodes, drawNode(t, i))
	}
	genRefs := maybe(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Ref { return Ref(rapid.IntRange(0, n).Draw(t, "ref")) }), 0, 2))
	for range rapid.IntRange(0, 2).Draw(t, "scores") {
		ep.Scores = append(ep.Scores, Score{
			By: genText.Draw(t, "by"), Nodes: genRefs.Draw(t, "nodes"), Value: rapid.Float64().Draw(t, "v"),
			Dense: genF32.Draw(t, "dense"), Confidence: rapid.Float64().Draw(t, "c"), Abstain: rapid.Bool().Draw(t, "a"), Unjudged: rapid.Bool().Draw(t, "u"),
			Rationale: genText.Draw(t, "why"), Via: Ref(rapid.IntRange(0, n).Draw(t, "via")),
		})
	}
	ep.Answer = Ref(rapid.IntRange(0, n).Draw(t, "answer"))
	ep.Usage = Usage{
		Calls: rapid.Int().Draw(t, "calls"), PromptTokens: rapid.Int64().Draw(t, "in"),
		CompletionTokens: rapid.Int64().Draw(t, "out"), MicroUSD: rapid.Int64().Draw(t, "usd"),
	}
	return ep
})

func TestEpisodesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(genEpisode, 1, 3).Draw(t, "episodes")
		var b []byte
		for _, ep := range want {
			b = AppendEpisode(b, ep)
		}
		got, err := DecodeEpisodes(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, same); d != "" {
			t.Fatalf("episodes differ after a round trip (-want +got):\n%s", d)
		}
		cut := rapid.IntRange(1, len(b)-1).Draw(t, "cut")
		if eps, err := DecodeEpisodes(b[:cut]); err == nil && len(eps) >= len(want) {
			t.Fatalf("%d of %d bytes decoded to all %d episodes", cut, len(b), len(want))
		}
	})
}

func TestExamplesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		eps := rapid.SliceOfN(genEpisode, 1, 3).Draw(t, "episodes")
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *Example {
			ex := &Example{Labels: maybe(rapid.SliceOfN(rapid.Float64(), 0, 3)).Draw(t, "labels")}
			if ep := maybe(rapid.SampledFrom(eps)).Draw(t, "episode"); ep != nil {
				ex.Episode = ep
				for i := range ep.Nodes {
					ex.Leaves = append(ex.Leaves, Ref(i+1))
				}
			}
			ex.Signals = maybe(rapid.MapOfN(genText, maybe(rapid.SliceOfN(genF32, 0, 2)), 0, 3)).Draw(t, "signals")
			return ex
		}), 1, 4).Draw(t, "examples")
		b := AppendExamples(nil, want)
		got, err := DecodeExamples(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, same); d != "" {
			t.Fatalf("examples differ after a round trip (-want +got):\n%s", d)
		}
		if again := AppendExamples(nil, got); string(again) != string(b) {
			t.Fatal("encoding the decoded examples gives other bytes")
		}
	})
}

// Two examples of one episode cost one episode, whether they share a pointer
// or only the content.
func TestExamplesShareEpisodes(t *testing.T) {
	newEp := func() *Episode {
		ep := NewEpisode(Task{ID: "t", Prompt: []Node{{Role: RoleUser, Content: strings.Repeat("long question ", 100)}}}, 7)
		ep.Append(Node{Parent: 1, Role: RoleAssistant, Content: "42"})
		return ep
	}
	a, b := newEp(), newEp()
	one := AppendExamples(nil, []*Example{{Episode: a, Leaves: []Ref{2}}})
	shared := AppendExamples(nil, []*Example{{Episode: a, Leaves: []Ref{2}}, {Episode: a, Leaves: []Ref{1, 2}}})
	equal := AppendExamples(nil, []*Example{{Episode: a, Leaves: []Ref{2}}, {Episode: b, Leaves: []Ref{1, 2}}})
	if string(shared) != string(equal) {
		t.Error("bytes depend on pointer identity")
	}
	if len(shared) > len(one)+10 {
		t.Errorf("second example of an episode takes %d bytes", len(shared)-len(one))
	}
	got, err := DecodeExamples(equal)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Episode != got[1].Episode {
		t.Error("decoded examples do not share their episode")
	}
}

// The layout, by hand: a change of these bytes orphans every stored episode.
func TestEpisodeBytes(t *testing.T) {
	ep := &Episode{
		Nodes: []Node{{Role: "user", Content: "hi", Policy: Sum(nil), TokenIDs: []int32{1, -1}, Logprobs: []float32{0.5}, To: []string{}}},
		Seed:  258,
	}
	sum := "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55"
	body := "\x00\x00" + // task: id, prompt
		"\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00" + // options, reference, origin
		"\x02" + "\x00" + "\x00\x00" + "\x01" + "\x01" + sum + "\x00\x04user" + "\x02hi" + "\x02" + // one node up to its prefix
		"\x03\x01\x00\x00\x00\xff\xff\xff\xff" + "\x02\x00\x00\x00\x3f" + "\x02" + "\x00" +
		"\x00" + "\x00" + "\x02\x01\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00"
	want := "\x01" + string(rune(len(body))) + body
	if got := string(AppendEpisode(nil, ep)); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A new field must enter the packed form, or it would be lost without a word.
func TestCodecKnowsEveryField(t *testing.T) {
	for _, c := range []struct {
		v      any
		fields int
	}{{Episode{}, 7}, {Task{}, 5}, {Node{}, 11}, {Options{}, 16}, {Score{}, 9}, {Usage{}, 4}, {Example{}, 4}} {
		if got := reflect.TypeOf(c.v).NumField(); got != c.fields {
			t.Errorf("%T has %d fields, the codec writes %d: extend it, raise its version, and keep reading the old one", c.v, got, c.fields)
		}
	}
}

// A score's truth values share the byte that Abstain had alone: records from
// before read as they did, and one that is new is refused by who knows no better.
func TestScoreFlags(t *testing.T) {
	encoded := func(abstain, unjudged bool) []byte {
		return AppendEpisode(nil, &Episode{Scores: []Score{{Abstain: abstain, Unjudged: unjudged}}})
	}
	verdict, abstention, failure := encoded(false, false), encoded(true, false), encoded(true, true)
	at := 0
	for at < len(verdict) && verdict[at] == abstention[at] {
		at++
	}
	if verdict[at] != 0 || abstention[at] != 1 || failure[at] != 3 {
		t.Fatalf("byte %d is %d, %d and %d", at, verdict[at], abstention[at], failure[at])
	}
	failure[at] = 1
	if !bytes.Equal(failure, abstention) {
		t.Error("more than that byte tells a failure from an abstention")
	}
	failure[at] = 4
	if _, err := DecodeEpisodes(failure); err == nil || !strings.Contains(err.Error(), "truth values 4") {
		t.Errorf("an unknown flag: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := AppendEpisode(nil, &Episode{Nodes: []Node{{Content: "x"}}})
	huge := append([]byte{episodeVersion, 12, 0}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0)
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"version":   {append([]byte{9}, good[1:]...), "newer pawl"},
		"cut":       {good[:len(good)-1], "left"},
		"huge":      {huge, "elements"},
		"long form": {[]byte{episodeVersion, 0x80, 0}, "needless byte"},
		"trailing":  {append([]byte{good[0], good[1] + 1}, append(append([]byte{}, good[2:]...), 0)...), "too many"},
		"cycle":     {AppendEpisode(nil, &Episode{Nodes: []Node{{Parent: 1}}}), "reference 1"},
		"negative":  {AppendEpisode(nil, &Episode{Nodes: []Node{{Parent: -1}}}), "reference"},
		"answer":    {AppendEpisode(nil, &Episode{Answer: 1}), "reference 1"},
	} {
		if _, err := DecodeEpisodes(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that contains %q", name, err, c.want)
		}
	}
}

func FuzzDecodeEpisodes(f *testing.F) {
	f.Add([]byte{})
	f.Add(AppendEpisode(AppendEpisode(nil, &Episode{}), NewEpisode(Task{ID: "a", Prompt: []Node{{Content: "q"}}}, 1)))
	f.Add(AppendEpisode(nil, &Episode{Nodes: []Node{{Policy: Sum(nil), Prefix: Sum(nil), To: []string{"a", "b"}, TokenIDs: []int32{1, 2}, Logprobs: []float32{-1, -2}}}, Scores: []Score{{By: "x", Nodes: []Ref{1}, Dense: []float32{1}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		eps, err := DecodeEpisodes(b)
		if err != nil {
			return
		}
		var again []byte
		for _, ep := range eps {
			ep.Leaves()
			again = AppendEpisode(again, ep)
		}
		if string(again) != string(b) {
			t.Fatalf("%q decodes, and encodes to %q", b, again)
		}
	})
}

func FuzzDecodeExamples(f *testing.F) {
	ep := &Episode{Nodes: []Node{{Content: "x"}}}
	f.Add(AppendExamples(nil, []*Example{{Episode: ep, Leaves: []Ref{1}, Labels: []float64{1}, Signals: map[string][][]float32{"w": {{1, 2}}, "v": nil}}, {Episode: ep}, {}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		exs, err := DecodeExamples(b)
		if err != nil || len(b) == 0 {
			return
		}
		// Records may be split otherwise than one encoding would: check content.
		again, err := DecodeExamples(AppendExamples(nil, exs))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(exs, again, same); d != "" {
			t.Fatal(d)
		}
	})
}

func BenchmarkAppendEpisode(b *testing.B) {
	ep := NewEpisode(Task{ID: "task-000001", Prompt: []Node{{Role: RoleUser, Content: "3 + 4 * 5 mod 20"}}}, 1)
	for range 16 {
		ep.Append(Node{Parent: 1, Actor: "solver", Role: RoleAssistant, Content: "17=17", Policy: Sum(nil), TokenIDs: make([]int32, 200), Logprobs: make([]float32, 200)})
	}
	packed := AppendEpisode(nil, ep)
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(packed)))
		var buf []byte
		for b.Loop() {
			buf = AppendEpisode(buf[:0], ep)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(packed)))
		for b.Loop() {
			if _, err := DecodeEpisodes(packed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

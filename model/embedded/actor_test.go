package embedded

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/nn"

	"pgregory.net/rapid"
)

func TestActorConformance(t *testing.T) {
	for what, template := range map[string]any{"of the engine": nil, "of a folder": chat} {
		t.Run(what, func(t *testing.T) {
			e, _ := newEngine()
			p, err := e.Import(t.Context(), chatFolder(t, e, template))
			if err != nil {
				t.Fatal(err)
			}
			// The suite compares actors with each other: each gets an engine of its own.
			coretest.Actor(t, func() (core.Actor, error) {
				return New(e.blobs).Actor(t.Context(), p, "solver", core.Options{MaxTokens: 12})
			})
		})
	}
}

func TestNodesSayHowTheyWereMade(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(3))
	a := seated(t, e, p, core.Options{MaxTokens: 7})
	nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("hello")}, N: 3, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	prefix := core.TokensDigest(spell("^hello\n"))
	for _, n := range nodes {
		if n.Actor != "solver" || n.Role != core.RoleAssistant || n.Policy != p.Version() || n.Prefix != prefix {
			t.Errorf("the node is %+v", n)
		}
		ended := n.TokenIDs[len(n.TokenIDs)-1] == 2
		if want := map[bool]string{true: "stop", false: "length"}[ended]; n.Finish != want || !ended && len(n.TokenIDs) != 7 {
			t.Errorf("%d tokens, the last %d: finish %q", len(n.TokenIDs), n.TokenIDs[len(n.TokenIDs)-1], n.Finish)
		}
	}
	// A request's options win over the seat's.
	nodes, err = a.Act(t.Context(), core.Request{Path: []core.Node{user("hello")}, N: 1, Options: core.Options{MaxTokens: 2, Temperature: heat(0)}})
	if err != nil || len(nodes[0].TokenIDs) > 2 {
		t.Errorf("two tokens were allowed, there are %d (%v)", len(nodes[0].TokenIDs), err)
	}
}

// An alternative depends on its own index and request alone.
func TestAlternativesAreIndependent(t *testing.T) {
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(2)), core.Options{MaxTokens: 6})
	prompts := []string{"", "a", "longer than the others", "bc"}
	want := map[string][]core.Node{}
	for i, s := range prompts {
		nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user(s)}, N: 8, Seed: uint64(i)})
		if err != nil {
			t.Fatal(err)
		}
		want[s] = nodes
	}
	rapid.Check(t, func(t *rapid.T) {
		var rs []core.Request
		for range rapid.IntRange(1, 6).Draw(t, "requests") {
			i := rapid.IntRange(0, len(prompts)-1).Draw(t, "prompt")
			first := rapid.IntRange(0, 7).Draw(t, "first")
			rs = append(rs, core.Request{Path: []core.Node{user(prompts[i])}, Seed: uint64(i), First: first, N: rapid.IntRange(0, 8-first).Draw(t, "n")})
		}
		out, err := a.ActBatch(t.Context(), rs)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rs {
			part := want[r.Path[0].Content][r.First : r.First+r.N]
			if len(out[i]) != r.N || r.N > 0 && !reflect.DeepEqual(out[i], part) {
				t.Fatalf("samples %d to %d of %q are others in a batch of %d", r.First, r.First+r.N-1, r.Path[0].Content, len(rs))
			}
		}
	})
}

func TestScoresAreTheSampledLogprobs(t *testing.T) {
	e, _ := newEngine()
	for what, p := range map[string]core.Policy{"bytes": made(t, e, tiny(4)), "words": made(t, e, spaced("1", "2", "3"))} {
		a := seated(t, e, p, core.Options{MaxTokens: 9})
		var paths [][]core.Node
		for i, s := range []string{"1", "1 2 3"} {
			path := []core.Node{user(s)}
			nodes, err := a.Act(t.Context(), core.Request{Path: path, N: 3, Seed: uint64(i)})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range nodes {
				paths = append(paths, append(slices.Clone(path), n))
				// A second turn, after the ids of the first.
				more := append(slices.Clone(path), n, user("2"))
				next, err := a.Act(t.Context(), core.Request{Path: more, N: 1, Seed: 9})
				if err != nil {
					t.Fatal(err)
				}
				paths = append(paths, append(more, next[0]))
			}
		}
		scores, err := a.Score(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range paths {
			last := path[len(path)-1]
			if !slices.Equal(scores[i], last.Logprobs) {
				t.Errorf("%s, path %d: scored %v, sampled %v", what, i, scores[i], last.Logprobs)
			}
		}
		// Text that was not sampled is scored, too: a value a token of its own.
		scores, err = a.Score(t.Context(), [][]core.Node{{user("1"), assistant("2 3")}})
		if err != nil || len(scores[0]) != len("2 3") && len(scores[0]) != 2 || slices.Max(scores[0]) >= 0 {
			t.Errorf("%s: text scores %v (%v)", what, scores, err)
		}
		if _, err := a.Score(t.Context(), [][]core.Node{{}}); err == nil {
			t.Errorf("%s: an empty path is scored", what)
		}
	}
}

// spelling is a text of single letters without specials: "a" 0, "b" 1, ...
// Folders may come without a begin token.
func lettersWithoutBegin(t *testing.T, e *Engine) core.Policy {
	t.Helper()
	s := tiny(1)
	s.Vocabulary = []string{"a", "b"}
	dir := exported(t, e, made(t, e, s))
	write(t, dir, "tokenizer.json", []byte(`{"version":"1.0","added_tokens":[],"model":{"type":"WordLevel","vocab":{"a":0,"b":1},"unk_token":"<unk>"},
		"pre_tokenizer":{"type":"Split","pattern":{"Regex":"a|b"},"behavior":"Isolated","invert":false},"decoder":{"type":"Fuse"}}`))
	write(t, dir, "tokenizer_config.json", []byte(`{"tokenizer_class":"PreTrainedTokenizerFast"}`))
	p, err := e.Import(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEmptyPrompts(t *testing.T) {
	e, _ := newEngine()
	a := seated(t, e, made(t, e, spaced("1", "2")), core.Options{MaxTokens: 3})
	nodes, err := a.Act(t.Context(), core.Request{N: 1})
	if err != nil || nodes[0].Prefix != core.TokensDigest([]int32{0}) {
		t.Errorf("no turn at all does not start from the begin token: %v (%v)", nodes, err)
	}
	a = seated(t, e, lettersWithoutBegin(t, e), core.Options{MaxTokens: 3})
	if _, err := a.Act(t.Context(), core.Request{N: 1}); err == nil || !strings.Contains(err.Error(), "no begin token") {
		t.Errorf("nothing to start from: %v", err)
	}
	if _, err := a.Score(t.Context(), [][]core.Node{{assistant("ab")}}); err == nil || !strings.Contains(err.Error(), "no begin token") {
		t.Errorf("nothing to score after: %v", err)
	}
	nodes, err = a.Act(t.Context(), core.Request{Path: []core.Node{user("ab")}, N: 1})
	if err != nil || nodes[0].Prefix != core.TokensDigest([]int32{0, 1}) {
		t.Errorf("a prompt without a begin token: %v (%v)", nodes, err)
	}
}

func TestStopStrings(t *testing.T) {
	bytes := &actor{loaded: &loaded{text: byteText(t)}}
	words := &actor{loaded: &loaded{text: wordText(t)}}
	for _, c := range []struct {
		what    string
		a       *actor
		ids     []int32
		stops   []string
		content string
		tokens  int
		finish  string
	}{
		{"none", bytes, spell("ab|c$"), nil, "ab|c", 5, "length"},
		{"one", bytes, spell("ab|c$"), []string{"|"}, "ab", 3, "stop"},
		{"absent", bytes, spell("ab|c$"), []string{"x"}, "ab|c", 5, "length"},
		{"an empty one stops nothing", bytes, spell("ab"), []string{""}, "ab", 2, "length"},
		{"the first in the text, not in the list", bytes, spell("ab|c#d"), []string{"#", "|"}, "ab", 3, "stop"},
		{"the first to be complete", bytes, spell("abcd"), []string{"abcd", "bc"}, "a", 3, "stop"},
		{"at the start", bytes, spell("|x"), []string{"|"}, "", 1, "stop"},
		{"longer than a token", bytes, spell("a<<END>>b"), []string{"<<END>>"}, "a", 8, "stop"},
		{"after a character of two bytes", bytes, spell("\xc3\xa9|x"), []string{"|"}, "é", 3, "stop"},
		{"after a byte that is no character", bytes, spell("\xc3|x"), []string{"|"}, "\uFFFD", 2, "stop"},
		{"a word", words, []int32{2, 3, 4, 1}, []string{" 2"}, "1", 2, "stop"},
		{"the first word", words, []int32{2, 3, 4, 1}, []string{"1"}, "", 1, "stop"},
	} {
		// What the sampler does: it ends a sample when the watch says so.
		ids := c.ids
		p, err := c.a.decoding(nil, core.Request{Options: core.Options{Stop: c.stops}})
		if err != nil {
			t.Fatal(err)
		}
		if p.Watch != nil {
			watch := p.Watch(0)
			for i, id := range c.ids {
				if watch(id) {
					ids = c.ids[:i+1]
					break
				}
			}
		}
		n := c.a.node(nn.Completion{Tokens: ids, Logprobs: make([]float32, len(ids))}, "", c.stops, turn{})
		if n.Content != c.content || len(n.TokenIDs) != c.tokens || len(n.Logprobs) != c.tokens || n.Finish != c.finish {
			t.Errorf("%s: %q, %d tokens, %d log-probs, %s; want %q, %d, %s", c.what, n.Content, len(n.TokenIDs), len(n.Logprobs), n.Finish, c.content, c.tokens, c.finish)
		}
	}
	// The options of a request reach the nodes.
	e, _ := newEngine()
	a := seated(t, e, made(t, e, tiny(6)), core.Options{MaxTokens: 20, Temperature: heat(0)})
	whole, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("x")}, N: 1})
	if err != nil || len([]rune(whole[0].Content)) < 3 {
		t.Fatalf("the model says %v (%v)", whole, err)
	}
	stop := string([]rune(whole[0].Content)[2])
	cut, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("x")}, N: 1, Options: core.Options{Stop: []string{stop}}})
	if want, _, _ := strings.Cut(whole[0].Content, stop); err != nil || cut[0].Content != want || cut[0].Finish != "stop" {
		t.Errorf("stopped at %q: %q, want %q (%v)", stop, cut[0].Content, want, err)
	}
}

// Many seats, policies and trainers share one engine; answers do not change.
func TestConcurrentUse(t *testing.T) {
	e, _ := newEngine()
	policies := make([]core.Policy, keepLoaded+2) // more than stay loaded
	want := make([][]core.Node, len(policies))
	r := core.Request{Path: []core.Node{user("q")}, N: 2, Seed: 1}
	for i := range policies {
		policies[i] = made(t, e, tiny(uint64(i)))
		nodes, err := seated(t, e, policies[i], core.Options{MaxTokens: 5}).Act(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		want[i] = nodes
	}
	jinja, err := e.Import(t.Context(), chatFolder(t, e, chat))
	if err != nil {
		t.Fatal(err)
	}
	template := textOf(t, e, jinja)
	one := func(i int) error {
		p := policies[i]
		actor, err := e.Actor(t.Context(), p, "solver", core.Options{MaxTokens: 5})
		if err != nil {
			return err
		}
		nodes, err := actor.Act(t.Context(), r)
		if err != nil || !reflect.DeepEqual(nodes, want[i]) {
			return fmt.Errorf("policy %d answers otherwise (%v)", i, err)
		}
		scores, err := actor.(core.Scorer).Score(t.Context(), [][]core.Node{{user("q"), nodes[0]}})
		if err != nil || !slices.Equal(scores[0], nodes[0].Logprobs) {
			return fmt.Errorf("policy %d scores otherwise (%v)", i, err)
		}
		if ids, err := template.prompt([]core.Node{user("q")}, nil); err != nil || !slices.Equal(ids, spell("^[u]q[a]")) {
			return fmt.Errorf("the template gives %v (%v)", ids, err)
		}
		tr, err := e.Trainer(t.Context(), p)
		if err != nil {
			return err
		}
		defer tr.Close()
		b := batch([]int32{1, 5, 6}, []int32{1, 7})
		if err := tr.Logprobs(t.Context(), b); err != nil || math.IsNaN(float64(b.Logprobs[0][1])) {
			return fmt.Errorf("training policy %d: %v", i, err)
		}
		return nil
	}
	var wg sync.WaitGroup
	for k := range 3 * len(policies) {
		wg.Go(func() {
			if err := one(k % len(policies)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

const story = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. " +
	"One day, she saw a big, red ball. She wanted to play with it, but it was too high.\n" +
	"Lily's mom said, \"Lily, let's go to the park.\" Lily was sad and didn't know what to do. " +
	"She said, \"I want to play with your ball, but I can't find it.\""

func TestStoriesToTheLetter(t *testing.T) {
	dir := storiesDir(t)
	e, _ := newEngine()
	p, err := e.Import(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	a := seated(t, e, p, core.Options{Temperature: heat(0), MaxTokens: 300})
	for what, path := range map[string][]core.Node{"nothing": nil, "an empty question": {user("")}, "its own start": {user("Once upon a time, there was")}} {
		nodes, err := a.Act(t.Context(), core.Request{Path: path, N: 1})
		if err != nil {
			t.Fatal(err)
		}
		want := story
		if len(path) > 0 {
			want = strings.TrimPrefix(story, path[0].Content)
		}
		if got := nodes[0].Content; !strings.HasPrefix(got, want) {
			t.Errorf("after %s the story is\n%s\nwant\n%s", what, got, want)
		}
	}
	// Stop strings count the space that continues a text.
	nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{user("Once upon a time, there was")}, N: 1, Options: core.Options{Stop: []string{" girl"}}})
	if err != nil || nodes[0].Content != " a little" || len(nodes[0].TokenIDs) != 5 { // " g", "ir", "l"
		t.Errorf("stopped at the girl: %q in %d tokens (%v)", nodes[0].Content, len(nodes[0].TokenIDs), err)
	}
	// A whole story as an answer to nothing has the tokens that the model writes.
	nodes, err = a.Act(t.Context(), core.Request{N: 1, Options: core.Options{MaxTokens: 40}})
	if err != nil {
		t.Fatal(err)
	}
	x := textOf(t, e, p)
	ids, loss, err := x.EncodePath([]core.Node{user(""), assistant(nodes[0].Content)})
	if err != nil || !slices.Equal(ids, append(append([]int32{1}, nodes[0].TokenIDs...), 2)) || loss[0] || !loss[1] {
		t.Errorf("learnt are %v, the model writes %v (%v)", ids, nodes[0].TokenIDs, err)
	}
	again, err := e.Import(t.Context(), exported(t, e, p))
	if err != nil || !reflect.DeepEqual(again, p) {
		t.Errorf("exported and imported again, %v becomes %v (%v)", p, again, err)
	}
}

package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pawl/core"
	"pawl/coretest"
	"pawl/model/openai/fakeserver"
)

func collect(text string) (all []string, err error) {
	err = events(strings.NewReader(text), func(data []byte) (bool, error) {
		all = append(all, string(data))
		return string(data) == "[DONE]", nil
	})
	return all, err
}

func TestEvents(t *testing.T) {
	for in, want := range map[string][]string{
		"":                                   nil,
		"data: a\n\n":                        {"a"},
		"data:a\r\n\r\ndata: b\n\n":          {"a", "b"},
		"data: a\ndata: b\n\n":               {"a\nb"},
		": comment\n\ndata: a\n\n":           {"a"},
		"event: x\nid: 3\ndata: a\n\n":       {"a"},
		"data: a\n\ndata: cut":               {"a", "cut"},
		"data:\n\n":                          {""},
		"\n\n\ndata: a\n\n\n":                {"a"},
		"data: [DONE]\n\ndata: after\n\n":    {"[DONE]"},
		"dataa: no\n\ndata\n\n data: no\n\n": nil,
	} {
		if got, err := collect(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %q (%v), want %q", in, got, err, want)
		}
	}
	long := strings.Repeat("x", 100<<10)
	if got, err := collect("data: " + long + "\n\n"); err != nil || len(got) != 1 || got[0] != long {
		t.Errorf("a long event: %v", err)
	}
	broken := errors.New("broken")
	if err := events(iotest.ErrReader(broken), func([]byte) (bool, error) { return false, nil }); err != broken {
		t.Errorf("a broken stream: %v", err)
	}
}

// However a stream is cut, no reader panics, and an assembly of whatever events
// gives a reply that can be read.
func FuzzStream(f *testing.F) {
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n"), uint8(3))
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]},\"finish_reason\":\"stop\"}],\"usage\":{}}\n\n"), uint8(1))
	f.Add([]byte("data: {\"choices\":[{\"text\":\"a\",\"logprobs\":{\"tokens\":[\"a\"],\"token_logprobs\":[-1],\"top_logprobs\":[{\"a\":-1}]}}]}\r\n\r\n"), uint8(7))
	f.Add([]byte(": x\n\ndata: {\"error\":{\"message\":\"no\"}}\n\n"), uint8(0))
	f.Fuzz(func(t *testing.T, text []byte, cut uint8) {
		var s assembly
		said := ""
		read := events(iotest.OneByteReader(bytes.NewReader(text)), func(data []byte) (bool, error) {
			d, err := s.add(data)
			if d != nil {
				said += d.Content
			}
			return false, err
		})
		// The same in pieces of another size reads the same.
		var again assembly
		if err := events(bytes.NewReader(text), func(data []byte) (bool, error) { _, err := again.add(data); return false, err }); (err == nil) != (read == nil) {
			t.Errorf("read byte by byte: %v, at once: %v", read, err)
		}
		if read != nil {
			return
		}
		r, err := s.reply()
		if err != nil {
			t.Fatalf("putting it together: %v", err)
		}
		if len(r.Choices) == 0 {
			return
		}
		n, err := r.Choices[0].node(r.PromptTokenIDs)
		if err != nil {
			return
		}
		if n.Content != said && strings.ToValidUTF8(n.Content, "") == n.Content {
			t.Errorf("told %q, kept %q", said, n.Content)
		}
		if _, err := json.Marshal(n); err != nil {
			t.Errorf("the node cannot be kept: %v", err)
		}
	})
}

// A reply is read or refused, and what is read can be kept and read again.
func FuzzReply(f *testing.F) {
	f.Add([]byte(`{"choices":[{"index":0,"message":{"role":"assistant","content":"a","tool_calls":null},"finish_reason":"stop","logprobs":{"content":[{"token":"a","logprob":-1,"top_logprobs":[]}]}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`))
	f.Add([]byte(`{"choices":[{"index":1,"text":"b"},{"text":"a","finish_reason":"length","token_ids":[1,2]}],"prompt_token_ids":[1]}`))
	f.Add([]byte(`{"error":"no","choices":[{}]}`))
	f.Add([]byte(`{"choices":[{"message":{"content":[{"type":"text","text":"a"}],"reasoning":"b"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseReply(text)
		if err != nil {
			return
		}
		for i := range r.Choices {
			n, err := r.Choices[i].node(r.PromptTokenIDs)
			if err != nil {
				continue
			}
			b, err := json.Marshal(n)
			var back core.Node
			if err == nil {
				err = json.Unmarshal(b, &back)
			}
			if err != nil || back.Content != n.Content && strings.ToValidUTF8(n.Content, "") == n.Content {
				t.Errorf("%+v is kept as %s: %v", n, b, err)
			}
			flaw(n, 3, 2)
		}
	})
}

// FuzzRefusal: servers say what they like when they refuse.
func FuzzRefusal(f *testing.F) {
	for _, s := range []string{`{"error":{"message":"n is too large","param":"n","code":400}}`, `{"error":"no"}`, `{"detail":[{"loc":["body","n"]}]}`, `{"object":"error","message":"m"}`, `plain`, `null`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := &StatusError{Status: 400}
		e.read(body)
		if len(e.Message) > 600 {
			t.Errorf("a message of %d bytes", len(e.Message))
		}
		l := newLearnt("http://127.0.0.1/v1", false)
		fields := map[string]any{"n": 2, "seed": 1, maxTokens: 5}
		for range 10 {
			if !l.adapt(e, fields, false) {
				return
			}
			if several, field, _ := l.know(); several == no {
				delete(fields, "n")
			} else if _, has := fields[field]; !has {
				delete(fields, maxTokens)
				fields[field] = 5
			}
			for _, f := range optional {
				if l.lacks(f) {
					delete(fields, f)
				}
			}
		}
		t.Errorf("%q is adapted to for ever", body)
	})
}

func TestStreams(t *testing.T) {
	calls := json.RawMessage(`[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\": 12345}"}},{"id":"c2","type":"function","function":{"name":"sub","arguments":"{}"}}]`)
	r := newRig(t, fakeserver.Settings{Reply: func(a fakeserver.Asked, i int) fakeserver.Answer {
		if a.Last == "call" {
			return fakeserver.Answer{ToolCalls: calls}
		}
		return fakeserver.Echo(a, i)
	}}, quick)
	var told []core.Delta
	hear := func(d core.Delta) error { told = append(told, d); return nil }
	a := r.actor(t, "", core.Options{Logprobs: true, TopLogprobs: 2})
	n, err := a.Stream(t.Context(), ask("hello"), hear)
	if err != nil {
		t.Fatal(err)
	}
	var tokens []core.Token
	for _, d := range told {
		tokens = append(tokens, d.Tokens...)
	}
	want, err := a.Tell(t.Context(), []core.Node{n}, 2)
	if err != nil || fmt.Sprint(tokens) != fmt.Sprint(want) || len(tokens) != len(n.Logprobs) || len(tokens[0].Top) != 2 || len(n.TokenIDs) != len(tokens) {
		t.Errorf("told %v, kept %v (%v)", tokens, want, err)
	}
	if _, err := a.Tell(t.Context(), []core.Node{n}, 3); err == nil {
		t.Error("more alternatives are told than there are")
	}
	// What is known is told at once, and costs nothing.
	pieces := len(told)
	told = nil
	again, err := a.Stream(t.Context(), ask("hello"), hear)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(n) || len(told) != 1 || told[0].Content != n.Content || len(r.Received()) != 1 || pieces < 3 {
		t.Errorf("again: %v, told in %d pieces", err, len(told))
	}
	told = nil
	n, err = r.actor(t, "", core.Options{}).Stream(t.Context(), ask("call"), hear)
	if err != nil || n.Finish != "tool_calls" || !sameJSON(n.Data, json.RawMessage(`{"tool_calls":`+string(calls)+`}`)) || len(told) != 6 {
		t.Errorf("calls: %s %v, told in %d pieces", n.Data, err, len(told))
	}
}

// A stream that breaks after it told something is not made again; before, it is.
func TestStreamsThatBreak(t *testing.T) {
	coretest.NoLeaks(t)
	for cut, want := range map[int]int{5: 2, 600: 1} { // bytes; calls
		r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{{Cut: cut}}}, quick)
		told := ""
		_, err := r.actor(t, "", core.Options{}).Stream(t.Context(), ask("hello"), func(d core.Delta) error { told += d.Content; return nil })
		if (err == nil) != (want == 2) || len(r.Received()) != want || err != nil && told == "" {
			t.Errorf("cut after %d bytes: %v, %d calls, told %q", cut, err, len(r.Received()), told)
		}
		r.provider.Close()
	}
	r := newRig(t, fakeserver.Settings{}, quick)
	full := errors.New("the listener has had enough")
	_, err := r.actor(t, "", core.Options{}).Stream(t.Context(), ask("hello"), func(core.Delta) error { return full })
	if !errors.Is(err, full) || len(r.Received()) != 1 {
		t.Errorf("a listener's error is %v, after %d calls", err, len(r.Received()))
	}
	r.Change(func(s *fakeserver.Settings) { s.Lacks = map[string]fakeserver.Lack{"stream": fakeserver.Ignores} })
	told := 0
	n, err := r.actor(t, "", core.Options{}).Stream(t.Context(), ask("whole"), func(core.Delta) error { told++; return nil })
	if err != nil || !strings.HasPrefix(n.Content, "you said: whole") || told != 1 {
		t.Errorf("a server that cannot stream: %+v, %v, told %d times", n, err, told)
	}
	r.provider.Close()
}

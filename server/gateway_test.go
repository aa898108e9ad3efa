package server

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pawl/server/internal/scripted"
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		code := m.Run()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if code == 0 {
			if err := goleak.Find(); err != nil {
				println(err.Error())
				return 1
			}
		}
		return code
	}())
}

// What a strategy gives beside the answer: verdict, confidence, and the accounts of
// all its calls.
func TestStrategies(t *testing.T) {
	h, _, _ := newServer(t, Options{}, "embedded", "tools", "disagrees")
	for _, c := range []struct {
		name, model, more string
		content           string
		verdict, by       string
		abstained         bool
	}{
		{"the model alone", "embedded", `"temperature":0`, "4 3 7", answered, "", false},
		{"greedy", "greedy/embedded", "", "4 3 7", answered, "", false},
		{"a vote", "majority-vote/embedded", `"seed":1`, "4 3 7", answered, "majority_vote", false},
		{"the best of several", "best-of-n/embedded", `"seed":1`, "4 3 7", answered, "best", false},
		{"a vote that ties", "majority-vote/sim:disagrees", "", withheld, abstained, "majority_vote", true},
	} {
		status, header, v := post(t, h, "/v1/chat/completions", chatBody(c.model, c.more))
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %v", c.name, status, v)
		}
		if got := at(v, "choices", 0, "message", "content"); got != c.content {
			t.Errorf("%s: the answer is %q, want %q", c.name, got, c.content)
		}
		p := v["pawl"]
		if at(p, "verdict") != c.verdict || (at(p, "by") != nil && at(p, "by") != c.by) || at(p, "abstained") != c.abstained {
			t.Errorf("%s: pawl is %v", c.name, p)
		}
		if at(p, "trace") != header.Get(headerTrace) {
			t.Errorf("%s: the trace is %v in the reply and %q in the header", c.name, at(p, "trace"), header.Get(headerTrace))
		}
	}
}

// Usage is the sum of all calls, of all choices, of a failed request too.
func TestUsageIsOfAllCalls(t *testing.T) {
	h, _, sc := newServer(t, Options{}, "says", "fails")
	calls := func(model, more string) (float64, int) {
		before := len(sc.Asked())
		_, _, v := post(t, h, "/v1/chat/completions", chatBody(model, more))
		total, _ := at(v, "usage", "total_tokens").(float64)
		return total, len(sc.Asked()) - before
	}
	for _, c := range []struct {
		model, more string
		calls       int
	}{
		{"sim:says", "", 1}, {"sim:says", `"n":3`, 3}, {"majority-vote/sim:says", "", 9}, {"majority-vote/sim:says", `"n":2`, 18}, {"greedy/sim:says", `"n":2`, 2},
	} {
		tokens, n := calls(c.model, c.more)
		if n != c.calls || tokens != float64(n*(scripted.Read+scripted.Written)) {
			t.Errorf("%s %s: %d calls and %v tokens, want %d and %d", c.model, c.more, n, tokens, c.calls, c.calls*(scripted.Read+scripted.Written))
		}
	}
	status, header, _ := post(t, h, "/v1/chat/completions", chatBody("sim:fails", ""))
	if status != http.StatusInternalServerError {
		t.Errorf("a failing upstream: status %d", status)
	}
	_, _, trace := get(t, h, "/v1/traces/"+header.Get(headerTrace))
	if got := at(trace, "usage", "prompt_tokens"); got != float64(scripted.Read) {
		t.Errorf("the trace of a failed request accounts for %v tokens read, want %d", got, scripted.Read)
	}
}

// readEvents reads a stream to its end: the data of its events, and its comments.
func readEvents(t testing.TB, url, path, body string) (data, comments []string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	lines := bufio.NewScanner(reply.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if d, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			data = append(data, d)
		}
		if strings.HasPrefix(lines.Text(), ":") {
			comments = append(comments, lines.Text())
		}
	}
	return data, comments
}

// What is streamed is what is answered whole, piece by piece where the strategy
// allows, and with signs of life where it does not.
func TestStreams(t *testing.T) {
	h, _, _ := newServer(t, Options{}, "embedded", "says")
	for _, c := range []struct {
		model  string
		pieces bool
	}{{"embedded", true}, {"greedy/embedded", true}, {"sim:says", true}, {"greedy/sim:says", true}, {"majority-vote/embedded", false}, {"best-of-n/embedded", false}} {
		more := `"seed":5`
		if c.model == "embedded" {
			more += `,"temperature":0`
		}
		_, _, whole := post(t, h, "/v1/chat/completions", chatBody(c.model, more))
		data, comments := readEvents(t, h.URL, "/v1/chat/completions", chatBody(c.model, more+`,"stream":true,"stream_options":{"include_usage":true}`))
		text, pieces, finish, usage := "", 0, "", any(nil)
		for _, d := range data {
			if d == "[DONE]" {
				continue
			}
			var v map[string]any
			if err := json.Unmarshal([]byte(d), &v); err != nil {
				t.Fatalf("%s: %q: %v", c.model, d, err)
			}
			if piece, ok := at(v, "choices", 0, "delta", "content").(string); ok && piece != "" {
				text += piece
				pieces++
			}
			if f, ok := at(v, "choices", 0, "finish_reason").(string); ok {
				finish = f
			}
			if v["usage"] != nil {
				usage = at(v, "usage", "total_tokens")
			}
		}
		if data[len(data)-1] != "[DONE]" || finish != "stop" {
			t.Errorf("%s: the stream ends with %q, finish_reason %q", c.model, data[len(data)-1], finish)
		}
		if want := at(whole, "choices", 0, "message", "content"); text != want {
			t.Errorf("%s: streamed %q, answered whole %q", c.model, text, want)
		}
		if want := at(whole, "usage", "total_tokens"); usage != want {
			t.Errorf("%s: usage %v streamed, %v whole", c.model, usage, want)
		}
		if (pieces > 1) != c.pieces || (len(comments) > 0) == c.pieces {
			t.Errorf("%s: %d pieces and %d signs of life; piece by piece: %v", c.model, pieces, len(comments), c.pieces)
		}
	}
}

// A deadline gives the best answer so far: what was said, or what most complete
// attempts say; and an error where there is nothing.
func TestDeadline(t *testing.T) {
	h, _, sc := newServer(t, Options{}, "drips", "votes-then-waits", "waits")
	for _, c := range []struct{ name, model, content, finish string }{
		{"what was said of the only attempt", "sim:drips", "drip ", "length"},
		{"the vote of the attempts that are complete", "majority-vote/sim:votes-then-waits", "#### 18", "stop"},
	} {
		status, _, v := post(t, h, "/v1/chat/completions", chatBody(c.model, ""), headerDeadline, "100ms")
		if status != http.StatusOK || at(v, "choices", 0, "message", "content") != c.content || at(v, "choices", 0, "finish_reason") != c.finish || at(v, "pawl", "cut") != "deadline" {
			t.Errorf("%s: status %d, %v", c.name, status, v)
		}
	}
	status, _, v := post(t, h, "/v1/chat/completions", chatBody("sim:waits", ""), headerDeadline, "0.05")
	if status != http.StatusGatewayTimeout || at(v, "error", "code") != "deadline_exceeded" {
		t.Errorf("nothing by the deadline: status %d, %v", status, v)
	}
	if sc.Cancelled.Load() != 2 {
		t.Errorf("%d calls were cancelled, want 2", sc.Cancelled.Load())
	}
}

// A budget gives the best answer that it pays for, and is never exceeded.
func TestBudget(t *testing.T) {
	h, _, _ := newServer(t, Options{}, "embedded", "says")
	for _, c := range []struct {
		name, model, budget string
		most                float64
		cut                 any
	}{
		{"as much as is needed", "majority-vote/sim:says", "135", 135, nil},
		{"a part of the votes", "majority-vote/sim:says", "tokens=100", 100, "budget"},
		{"a part of one call of the engine", "majority-vote/embedded", "60", 60, "budget"},
		{"a part of an answer", "embedded", "12", 12, "budget"},
	} {
		status, _, v := post(t, h, "/v1/chat/completions", chatBody(c.model, `"max_tokens":10,"temperature":0.7`), headerBudget, c.budget)
		used, _ := at(v, "usage", "total_tokens").(float64)
		if status != http.StatusOK || used > c.most || used == 0 || at(v, "pawl", "cut") != c.cut {
			t.Errorf("%s: status %d, %v tokens of %v: %v", c.name, status, used, c.most, v)
		}
	}
	status, _, v := post(t, h, "/v1/chat/completions", chatBody("embedded", ""), headerBudget, "5")
	if status != http.StatusTooManyRequests || at(v, "error", "code") != "budget_exceeded" {
		t.Errorf("a budget that does not pay for the prompt: status %d, %v", status, v)
	}
}

// A client that goes away ends the calls made for it.
func TestClientGone(t *testing.T) {
	h, _, sc := newServer(t, Options{}, "waits", "drips")
	for _, model := range []string{"sim:waits", "sim:drips"} {
		for _, stream := range []string{"false", "true"} {
			ctx, cancel := context.WithCancel(context.Background())
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL+"/v1/chat/completions", strings.NewReader(chatBody(model, `"stream":`+stream)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			before := sc.Cancelled.Load()
			done := make(chan struct{})
			go func() {
				defer close(done)
				if reply, err := http.DefaultClient.Do(r); err == nil {
					bufio.NewReader(reply.Body).ReadString(0) // until it is cancelled
					reply.Body.Close()
				}
			}()
			<-sc.Begun
			cancel()
			<-done
			for sc.Cancelled.Load() == before { // the test's own limit ends it
				time.Sleep(time.Millisecond)
			}
		}
	}
}

// An upstream that fails in the midst of a stream is an error in the stream, which
// does not end as a whole one does.
func TestFailsMidStream(t *testing.T) {
	h, _, _ := newServer(t, Options{}, "breaks", "fails")
	data, _ := readEvents(t, h.URL, "/v1/chat/completions", chatBody("sim:breaks", `"stream":true`))
	if last := data[len(data)-1]; !strings.Contains(last, `"error"`) || strings.Contains(strings.Join(data, ""), "[DONE]") {
		t.Errorf("the stream is %q", data)
	}
	if status, _, v := post(t, h, "/v1/chat/completions", chatBody("sim:fails", `"stream":true`)); status != http.StatusInternalServerError || at(v, "error", "type") != "server_error" {
		t.Errorf("what fails before anything was said: status %d, %v", status, v)
	}
}

// What fails where a model is served says so, and when to come again.
func TestUpstreamFails(t *testing.T) {
	h, _, _ := newServer(t, Options{}, "overloaded", "unreachable")
	for _, c := range []struct {
		model, code, after string
		status             int
	}{{"sim:overloaded", "upstream_overloaded", "3", 503}, {"majority-vote/sim:unreachable", "upstream_error", "", 502}} {
		status, header, v := post(t, h, "/v1/chat/completions", chatBody(c.model, ""))
		if status != c.status || at(v, "error", "code") != c.code || header.Get("Retry-After") != c.after {
			t.Errorf("%s: status %d, Retry-After %q: %v", c.model, status, header.Get("Retry-After"), v)
		}
	}
}

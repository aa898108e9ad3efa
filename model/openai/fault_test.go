package openai

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/model/openai/fakeserver"
)

// once is a payer that tries once, so that an attempt's own error is seen.
func once(r *rig) *coretest.Payer {
	r.payer.Tries = 1
	return r.payer
}

// attempt is the error of one attempt.
func attempt(t *testing.T, r *rig, ctx context.Context) *core.SendError {
	t.Helper()
	once(r)
	_, err := r.actor(t, "", core.Options{}).Act(ctx, ask("hello"))
	var e *core.SendError
	if !errors.As(err, &e) {
		t.Fatalf("the attempt gives %v", err)
	}
	return e
}

func TestWhatStatusesMean(t *testing.T) {
	for _, c := range []struct {
		fault                fakeserver.Fault
		again, slow, unknown bool
		after                time.Duration
	}{
		{fault: fakeserver.Fault{Status: 400}},
		{fault: fakeserver.Fault{Status: 401}},
		{fault: fakeserver.Fault{Status: 402}},
		{fault: fakeserver.Fault{Status: 403}},
		{fault: fakeserver.Fault{Status: 404}},
		{fault: fakeserver.Fault{Status: 413}},
		{fault: fakeserver.Fault{Status: 501}},
		{fault: fakeserver.Fault{Status: 408}, again: true},
		{fault: fakeserver.Fault{Status: 409}, again: true},
		{fault: fakeserver.Fault{Status: 429}, again: true, slow: true},
		{fault: fakeserver.Fault{Status: 429, Body: `{"error":{"message":"You have no money left","type":"insufficient_quota","code":"insufficient_quota"}}`}},
		{fault: fakeserver.Fault{Status: 429, Header: http.Header{"Retry-After": {"17"}}}, again: true, slow: true, after: 17 * time.Second},
		{fault: fakeserver.Fault{Status: 500}, again: true},
		{fault: fakeserver.Fault{Status: 502}, again: true, unknown: true},
		{fault: fakeserver.Fault{Status: 503, Header: http.Header{"Retry-After-Ms": {"1500"}}}, again: true, slow: true, after: 1500 * time.Millisecond},
		{fault: fakeserver.Fault{Status: 504}, again: true, unknown: true},
		{fault: fakeserver.Fault{Status: 529}, again: true, slow: true},
		{fault: fakeserver.Fault{Status: 302, Header: http.Header{"Location": {"http://example.com/"}}}},
		{fault: fakeserver.Fault{Status: 307, Header: http.Header{"Location": {"http://example.com/v1/chat/completions"}}}},
		{fault: fakeserver.Fault{Reset: true}, again: true, unknown: true},
		{fault: fakeserver.Fault{Cut: 30}, again: true, unknown: true},
		{fault: fakeserver.Fault{Body: "<html>busy</html>"}, again: true, unknown: true},
		{fault: fakeserver.Fault{Body: `{"choices":[]}`}, again: true},
		{fault: fakeserver.Fault{Body: `{"choices":[{"message":{"content":{}}}]}`}, again: true},
		{fault: fakeserver.Fault{Body: `{"error":{"message":"overloaded"}}`}, again: true, unknown: true},
	} {
		t.Run(fmt.Sprintf("%+v", c.fault), func(t *testing.T) {
			r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{c.fault}}, quick)
			e := attempt(t, r, t.Context())
			if e.Again != c.again || e.Slow != c.slow || e.Unknown != c.unknown || e.After != c.after {
				t.Errorf("again %v, slow %v, unknown %v, after %v; want %+v: %v", e.Again, e.Slow, e.Unknown, e.After, c, e)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String() + "/v1"
	l.Close()
	r := newRig(t, fakeserver.Settings{}, quick)
	once(r)
	m, err := r.provider.Resolve(t.Context(), "fake", base)
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.provider.Actor(t.Context(), m, "solver", core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Act(t.Context(), ask("hello"))
	var e *core.SendError
	if !errors.As(err, &e) || !e.Again || e.Unknown {
		t.Errorf("a refused connection is %+v", e)
	}
}

// Each timeout ends a call and says which it was; none of the figures is measured.
func TestTimeouts(t *testing.T) {
	const soon = 100 * time.Millisecond
	long := time.Hour
	whole := Timeouts{Connect: long, FirstByte: long, Idle: long, Total: long}
	with := func(f func(*Timeouts)) Timeouts { x := whole; f(&x); return x }
	for what, c := range map[string]struct {
		fault    fakeserver.Fault
		timeouts Timeouts
		again    bool
	}{
		"first byte": {fakeserver.Fault{Hang: true}, with(func(x *Timeouts) { x.FirstByte = soon }), true},
		"idle":       {fakeserver.Fault{Stall: 40}, with(func(x *Timeouts) { x.Idle = soon }), true},
		"total":      {fakeserver.Fault{Drip: soon / 4}, with(func(x *Timeouts) { x.Idle, x.Total = 100*soon, 4*soon }), false},
	} {
		for _, streamed := range []bool{false, true} {
			t.Run(fmt.Sprint(what, streamed), func(t *testing.T) {
				r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{c.fault}}, c.timeouts)
				once(r)
				a, err := r.actor(t, "", core.Options{}), error(nil)
				if streamed {
					_, err = a.Stream(t.Context(), ask("hello"), func(core.Delta) error { return nil })
				} else {
					_, err = a.Act(t.Context(), ask("hello"))
				}
				var late *TimeoutError
				var e *core.SendError
				if !errors.As(err, &late) || late.What != what || !errors.As(err, &e) || e.Again != c.again || !e.Unknown {
					t.Errorf("the call ends with %v: %+v", err, e)
				}
			})
		}
	}
	t.Run("connect", func(t *testing.T) {
		// A server that accepts and never completes the encryption it promises.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		w := newWire(with(func(x *Timeouts) { x.Connect = soon }))
		defer w.close()
		base := "https://" + l.Addr().String() + "/v1"
		_, err = w.post(t.Context(), base, chatPath, []byte("{}"))
		var e *core.SendError
		if !errors.As(err, &e) || !e.Again || e.Unknown {
			t.Errorf("the call ends with %v: %+v", err, e)
		}
	})
}

// Row 8: a storm of 429 is waited out by the payer, one attempt after the other;
// nothing else tries.
func TestStormOf429(t *testing.T) {
	r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{{Times: 7, Status: 429, Header: http.Header{"Retry-After": {"3"}}}}}, quick)
	var waits []time.Duration
	r.payer.Tries = 10
	r.payer.Wait = func(ctx context.Context, d time.Duration) error {
		waits = append(waits, d)
		return ctx.Err()
	}
	if _, err := r.actor(t, "", core.Options{}).Act(t.Context(), ask("hello")); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Received()); n != 8 || len(waits) != 7 {
		t.Errorf("%d calls, %d waits", n, len(waits))
	}
	for _, w := range waits {
		if w < 3*time.Second {
			t.Errorf("a wait of %v, though the server asks for 3 s", w)
		}
	}
}

// Row 13: what is no success is never found again.
func TestBadRepliesAreNotKept(t *testing.T) {
	for name, f := range map[string]fakeserver.Fault{
		"junk":      {Body: "%%%"},
		"truncated": {Body: `{"choices":[{"message":{"content":"half an ans`},
		"two":       {Body: `{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}{"choices":[]}`},
		"empty":     {Body: `{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}`},
		"null":      {Body: `{"choices":[{"message":{"content":null},"finish_reason":"stop"}]}`},
		"no end":    {Body: `{"choices":[{"message":{"content":"half an"},"finish_reason":null}]}`},
		"filtered":  {Body: `{"choices":[{"message":{"content":"half an"},"finish_reason":"content_filter"}]}`},
		"cut early": {Body: `{"choices":[{"message":{"content":"half an"},"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`},
		"none":      {Body: `{"choices":[]}`},
		"nothing":   {Body: `{}`},
		"a number":  {Body: `7`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{f}}, quick)
			once(r)
			a := r.actor(t, "", core.Options{MaxTokens: 50})
			first, err := a.Act(t.Context(), ask("hello"))
			if err == nil && strings.HasPrefix(first[0].Content, "you said") {
				t.Fatal("the bad reply was not seen")
			}
			again, err := a.Act(t.Context(), ask("hello"))
			if err != nil || !strings.HasPrefix(again[0].Content, "you said: hello") || len(r.Received()) != 2 {
				t.Errorf("asked again: %v, %v; %d calls", again, err, len(r.Received()))
			}
		})
	}
}

// An answer that ends at the limit that was asked for is whole, and kept.
func TestAskedLimitIsKept(t *testing.T) {
	r := newRig(t, fakeserver.Settings{}, quick)
	a := r.actor(t, "", core.Options{MaxTokens: 2})
	for range 2 {
		nodes, err := a.Act(t.Context(), ask("hello"))
		if err != nil || nodes[0].Finish != "length" || nodes[0].Content != "you said:" {
			t.Errorf("%+v, %v", nodes, err)
		}
	}
	if n := len(r.Received()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// Row 14: a thousand identical calls at once are sent once.
func TestIdenticalCalls(t *testing.T) {
	r := newRig(t, fakeserver.Settings{}, quick)
	a := r.actor(t, "", heat(1))
	var wg sync.WaitGroup
	texts := make([]string, 1000)
	for i := range texts {
		wg.Go(func() {
			if nodes, err := a.Act(t.Context(), ask("hello")); err != nil {
				t.Error(err)
			} else {
				texts[i] = nodes[0].Content
			}
		})
	}
	wg.Wait()
	for _, s := range texts {
		if s != texts[0] {
			t.Errorf("%q and %q", s, texts[0])
		}
	}
	if n := len(r.Received()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// A caller that goes ends the call at the server, and the attempt is accounted for
// as one of unknown cost.
func TestCancelled(t *testing.T) {
	coretest.NoLeaks(t)
	r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{{Hang: true}}}, quick)
	var calls []core.CallRecord
	ctx, cancel := context.WithCancel(core.WithCalls(t.Context(), func(c core.CallRecord) { calls = append(calls, c) }))
	go func() {
		for len(r.Received()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := r.actor(t, "", core.Options{MaxTokens: 10}).Act(ctx, ask("hello"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call gives %v", err)
	}
	if len(calls) != 1 || calls[0].Unknown != 1 || calls[0].Usage.CompletionTokens != 10 || calls[0].Attempts != 1 {
		t.Errorf("it is told as %+v", calls)
	}
	for gone := 0; gone == 0; _, gone, _ = r.Counts() {
		time.Sleep(time.Millisecond) // the server learns of it in its own time
	}
	r.provider.Close()
}

// A refusal that all would meet ends a batch.
func TestBatchWithoutAKey(t *testing.T) {
	r := newRig(t, fakeserver.Settings{Key: "sk-right"}, quick)
	t.Setenv("OPENAI_API_KEY", "sk-wrong")
	var rs []core.Request
	for i := range 5 {
		rs = append(rs, ask(fmt.Sprint(i)))
	}
	_, err := r.actor(t, "", core.Options{}).ActBatch(t.Context(), rs)
	var s *StatusError
	if !errors.As(err, &s) || s.Status != 401 || strings.Contains(err.Error(), "sk-wrong") {
		t.Errorf("without a key: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after, date, ms string
		want            time.Duration
	}{
		{"5", "", "", 5 * time.Second}, {" 0.25 ", "", "", 250 * time.Millisecond}, {"0", "", "", 0}, {"-3", "", "", 0}, {"soon", "", "", 0}, {"", "", "", 0},
		{"NaN", "", "", 0}, {"1e300", "", "", longestWait}, {"Inf", "", "", longestWait}, {"99999999999999999999", "", "", longestWait},
		{"Fri, 01 May 2026 12:00:30 GMT", "", "", 30 * time.Second}, {"Fri, 01 May 2026 11:00:00 GMT", "", "", 0},
		{"Fri, 01 May 2026 13:00:10 GMT", "Fri, 01 May 2026 13:00:00 GMT", "", 10 * time.Second}, // the server's clock is wrong
		{"Fri, 01 May 9999 12:00:00 GMT", "", "", longestWait},
		{"9", "", "20", 20 * time.Millisecond},
	} {
		h := http.Header{}
		for k, v := range map[string]string{"Retry-After": c.after, "Date": c.date, "Retry-After-Ms": c.ms} {
			if v != "" {
				h.Set(k, v)
			}
		}
		if got := retryAfter(h, now); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

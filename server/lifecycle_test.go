package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A server that is to end finishes what is at work, or cuts it off; it takes nothing
// new.
func TestDrains(t *testing.T) {
	_, s, sc := newServer(t, Options{}, "waits")
	l, err := Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l, 50*time.Millisecond) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply := make(chan string, 1)
	go func() {
		r, err := client.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(chatBody("sim:waits", "")))
		if err != nil {
			reply <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		reply <- r.Status + " " + string(b)
	}()
	<-sc.Begun
	cancel()
	if got := <-reply; !strings.HasPrefix(got, "503") || !strings.Contains(got, "shutting_down") {
		t.Errorf("what was at work too long: %s", got)
	}
	if err := <-served; err != nil {
		t.Errorf("serving ends with %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the server still listens")
	}
	if sc.Cancelled.Load() != 1 {
		t.Error("the call behind the request was not cancelled")
	}
}

// Spans go to the collector that the environment names, and say nothing of what was
// asked.
func TestSpans(t *testing.T) {
	got := make(chan string, 16)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- r.URL.Path + " " + string(b)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
	h, s, _ := newServer(t, Options{}, "says")
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	post(t, h, "/v1/chat/completions", chatBody("greedy/sim:says", ""), "Traceparent", "00-"+parent+"-00f067aa0ba902b7-01")
	if err := s.tracing.close(); err != nil {
		t.Fatal(err)
	}
	s.tracing.provider = nil // it is closed
	body := <-got
	for _, want := range []string{"/v1/traces ", "call solver", "gen_ai.usage.input_tokens", "pawl.recipe", "greedy", "\x4b\xf9\x2f\x35"} {
		if !strings.Contains(body, want) {
			t.Errorf("the spans lack %q: %q", want, body)
		}
	}
	for _, secret := range []string{"add 3 4", "sunny"} {
		if strings.Contains(body, secret) {
			t.Errorf("the spans say %q", secret)
		}
	}
}

// The page that shows traces holds nothing of them: it is static, may run its own
// script alone, and that script has no way to make markup of a text.
func TestPageIsInert(t *testing.T) {
	h, _, sc := newServer(t, Options{}, "says")
	const hostile = `<img src=x onerror=alert(1)></script><script>alert(2)</script>`
	sc.Say = hostile
	_, header, _ := post(t, h, "/v1/chat/completions", chatBody("sim:says", ""))
	id := header.Get(headerTrace)
	_, traced, v := get(t, h, "/v1/traces/"+id)
	if at(v, "answers", 0, "nodes", 0, "children", 0, "content") != hostile {
		t.Errorf("the trace does not say what the model said: %v", v)
	}
	if traced.Get("Content-Type") != "application/json" || traced.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the trace could be taken for a page: %v", traced)
	}
	pages := map[string]string{}
	for _, path := range []string{"/traces", "/traces/" + id, "/traces/" + "%3Cscript%3E", "/page/traces.js", "/page/traces.css"} {
		reply, err := http.Get(h.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		pages[path] = readAll(t, reply)
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(reply.Header.Get("Content-Security-Policy"), part) {
				t.Errorf("%s: the content security policy lacks %s: %s", path, part, reply.Header.Get("Content-Security-Policy"))
			}
		}
		if strings.Contains(pages[path], "onerror") || strings.Contains(pages[path], id) {
			t.Errorf("%s holds what the trace says", path)
		}
	}
	if pages["/traces"] != pages["/traces/"+id] {
		t.Error("the page depends on the trace")
	}
	if strings.Count(pages["/traces"], "<script") != 1 || !strings.Contains(pages["/traces"], `<script src="/page/traces.js" defer></script>`) {
		t.Error("the page has a script of its own in it")
	}
	for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "setAttribute", "srcdoc", "javascript:"} {
		if strings.Contains(pages["/page/traces.js"], sink) {
			t.Errorf("the script uses %s", sink)
		}
	}
}

// A stream whose client does not read does not hold up others, nor the model.
func TestSlowReader(t *testing.T) {
	h, _, _ := newServer(t, Options{}, "embedded")
	r, err := http.Post(h.URL+"/v1/chat/completions", "application/json", strings.NewReader(chatBody("embedded", `"stream":true`)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if status, _, v := post(t, h, "/v1/chat/completions", chatBody("embedded", `"temperature":0`)); status != 200 || at(v, "choices", 0, "message", "content") != "4 3 7" {
		t.Errorf("beside a stream that nobody reads: status %d, %v", status, v)
	}
}

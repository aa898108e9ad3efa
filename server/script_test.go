package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pawl"
	"pawl/server/internal/scripted"
)

// newServer serves models on loopback: "embedded" and a script for each other name.
func newServer(t testing.TB, o Options, names ...string) (*httptest.Server, *Server, *scripted.Models) {
	t.Helper()
	p, err := pawl.Open(pawl.Options{Dir: t.TempDir(), Recipes: t.TempDir(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	sc := scripted.New()
	p.Provide(pawl.ModelSim, sc)
	for _, name := range names {
		text := "sim:" + name
		if name == "embedded" {
			text = name
		}
		m, err := pawl.ParseModel(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Models = append(o.Models, m)
	}
	s, err := New(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		h.Close()
		if err := errors.Join(s.Close(), p.Close()); err != nil {
			t.Error(err)
		}
	})
	return h, s, sc
}

// logged is a log that is read afterwards.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newLog() (*logged, *slog.Logger) {
	l := &logged{}
	return l, slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// post sends a request and gives status, headers and the reply as JSON.
func post(t testing.TB, h *httptest.Server, path, body string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return send(t, r, headers...)
}

func get(t testing.TB, h *httptest.Server, path string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, h.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, r, headers...)
}

func send(t testing.TB, r *http.Request, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var v map[string]any
	if err := json.NewDecoder(reply.Body).Decode(&v); err != nil {
		t.Fatalf("%s %s: status %d: the reply is no JSON: %v", r.Method, r.URL.Path, reply.StatusCode, err)
	}
	return reply.StatusCode, reply.Header, v
}

// at finds a value by keys and indices.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func chatBody(model string, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"model":"` + model + `","messages":[{"role":"user","content":"add 3 4"}]` + more + `}`
}

// gateway is a server under test with its scripts.
type gateway struct {
	h  *httptest.Server
	s  *Server
	sc *scripted.Models
}

// requestFor is the smallest request of an endpoint.
func requestFor(path, model, more string) string {
	if more != "" {
		more = "," + more
	}
	switch path {
	case "/v1/completions":
		return `{"model":"` + model + `","prompt":"add 3 4"` + more + `}`
	case "/v1/responses":
		return `{"model":"` + model + `","input":"add 3 4"` + more + `}`
	case "/v1/messages":
		return `{"model":"` + model + `","max_tokens":20,"messages":[{"role":"user","content":"add 3 4"}]` + more + `}`
	}
	return `{"model":"` + model + `","messages":[{"role":"user","content":"add 3 4"}]` + more + `}`
}

func readAll(t testing.TB, reply *http.Response) string {
	t.Helper()
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// newTrap is a server that must never be asked.
func newTrap(t testing.TB, asked chan<- string) string {
	h := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	t.Cleanup(h.Close)
	return h.URL
}

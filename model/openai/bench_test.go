package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"pawl/core"
)

// still is a payer that only sends: what a call costs is then the client's.
type still struct{}

func (still) Pay(ctx context.Context, c core.Purchase, send core.Send) ([]core.Bought, error) {
	sent, err := send(ctx, []int{0})
	if err != nil {
		return nil, err
	}
	return []core.Bought{{Content: sent.Results[0].Content}}, nil
}

// BenchmarkCall is a call of the actor beside one that Go's own client makes with
// the same bodies, on loopback; the server's share is in both.
func BenchmarkCall(b *testing.B) {
	reply := []byte(`{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"four"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1}}`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Write(reply)
	}))
	defer s.Close()
	p := New(Options{Payer: still{}})
	defer p.Close()
	m, err := p.Resolve(b.Context(), "m", s.URL)
	if err != nil {
		b.Fatal(err)
	}
	a, err := p.actor(m, "solver", heat(1))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("actor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.Act(b.Context(), ask("What is 2 + 2?")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		fields, err := a.fields(b.Context(), ask("What is 2 + 2?"), 0, 1, false)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			body, err := json.Marshal(fields)
			if err != nil {
				b.Fatal(err)
			}
			resp, err := http.Post(s.URL+"/v1/chat/completions", "application/json", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			var v any
			if err != nil || json.Unmarshal(text, &v) != nil {
				b.Fatal(err)
			}
		}
	})
}

package server

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkAdded sets a request to the gateway, whose model answers at once, beside
// one to a handler that says the same from memory, alone and behind a plain reverse
// proxy: what the gateway adds is the difference. Quantiles are of single requests,
// one at a time on a connection that is kept.
func BenchmarkAdded(b *testing.B) {
	h, _, _ := newServer(b, Options{}, "says")
	status, _, _ := post(b, h, "/v1/chat/completions", chatBody("sim:says", ""))
	if status != 200 {
		b.Fatalf("status %d", status)
	}
	fixed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"It is sunny."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`)
	}))
	defer fixed.Close()
	to, err := url.Parse(fixed.URL)
	if err != nil {
		b.Fatal(err)
	}
	proxy := httptest.NewServer(httputil.NewSingleHostReverseProxy(to))
	defer proxy.Close()
	for _, c := range []struct{ name, url, model string }{
		{"handler", fixed.URL, "sim:says"}, {"proxy", proxy.URL, "sim:says"}, {"gateway", h.URL, "sim:says"}, {"gateway-vote-of-9", h.URL, "majority-vote/sim:says"},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := chatBody(c.model, "")
			var took []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				began := time.Now()
				r, err := http.Post(c.url+"/v1/chat/completions", "application/json", strings.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
		})
	}
}

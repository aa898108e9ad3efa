package server

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// Row 37: a real browser shows what hostile models and clients wrote as the text that
// it is: none of it runs, and nothing is asked for on its behalf.
func TestPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds to start; TestPageIsInert looks at the page itself")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not there; scripts/setup installs it")
	}
	_, s, sc := newServer(t, Options{}, "says")
	var mu sync.Mutex
	asked := map[string]bool{}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path] = true
		mu.Unlock()
		s.Handler().ServeHTTP(w, r)
	}))
	defer h.Close()
	for _, hostile := range []string{
		`<script>fetch("/pwned")</script>`, `<img src="/pwned" onerror="fetch('/pwned')">`, `<svg/onload=fetch("/pwned")>`,
		`</pre></li><iframe src="javascript:fetch('/pwned')"></iframe>`, `<a href="javascript:fetch('/pwned')" autofocus onfocus="fetch('/pwned')">x</a>`,
		`<style>@import "/pwned";</style>`, "{{constructor.constructor('fetch(`/pwned`)')()}}", `<base href="/pwned/"><link rel=stylesheet href=/pwned>`,
	} {
		sc.Say = hostile
		body := strings.Replace(chatBody("majority-vote/sim:says", ""), `"add 3 4"`, jsonText(hostile), 1)
		_, header, _ := post(t, h, "/v1/chat/completions", body)
		out, err := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=3000", "--dump-dom", h.URL+"/traces/"+header.Get(headerTrace)).Output()
		if err != nil {
			t.Fatalf("starting the browser: %v", err)
		}
		// The model's nine attempts and the question, each as text.
		escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(hostile)
		if n := strings.Count(string(out), "<pre>"+escaped+"</pre>"); n != 10 {
			t.Errorf("%s stands %d times in the page as text, want 10:\n%s", hostile, n, out)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for path := range asked {
		if strings.Contains(path, "pwned") {
			t.Errorf("the browser asked for %s", path)
		}
	}
	if !asked["/page/traces.js"] {
		t.Error("the page's own script was not asked for, so that nothing was tried")
	}
}

func jsonText(s string) string { return string(marshal(s)) }

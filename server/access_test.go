package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pawl"
)

// keyed serves with a file of keys for the given names.
func keyed(t testing.TB, o Options, keys []Key, models ...string) (*gateway, string, map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	secrets := map[string]string{}
	for _, k := range keys {
		secret, _, err := AddKey(path, k)
		if err != nil {
			t.Fatal(err)
		}
		secrets[k.Name] = secret
	}
	var err error
	if o.Keys, err = OpenKeys(path); err != nil {
		t.Fatal(err)
	}
	h, s, sc := newServer(t, o, models...)
	return &gateway{h, s, sc}, path, secrets
}

// Row 34 of the fault table: who has no key in force is never let in, and the file
// holds no key.
func TestKeys(t *testing.T) {
	g, path, secrets := keyed(t, Options{}, []Key{{Name: "ann"}, {Name: "ben"}}, "says")
	if _, err := RevokeKey(path, "ben"); err != nil {
		t.Fatal(err)
	}
	ann := secrets["ann"]
	for _, c := range []struct {
		name, header, value string
		status              int
	}{
		{"a key", "Authorization", "Bearer " + ann, 200},
		{"a key as Anthropic's clients send it", "X-Api-Key", ann, 200},
		{"none", "X-Nothing", "x", 401},
		{"an empty one", "Authorization", "Bearer ", 401},
		{"another scheme", "Authorization", "Basic " + ann, 401},
		{"a key that was revoked while the server ran", "Authorization", "Bearer " + secrets["ben"], 403},
		{"one letter less", "Authorization", "Bearer " + ann[:len(ann)-1], 401},
		{"one letter more", "Authorization", "Bearer " + ann + "A", 401},
		{"in capitals", "Authorization", "Bearer " + strings.ToUpper(ann), 401},
		{"a long one", "Authorization", "Bearer " + strings.Repeat("x", 40000), 401},
		{"its hash", "Authorization", "Bearer " + fmt.Sprintf("%x", hashOf(ann)), 401},
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages"} {
			status, _, v := post(t, g.h, path, requestFor(path, "sim:says", ""), c.header, c.value)
			if status != c.status {
				t.Errorf("%s, %s: status %d, want %d: %v", path, c.name, status, c.status, v)
			}
			if path == "/v1/messages" && status != 200 && at(v, "type") != "error" {
				t.Errorf("%s: the error is not in Anthropic's shape: %v", c.name, v)
			}
		}
		for _, path := range []string{"/v1/models", "/v1/traces"} {
			if status, _, _ := get(t, g.h, path, c.header, c.value); status != c.status {
				t.Errorf("GET %s, %s: status %d, want %d", path, c.name, status, c.status)
			}
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range secrets {
		if strings.Contains(string(raw), secret) || strings.Contains(string(raw), strings.TrimPrefix(secret, keyPrefix)) {
			t.Errorf("the file of keys holds the key of %s", name)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the file of keys: %v", info.Mode())
	}
}

// FuzzAdmission lets nobody in by a key that was not given out.
func FuzzAdmission(f *testing.F) {
	path := filepath.Join(f.TempDir(), "keys.json")
	secret, _, err := AddKey(path, Key{Name: "ann"})
	if err != nil {
		f.Fatal(err)
	}
	keys, err := OpenKeys(path)
	if err != nil {
		f.Fatal(err)
	}
	s := &Server{keys: keys}
	f.Add("Bearer "+secret[:20], "")
	f.Add("", secret+"\x00")
	f.Add("bearer "+secret, " "+secret)
	f.Fuzz(func(t *testing.T, authorization, apiKey string) {
		r := &http.Request{Header: http.Header{"Authorization": {authorization}, "X-Api-Key": {apiKey}}}
		who, bad := s.admit(r)
		given := apiKey == secret || strings.TrimSpace(strings.TrimPrefix(authorization, "Bearer ")) == secret && strings.HasPrefix(authorization, "Bearer ")
		if (bad == nil) != given && bad == nil || who != nil && bad != nil {
			t.Errorf("Authorization %q, X-Api-Key %q were let in", authorization, apiKey)
		}
	})
}

// Row 35: one key sees nothing of another's.
func TestIsolation(t *testing.T) {
	g, _, secrets := keyed(t, Options{}, []Key{{Name: "ann"}, {Name: "ben"}}, "says")
	_, header, _ := post(t, g.h, "/v1/chat/completions", chatBody("sim:says", ""), "Authorization", "Bearer "+secrets["ann"])
	id := header.Get(headerTrace)
	for name, want := range map[string]int{"ann": 200, "ben": 404} {
		if status, _, _ := get(t, g.h, "/v1/traces/"+id, "Authorization", "Bearer "+secrets[name]); status != want {
			t.Errorf("%s asks for the trace of ann: status %d, want %d", name, status, want)
		}
		_, _, list := get(t, g.h, "/v1/traces", "Authorization", "Bearer "+secrets[name])
		if n := len(at(list, "traces").([]any)); (n == 1) != (name == "ann") {
			t.Errorf("%s sees %d traces", name, n)
		}
	}
}

// Row 36: a thousand requests at once never spend more than the key has, and what was
// spent is known after a restart.
func TestBudgetRace(t *testing.T) {
	const callers, each, most = 1000, 15, 3000 // tokens: 200 answers
	g, path, secrets := keyed(t, Options{AtOnce: callers}, []Key{{Name: "ann", Limits: pawl.Limits{Tokens: most}}}, "says")
	var mu sync.Mutex
	counts := map[int]int{}
	var wg sync.WaitGroup
	room := make(chan struct{}, 100) // open connections
	for range callers {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			status, _, v := post(t, g.h, "/v1/chat/completions", chatBody("sim:says", ""), "Authorization", "Bearer "+secrets["ann"])
			mu.Lock()
			defer mu.Unlock()
			counts[status]++
			if status != 200 && at(v, "error", "code") != "budget_exceeded" {
				t.Errorf("status %d: %v", status, v)
			}
		})
	}
	wg.Wait()
	if counts[200] != most/each || counts[200]+counts[429] != callers {
		t.Errorf("replies by status: %v; want %d answers and no others", counts, most/each)
	}
	if spent := len(g.sc.Asked()) * each; spent > most {
		t.Errorf("%d tokens were spent of %d", spent, most)
	}
	// A crash, which writes nothing more: the file is ahead of what was spent.
	again, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	who, bad := again.find(secrets["ann"])
	if bad != nil || who.purse.Left() != 0 {
		t.Errorf("after a crash the key has %d tokens left, want none", who.purse.Left())
	}
}

// A rate is kept, and the answer says when to come again.
func TestRate(t *testing.T) {
	g, _, secrets := keyed(t, Options{}, []Key{{Name: "ann", Rate: 2}}, "says")
	for i, want := range []int{200, 200, 429} {
		status, header, v := post(t, g.h, "/v1/chat/completions", chatBody("sim:says", ""), "Authorization", "Bearer "+secrets["ann"])
		if status != want {
			t.Errorf("request %d: status %d, want %d: %v", i+1, status, want, v)
		}
		if status == 429 && (header.Get("Retry-After") == "" || at(v, "error", "code") != "rate_limit_exceeded") {
			t.Errorf("request %d: Retry-After %q, %v", i+1, header.Get("Retry-After"), v)
		}
	}
}

// Row 37: what a page of another site can make a browser send is refused.
func TestOrigins(t *testing.T) {
	h, _, _ := newServer(t, Options{Hosts: []string{"box.lan"}}, "says")
	host := strings.TrimPrefix(h.URL, "http://")
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"this machine", nil, 200},
		{"by its name", []string{"Host", "localhost:1"}, 200},
		{"by a name that was allowed", []string{"Host", "BOX.lan:8080"}, 200},
		{"a name that was made to point here", []string{"Host", "evil.example"}, 403},
		{"an address that was", []string{"Host", "192.0.2.1:8080"}, 403},
		{"a name that begins like an allowed one", []string{"Host", "localhost.evil.example"}, 403},
		{"a page of this server", []string{"Origin", "http://" + host}, 200},
		{"a page of another site", []string{"Origin", "https://evil.example"}, 403},
		{"a page without origin", []string{"Origin", "null"}, 403},
		{"a form", []string{"Content-Type", "text/plain"}, 415},
		{"another form", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
	} {
		if status, _, v := post(t, h, "/v1/chat/completions", chatBody("sim:says", ""), c.headers...); status != c.status {
			t.Errorf("%s: status %d, want %d: %v", c.name, status, c.status, v)
		}
	}
	if status, _, _ := get(t, h, "/v1/traces", "Host", "evil.example"); status != 403 {
		t.Errorf("traces by a name that was made to point here: status %d", status)
	}
	for _, path := range []string{"/page/../keys.go", "/page/%2e%2e/%2e%2e/etc/passwd", "/traces/../../etc/passwd", "/v1/traces/..%2f..%2fetc"} {
		if status, _, _ := get(t, h, path); status == 200 {
			t.Errorf("GET %s is served", path)
		}
	}
}

// Row 38: no key and nothing that was asked or answered reaches logs, metrics or files.
func TestSecretsStayOut(t *testing.T) {
	lines, log := newLog()
	g, path, secrets := keyed(t, Options{Log: log}, []Key{{Name: "ann", Limits: pawl.Limits{Tokens: 100_000}}}, "says", "fails")
	const canary = "canary-7f3a9"
	g.sc.Say = "answer " + canary
	auth := "Bearer " + secrets["ann"]
	for _, body := range []string{
		chatBody("sim:says", `"user":"`+canary+`"`), chatBody("sim:fails", ""), chatBody("sim:"+canary, ""), `{"model":"sim:says","messages":"` + canary + `"}`,
		chatBody("sim:says", `"stream":true`), chatBody("sim:says", `"tools":[{"type":"`+canary+`","function":3}]`), canary,
	} {
		body = strings.ReplaceAll(body, "add 3 4", canary)
		r, _ := http.NewRequest(http.MethodPost, g.h.URL+"/v1/chat/completions", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", auth)
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
	}
	r, _ := http.NewRequest(http.MethodGet, g.h.URL+"/metrics", nil)
	r.Header.Set("Authorization", auth)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var metrics strings.Builder
	if _, err := fmt.Fprint(&metrics, readAll(t, reply)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(metrics.String(), `pawl_requests_total{api="/v1/chat/completions",model="sim:says",recipe="",status="200"}`) {
		t.Errorf("metrics do not count requests:\n%s", metrics.String())
	}
	if err := g.s.keys.Close(); err != nil {
		t.Fatal(err)
	}
	where := map[string]string{"the log": lines.String(), "metrics": metrics.String()}
	err = filepath.WalkDir(filepath.Dir(path), func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			raw, _ := os.ReadFile(file)
			where[filepath.Base(file)] = string(raw)
		}
		return err
	})
	if err != nil || len(where) < 4 || !strings.Contains(lines.String(), "key=ann") {
		t.Fatalf("looked at %d places, %v; the log: %s", len(where), err, lines)
	}
	for name, text := range where {
		for _, secret := range []string{secrets["ann"], strings.TrimPrefix(secrets["ann"], keyPrefix), canary} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q:\n%s", name, secret, text)
			}
		}
	}
}

// Row 39: nothing that a client says makes the server ask another one.
func TestNoForgedRequests(t *testing.T) {
	h, _, _ := newServer(t, Options{}, "says")
	asked := make(chan string, 16)
	trap := newTrap(t, asked)
	for _, model := range []string{
		"openai:gpt@" + trap, trap + "/sim:says", "../../etc/passwd/sim:says", "file:///etc/passwd/sim:says", "http://169.254.169.254/latest/sim:says", "embedded:/etc", "replay:/etc/passwd", "run",
	} {
		quoted, _ := json.Marshal(model)
		body := `{"model":` + string(quoted) + `,"base_url":"` + trap + `","messages":[{"role":"user","content":"x"}]}`
		if status, _, v := post(t, h, "/v1/chat/completions", body); status != 404 {
			t.Errorf("model %s: status %d: %v", model, status, v)
		}
		if status, _, v := post(t, h, "/v1/chat/completions", chatBody("sim:says", ""), headerRecipe, model); status != 404 {
			t.Errorf("recipe %s: status %d: %v", model, status, v)
		}
	}
	image := `{"model":"sim:says","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + trap + `"}}]}]}`
	if status, _, v := post(t, h, "/v1/chat/completions", image); status != 200 { // it passes to who serves the model
		t.Errorf("an image: status %d: %v", status, v)
	}
	select {
	case path := <-asked:
		t.Errorf("the trap was asked for %s", path)
	default:
	}
}

// Others than this machine are served with keys alone.
func TestListen(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0", "nonsense"} {
		if l, err := Listen(addr, nil); err == nil || !pawl.IsInput(err) {
			if err == nil {
				l.Close()
			}
			t.Errorf("%s without keys: %v", addr, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0"} {
		l, err := Listen(addr, nil)
		if err != nil {
			t.Fatalf("%s: %v", addr, err)
		}
		l.Close()
	}
	l, err := Listen("0.0.0.0:0", &Keys{})
	if err != nil {
		t.Fatalf("all addresses, with keys: %v", err)
	}
	l.Close()
}

// Requests beyond the limits are refused before they cost anything, and answers end
// in time.
func TestLimits(t *testing.T) {
	h, _, sc := newServer(t, Options{Body: 1000, AtOnce: 1}, "says", "waits")
	status, _, v := post(t, h, "/v1/chat/completions", chatBody("sim:says", `"user":"`+strings.Repeat("x", 2000)+`"`))
	if status != 413 || at(v, "error", "code") != "request_too_large" || len(sc.Asked()) != 0 {
		t.Errorf("a large body: status %d, %v, %d calls", status, v, len(sc.Asked()))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, h.URL+"/v1/chat/completions", strings.NewReader(chatBody("sim:waits", "")))
		r.Header.Set("Content-Type", "application/json")
		if reply, err := http.DefaultClient.Do(r); err == nil {
			reply.Body.Close()
		}
	}()
	<-sc.Begun
	if status, header, v := post(t, h, "/v1/chat/completions", chatBody("sim:says", "")); status != 503 || header.Get("Retry-After") == "" || at(v, "error", "code") != "overloaded" {
		t.Errorf("one request too many: status %d, %v", status, v)
	}
	cancel()
	<-done

	h, _, _ = newServer(t, Options{Time: 20 * time.Millisecond}, "waits")
	if status, _, v := post(t, h, "/v1/chat/completions", chatBody("sim:waits", "")); status != 504 || at(v, "error", "code") != "timeout" {
		t.Errorf("an answer that takes too long: status %d, %v", status, v)
	}
}

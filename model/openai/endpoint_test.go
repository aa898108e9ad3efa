package openai

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"pawl/core"
	"pawl/model/openai/fakeserver"
)

func TestBaseURLs(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:8000":                   "http://127.0.0.1:8000/v1",
		"http://127.0.0.1:8000/v1/":               "http://127.0.0.1:8000/v1",
		"HTTPS://API.Example.COM:443/openai/v1":   "https://api.example.com/openai/v1",
		"http://localhost:80/v1/chat/completions": "http://localhost/v1",
		"http://[::1]:8000/v1/completions":        "http://[::1]:8000/v1 plain",
		"http://10.0.0.7:8000/v1":                 "http://10.0.0.7:8000/v1", // a network of one's own
		"":                                        "only http",
		"file:///etc/passwd":                      "only http",
		"gopher://example.com/":                   "only http",
		"//example.com/v1":                        "only http",
		"http://":                                 "no host",
		"http://me:secret@example.com/v1":         "credentials",
		"http://secret@example.com/v1":            "credentials",
		"https://example.com/v1?api-key=secret":   "query",
		"https://example.com/v1#secret":           "query",
		"http://169.254.169.254/latest/meta-data": "no model is asked there",
		"http://[fe80::1]/v1":                     "no model is asked there",
		"http://[::ffff:169.254.169.254]/v1":      "no model is asked there",
		"http://metadata.google.internal./v1":     "secrets",
		"http://METADATA/v1":                      "secrets",
		"http://[fd00:ec2::254]/v1":               "secrets",
		"http://0.0.0.0:8000/v1":                  "nobody's",
		"http://[::]:8000/v1":                     "nobody's",
		"http://224.0.0.1/v1":                     "no model is asked there",
		"http://secret\x7f@[":                     "no URL",
	} {
		base, plain, err := parseBase(in)
		got := base
		if plain {
			got += " plain"
		}
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != want || err != nil && !strings.Contains(got, want) || err != nil && strings.Contains(got, "secret") && !strings.Contains(want, "secrets") {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// Row 39: a name that leads somewhere else than it says is not followed there.
func TestAddressesBehindNames(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.216.34": true, "10.1.2.3": true, "2606:2800:220:1::1": true,
		"127.0.0.1": false, "::1": false, "169.254.169.254": false, "::ffff:169.254.169.254": false, "fe80::1": false, "0.0.0.0": false, "100.100.100.200": false,
	} {
		if err := allowedAddress(netip.MustParseAddr(text), false); (err == nil) != want {
			t.Errorf("%s behind a name: %v", text, err)
		}
	}
	hit := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer inside.Close()
	dial := guardedDial(quick.Connect)
	port := inside.URL[strings.LastIndex(inside.URL, ":")+1:]
	// Numbers that resolvers take for addresses.
	for _, host := range []string{"2130706433", "0x7f000001", "127.1"} {
		if c, err := dial(t.Context(), "tcp", host+":"+port); err == nil {
			c.Close()
			t.Errorf("%s is reached", host)
		}
	}
	if hit {
		t.Error("the server was asked")
	}
}

// A redirect to another host gets neither key nor prompt.
func TestRedirects(t *testing.T) {
	t.Setenv("PAWL_API_KEY", "sk-canary")
	reached := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{{Status: status, Header: http.Header{"Location": {other.URL + "/v1/chat/completions"}}}}}, quick)
		if e := attempt(t, r, t.Context()); e.Again || !strings.Contains(e.Error(), "redirects elsewhere") {
			t.Errorf("%d: %v", status, e)
		}
	}
	if reached > 0 {
		t.Errorf("the other host was asked %d times", reached)
	}
	r := newRig(t, fakeserver.Settings{Faults: []fakeserver.Fault{{Status: 307, Header: http.Header{"Location": {"/v1/chat/completions"}}}}}, quick)
	if nodes, err := r.actor(t, "", core.Options{}).Act(t.Context(), ask("hello")); err != nil || !strings.HasPrefix(nodes[0].Content, "you said: hello") {
		t.Errorf("within the host: %v", err)
	}
}

// Row 38: the key is in the header and nowhere else.
func TestKeysOfServers(t *testing.T) {
	r := newRig(t, fakeserver.Settings{}, quick)
	one := KeyVariable(r.Base())
	if !strings.HasPrefix(one, "PAWL_API_KEY_127_0_0_1_") || KeyVariable(DefaultBaseURL) != "PAWL_API_KEY_API_OPENAI_COM" {
		t.Errorf("the variable is %s", one)
	}
	for i, c := range []struct{ own, ours, theirs, want string }{
		{"", "", "", ""}, {"", "", "sk-3", "Bearer sk-3"}, {"", "sk-2", "sk-3", "Bearer sk-2"}, {"sk-1", "sk-2", "sk-3", "Bearer sk-1"}, {" sk-1\n", "", "", "Bearer sk-1"},
	} {
		t.Setenv(one, c.own)
		t.Setenv("PAWL_API_KEY", c.ours)
		t.Setenv("OPENAI_API_KEY", c.theirs)
		var told []core.CallRecord
		req := ask(fmt.Sprint("hello ", i))
		ctx := core.WithCalls(t.Context(), func(c core.CallRecord) { told = append(told, c) })
		if _, err := r.actor(t, "", core.Options{}).Act(ctx, req); err != nil {
			t.Fatal(err)
		}
		all := r.Received()
		if got := all[len(all)-1].Header.Get("Authorization"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
		if len(told) != 1 || strings.Contains(fmt.Sprintf("%+v", told[0].Nodes), "sk-") || strings.Contains(told[0].Model, "sk-") {
			t.Errorf("told is %+v", told)
		}
	}
	t.Setenv(one, "sk\ncanary")
	once(r)
	_, err := r.actor(t, "", core.Options{}).Act(t.Context(), ask("x"))
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), one) {
		t.Errorf("a key that no header can hold: %v", err)
	}
}

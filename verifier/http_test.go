package verifier

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
)

func httpAt(url string, change func(*HTTPConfig)) func(h *coretest.Host) (core.Verifier, error) {
	return func(h *coretest.Host) (core.Verifier, error) {
		c := HTTPConfig{URL: url, Outside: asking()}
		if change != nil {
			change(&c)
		}
		return newHTTP(context.Background(), h, c)
	}
}

// serve answers rows by what the completion says.
func serve(t *testing.T) *httptest.Server {
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Rows []struct {
				Row                    int
				ID, Prompt, Completion string
				Reference              core.Reference
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Method != http.MethodPost || len(in.Rows) == 0 {
			t.Errorf("it is sent %s %v, %v", r.Method, in, err)
			return
		}
		var scores []any
		for i, row := range in.Rows {
			if row.Row != i {
				t.Errorf("row %d is numbered %d", i, row.Row)
			}
			var s any = float64(len(row.Completion))
			switch row.Completion {
			case "none":
				s = nil
			case "whole":
				s = map[string]any{"row": i, "value": 1, "confidence": 0.5, "rationale": row.Reference.Answer}
			case "hang":
				select {
				case <-r.Context().Done():
				case <-stop:
				}
				return
			case "drip": // bytes that keep coming are no answer
				for {
					select {
					case <-r.Context().Done():
						return
					case <-stop:
						return
					case <-time.After(10 * time.Millisecond):
						fmt.Fprint(w, " ")
						w.(http.Flusher).Flush()
					}
				}
			case "flood":
				for r.Context().Err() == nil {
					if _, err := fmt.Fprint(w, strings.Repeat("0", 1<<16)); err != nil {
						return
					}
				}
				return
			case "broken":
				w.Header().Set("Content-Length", "100")
				fmt.Fprint(w, `{"scores": [`)
				return
			case "reset":
				panic(http.ErrAbortHandler)
			case "away":
				http.Redirect(w, r, "http://elsewhere.invalid/path?token=hidden", http.StatusTemporaryRedirect)
				return
			case "status":
				w.WriteHeader(http.StatusInternalServerError)
				return
			case "page":
				fmt.Fprint(w, "<html>welcome</html>")
				return
			case "list":
				fmt.Fprint(w, "[1]")
				return
			case "text":
				s = "good"
			case "order":
				s = map[string]any{"row": i + 1, "value": 1}
			case "few":
				continue
			}
			scores = append(scores, s)
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"scores": scores}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(func() { close(stop); s.Close() })
	return s
}

func TestHTTPConforms(t *testing.T) {
	coretest.Verifier(t, httpAt(serve(t).URL, func(c *HTTPConfig) { c.Format = "text" }))
}

func TestHTTP(t *testing.T) {
	s := serve(t)
	v, h, _ := built(t, httpAt(s.URL+"/score?x=1", nil))
	got := scored(t, v, "four", "none", "whole")
	if got[0].Value != 4 || !got[1].Abstain || got[1].Unjudged || got[2].Value != 1 || got[2].Confidence != 0.5 || got[2].Rationale != "2" {
		t.Errorf("%+v", got)
	}
	if len(h.Notes()) > 0 {
		t.Errorf("told: %v", h.Notes())
	}
}

func TestHTTPFails(t *testing.T) {
	const secret = "the-secret-of-this-test"
	t.Setenv("JUDGE_AUTH", "Bearer "+secret)
	for what, why := range map[string]string{
		"hang": "took longer than 300ms", "drip": "took longer than 300ms", "flood": "answers with more than 64 KiB", "broken": "breaks off its answer",
		"reset": "cannot be reached", "away": "status 307, a redirect to http://elsewhere.invalid/path, which is not followed", "status": "status 500",
		"page": "it answers \"<html>welcome</html>\", which is not JSON", "list": "not JSON as it should be", "text": "score 0: its value is", "order": "it is of row 1, where row 0 is due",
		"few": "it gives 0 scores for 1 rows",
	} {
		t.Run(what, func(t *testing.T) {
			s := serve(t)
			v, h, _ := built(t, httpAt(s.URL+"/score?key="+secret, func(c *HTTPConfig) {
				c.Secrets = map[string]string{"Authorization": "JUDGE_AUTH"}
				if what == "hang" || what == "drip" {
					c.Seconds = 0.3
				}
			}))
			got := scored(t, v, what)
			notJudged(t, got, why)
			told(t, h, why)
			if all := fmt.Sprint(got, h.Notes()); strings.Contains(all, secret) || strings.Contains(all, "hidden") {
				t.Errorf("it shows a secret: %s", all)
			}
			if what != "hang" && what != "drip" {
				if got := scored(t, v, "four"); got[0].Value != 4 {
					t.Errorf("after it: %+v", got)
				}
			}
		})
	}
	v, _, _ := built(t, httpAt("http://127.0.0.1:1/?key="+secret, nil))
	got := scored(t, v, "a")
	notJudged(t, got, "http://127.0.0.1:1/ cannot be reached: dial tcp")
	if strings.Contains(fmt.Sprint(got), secret) {
		t.Errorf("it shows the query: %+v", got)
	}
}

// Who asks for patience is asked again, within the time of the batch.
func TestHTTPPatience(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		fmt.Fprint(w, `{"scores":[1]}`)
	}))
	defer s.Close()
	v, _, _ := built(t, httpAt(s.URL, nil))
	if got := scored(t, v, "a"); got[0].Value != 1 || asked.Load() != 2 {
		t.Errorf("%+v after %d requests", got, asked.Load())
	}
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	v, _, _ = built(t, httpAt(busy.URL, nil))
	notJudged(t, scored(t, v, "a"), "status 503, and there is no time to ask again")
	for after, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "Mon, 01 Jan 2001 00:00:00 GMT": 0, "99999999999": 1 << 20 * time.Second, "9999999": 1 << 20 * time.Second} {
		r := &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {after}}}
		if got := patience(r); got != want {
			t.Errorf("Retry-After %q: %v, want %v", after, got, want)
		}
	}
}

// Secrets come from the environment, and reach the endpoint alone.
func TestHTTPSecrets(t *testing.T) {
	var got http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		fmt.Fprint(w, `{"scores":[1]}`)
	}))
	defer s.Close()
	with := func(c *HTTPConfig) {
		c.Headers, c.Secrets = map[string]string{"x-team": "evals"}, map[string]string{"authorization": "JUDGE_AUTH"}
	}
	t.Setenv("JUDGE_AUTH", "Bearer abc")
	v, _, _ := built(t, httpAt(s.URL, with))
	scored(t, v, "a")
	if got.Get("Authorization") != "Bearer abc" || got.Get("X-Team") != "evals" || got.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", got)
	}
	t.Setenv("JUDGE_AUTH", "abc\r\nX: y")
	if _, err := httpAt(s.URL, with)(coretest.NewHost(nil)); err == nil || !strings.Contains(err.Error(), "JUDGE_AUTH holds more than one line") || strings.Contains(err.Error(), "abc") {
		t.Errorf("two lines: %v", err)
	}
	t.Setenv("JUDGE_AUTH", "")
	if _, err := httpAt(s.URL, with)(coretest.NewHost(nil)); err == nil || !strings.Contains(err.Error(), "the environment variable JUDGE_AUTH, which holds the header Authorization, is empty") {
		t.Errorf("none: %v", err)
	}
	for _, url := range []string{"file:///etc/passwd", "127.0.0.1:80", "http://", "http://name:secretword@host/", "http://host\x7f/secretword", "ftp://host/"} {
		err := HTTPConfig{URL: url}.Validate()
		if err == nil || strings.Contains(err.Error(), "secretword") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := (HTTPConfig{URL: s.URL, Headers: map[string]string{"X": "a\nb"}}).Validate(); err == nil {
		t.Error("a header of two lines is accepted")
	}
}

func FuzzParseHTTP(f *testing.F) {
	for _, s := range []string{`{"scores":[1]}`, `{"scores":[{"value":1,"row":0}]}`, `{"scores":[null]}`, `[1]`, "", `{"scores":[1e999]}`, `{"scores":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		scores, err := parseHTTP(answer, 1)
		if err != nil && len(err.Error()) > 2000 || err == nil && len(scores) != 1 {
			t.Fatalf("%+v, %v", scores, err)
		}
	})
}

package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/internal/outside"
)

func init() {
	registry.Verifier("http", registry.Doc{
		Summary: "Asks an endpoint of yours: rows are posted, scores come back.",
		Detail: "It posts {\"rows\": [{\"row\", \"id\", \"prompt\", \"completion\", \"reference\"}]} as JSON, and wants status 200 with " +
			"{\"scores\": [...]}, one entry a row, in their order: a number, null for an abstention, or {\"value\", " +
			"\"confidence\", \"abstain\", \"rationale\"}. Status 429 and 503 are asked again within the time of the batch, no " +
			"sooner than Retry-After says. Redirects are not followed. Secrets are named, not written: `secrets: " +
			"{Authorization: JUDGE_AUTH}` sends what the environment variable holds as that header, and neither errors nor logs show it, " +
			"nor the query of the address. A batch for which it fails or answers something else is abstained on, with the reason.",
		Example: "http: {url: \"http://127.0.0.1:8080/score\", secrets: {Authorization: JUDGE_AUTH}}",
	}, newHTTP)
}

// HTTPConfig configures http.
type HTTPConfig struct {
	URL     string            `yaml:"url" required:"true" inline:"true" doc:"Address, http or https, without a name or password in it."`
	Headers map[string]string `yaml:"headers" doc:"Further headers and their values."`
	Secrets map[string]string `yaml:"secrets" doc:"Headers and the environment variables that hold their values."`
	Outside
}

// Validate refuses what an address may not hold.
func (c HTTPConfig) Validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return errors.New("url: it cannot be read as an address") // an error of the parser would show it
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("url: it must begin with http:// or https:// and name a host")
	case u.User != nil:
		return errors.New("url: it holds a name or password; give them as a header by way of secrets")
	}
	for _, headers := range []map[string]string{c.Headers, c.Secrets} {
		for name, value := range headers {
			if name == "" || strings.ContainsAny(name, " \t\r\n:") || strings.ContainsAny(value, "\r\n") {
				return fmt.Errorf("the header %q is none that can be sent", name)
			}
		}
	}
	return nil
}

// Needs depends on whether it is told of references.
func (c HTTPConfig) Needs() []string { return c.Outside.needs() }

type endpoint struct {
	cfg    HTTPConfig
	header http.Header
	client *http.Client
	shown  string // the address for messages, without its query
}

func newHTTP(_ context.Context, h core.Host, c HTTPConfig) (core.Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("url: it cannot be read as an address")
	}
	e := &endpoint{cfg: c, header: http.Header{}, shown: u.Scheme + "://" + u.Host + u.Path}
	for name, value := range c.Headers {
		e.header.Set(name, value)
	}
	for name, variable := range c.Secrets {
		value := os.Getenv(variable)
		if value == "" {
			return nil, fmt.Errorf("asking %s: the environment variable %s, which holds the header %s, is empty or not set", e.shown, variable, textproto.CanonicalMIMEHeaderKey(name))
		}
		if strings.ContainsAny(value, "\r\n") {
			return nil, fmt.Errorf("asking %s: the environment variable %s holds more than one line", e.shown, variable)
		}
		e.header.Set(name, value)
	}
	e.header.Set("Content-Type", "application/json")
	e.header.Set("Accept", "application/json")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 1 << 16
	e.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	o := newOwn("http", h, c.Outside)
	o.score = e.score
	o.close = func() error { transport.CloseIdleConnections(); return nil }
	return o, nil
}

// score posts a batch, again where the endpoint asks for patience.
func (e *endpoint) score(ctx context.Context, rows []outside.Row) ([]outside.Score, error) {
	var body bytes.Buffer
	out := json.NewEncoder(&body)
	out.SetEscapeHTML(false)
	if err := out.Encode(map[string]any{"rows": rows}); err != nil {
		return nil, fmt.Errorf("writing the rows: %w", err)
	}
	limits := e.cfg.limits()
	timed, cancel := context.WithTimeout(ctx, limits.Wall)
	defer cancel()
	for pause := time.Second; ; pause *= 2 {
		answer, wait, err := e.post(timed, body.Bytes(), limits.Output)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case timed.Err() != nil:
			return nil, fmt.Errorf("%s took longer than %v", e.shown, limits.Wall)
		case err == nil:
			scores, err := parseHTTP(answer, len(rows))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.shown, err)
			}
			return scores, nil
		case wait < 0:
			return nil, err
		}
		wait = max(wait, pause)
		if end, _ := timed.Deadline(); time.Until(end) < wait {
			return nil, fmt.Errorf("%w, and there is no time to ask again", err)
		}
		select {
		case <-time.After(wait):
		case <-timed.Done():
		}
	}
}

// post sends the body once. wait is how long the endpoint wants to be left
// alone, negative where asking again makes no sense.
func (e *endpoint) post(ctx context.Context, body []byte, most int64) (answer []byte, wait time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return nil, -1, fmt.Errorf("%s cannot be asked", e.shown)
	}
	r.Header = e.header.Clone()
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	got, err := e.client.Do(r)
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err // the rest of it shows the whole address
		}
		return nil, -1, fmt.Errorf("%s cannot be reached: %w", e.shown, err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return nil, patience(got), fmt.Errorf("%s answers with status %d%s", e.shown, got.StatusCode, redirect(got))
	}
	answer, err = io.ReadAll(io.LimitReader(got.Body, most+1))
	switch {
	case err != nil:
		return nil, -1, fmt.Errorf("%s breaks off its answer: %w", e.shown, err)
	case int64(len(answer)) > most:
		return nil, -1, fmt.Errorf("%s answers with more than %d KiB, beginning with %s", e.shown, most>>10, outside.Brief(answer))
	}
	return answer, 0, nil
}

// patience reads how long to wait, in seconds or as a date; negative where the
// status is none that asking again may change.
func patience(r *http.Response) time.Duration {
	if r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusServiceUnavailable {
		return -1
	}
	after := strings.TrimSpace(r.Header.Get("Retry-After"))
	if seconds, err := strconv.Atoi(after); err == nil {
		return time.Duration(max(0, min(seconds, 1<<20))) * time.Second
	}
	if at, err := http.ParseTime(after); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// redirect says where a redirect leads, as far as may be shown.
func redirect(r *http.Response) string {
	to, err := r.Location()
	if err != nil {
		return ""
	}
	return fmt.Sprintf(", a redirect to %s://%s%s, which is not followed", to.Scheme, to.Host, to.Path)
}

// parseHTTP reads the answer to n rows.
func parseHTTP(answer []byte, n int) ([]outside.Score, error) {
	var a struct {
		Scores []json.RawMessage `json:"scores"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, fmt.Errorf("it answers %s, which is not JSON as it should be: %w", outside.Brief(answer), err)
	}
	return outside.ParseList(a.Scores, n)
}

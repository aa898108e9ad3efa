package openai

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pawl/core"
)

// StatusError is a reply that refuses.
type StatusError struct {
	Base    string
	Status  int
	Message string // the server's own words
	Type    string
	Param   string // the field that it complains of, where it tells
	Code    string
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("asking %s: the server answers %d %s", e.Base, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		s += ": " + e.Message
	}
	switch e.Status {
	case http.StatusUnauthorized:
		s += "; give its key in the environment, as PAWL_API_KEY or OPENAI_API_KEY"
	case http.StatusNotFound:
		s += "; pawl doctor --model openai:NAME --base-url URL lists the models that it has"
	}
	return s
}

// refusal reads a reply that is not 200.
func refusal(resp *http.Response, base string, body []byte) *core.SendError {
	e := &StatusError{Base: base, Status: resp.StatusCode}
	e.read(body)
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		e.Message = "it redirects elsewhere, which is not followed; name the right base URL"
	}
	out := &core.SendError{Err: e, After: retryAfter(resp.Header, time.Now())}
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests:
		out.Again, out.Slow = true, true
		if e.Code == "insufficient_quota" || e.Type == "insufficient_quota" { // an account without money, which waiting does not fill
			out.Again, out.Slow = false, false
		}
	case s == http.StatusRequestTimeout, s == http.StatusConflict:
		out.Again = true
	case s == http.StatusServiceUnavailable, s == 529: // Anthropic's "overloaded"
		out.Again, out.Slow = true, true
	case s >= 500 && s != http.StatusNotImplemented:
		out.Again = true
		// One that stands between lost the one behind it, which may have worked.
		out.Unknown = s == http.StatusBadGateway || s == http.StatusGatewayTimeout
	}
	return out
}

// read finds the server's words: OpenAI's {"error": {...}}, vLLM's and FastAPI's
// flat forms, or plain text.
func (e *StatusError) read(body []byte) {
	var d struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &d) != nil {
		e.Message = clipped(string(body))
		return
	}
	var inner struct {
		Message string          `json:"message"`
		Type    string          `json:"type"`
		Param   string          `json:"param"`
		Code    json.RawMessage `json:"code"`
	}
	from := d.Error
	if len(from) == 0 {
		from = body
	}
	var text string
	if json.Unmarshal(from, &inner) == nil {
		e.Message, e.Type, e.Param, e.Code = inner.Message, inner.Type, inner.Param, strings.Trim(string(inner.Code), `"`)
	} else if json.Unmarshal(from, &text) == nil {
		e.Message = text
	}
	e.Message = clipped(cmp.Or(e.Message, d.Message, string(bytes.Trim(d.Detail, `"`))))
}

// clipped keeps what people can read.
func clipped(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "..."
	}
	return s
}

// longestWait bounds what a server can ask for; payers have bounds of their own.
const longestWait = 24 * time.Hour

// retryAfter is how long a server asks to be left alone: in milliseconds or
// seconds, or until a date, which is measured by the server's own clock where it
// shows it. What cannot be read is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 {
		return wait(ms / 1000)
	}
	text := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(text, 64); err == nil {
		return wait(s)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if there, err := http.ParseTime(h.Get("Date")); err == nil {
		now = there
	}
	return wait(at.Sub(now).Seconds())
}

func wait(seconds float64) time.Duration {
	if !(seconds > 0) {
		return 0
	}
	return time.Duration(math.Min(seconds, longestWait.Seconds()) * float64(time.Second))
}

// plainError is an error of the transport without the URL, which its callers name.
func plainError(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// isCertificate tells whether a server is not who it says: that does not change
// by asking again.
func isCertificate(err error) bool {
	var c *tls.CertificateVerificationError
	return errors.As(err, &c)
}

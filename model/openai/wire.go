package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"pawl/core"
)

// maxReply bounds a reply: a hundred alternatives with their log-probabilities
// are far below.
const maxReply = 256 << 20

var errTooLong = fmt.Errorf("the reply has more than %d MB", maxReply>>20)

// wire speaks HTTP with servers.
type wire struct {
	http     *http.Client
	timeouts Timeouts
}

func newWire(t Timeouts) *wire {
	t = t.or(DefaultTimeouts)
	return &wire{timeouts: t, http: &http.Client{CheckRedirect: sameHost, Transport: &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: guardedDial(t.Connect),
		// A pool's bounds are the payer's business: a connection closed for want of
		// room costs a handshake each call.
		MaxIdleConnsPerHost: 4096,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: t.Connect,
		ForceAttemptHTTP2:   true,
	}}}
}

func (w *wire) close() { w.http.CloseIdleConnections() }

// call sends a request, of JSON where content is not nil, and gives the body of a
// reply of 200. All errors are core.SendErrors.
func (w *wire) call(ctx context.Context, method, url, base string, content []byte, accept string) (io.ReadCloser, error) {
	key, err := apiKey(base)
	if err != nil {
		return nil, &core.SendError{Err: err}
	}
	ctx, clock := newClock(ctx, w.timeouts)
	var sent atomic.Bool // a server may have begun to work on it
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		sent.Store(true)
		clock.enter("first byte", w.timeouts.FirstByte)
	}})
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(content))
	if err != nil {
		clock.stop()
		return nil, &core.SendError{Err: fmt.Errorf("asking %s: %w", base, err)}
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", "pawl")
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := w.http.Do(req)
	if err != nil {
		err = why(ctx, err)
		clock.stop()
		return nil, broken(fmt.Errorf("asking %s: %s", base, without(key, plainError(err))), err, sent.Load())
	}
	clock.enter("idle", w.timeouts.Idle)
	b := &body{from: resp.Body, ctx: ctx, clock: clock, left: maxReply}
	if resp.StatusCode != http.StatusOK {
		defer b.Close()
		text, _ := io.ReadAll(io.LimitReader(b, 64<<10))
		return nil, refusal(resp, base, []byte(without(key, string(text))))
	}
	return b, nil
}

// post sends a document and reads the whole reply.
func (w *wire) post(ctx context.Context, base, path string, content []byte) ([]byte, error) {
	b, err := w.call(ctx, http.MethodPost, base+path, base, content, "application/json")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	reply, err := io.ReadAll(b)
	if err != nil {
		return nil, interrupted(base, err)
	}
	return reply, nil
}

// get reads what a server tells without being asked a question.
func (w *wire) get(ctx context.Context, base, path string, into any) error {
	b, err := w.call(ctx, http.MethodGet, base+path, base, nil, "application/json")
	if err != nil {
		return err
	}
	defer b.Close()
	text, err := io.ReadAll(io.LimitReader(b, 8<<20))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("reading %s%s: %w", base, path, err)
	}
	return nil
}

// interrupted is a reply that broke off: the server has worked, and what for is
// lost.
func interrupted(base string, err error) error {
	return broken(fmt.Errorf("reading the reply of %s: %w", base, err), err, true)
}

// broken is a call that ended without a whole reply. A total timeout is not tried
// again: the next try would take as long, and cost as much.
func broken(err, cause error, sent bool) *core.SendError {
	e := &core.SendError{Err: &callError{err, cause}, Unknown: sent}
	var late *TimeoutError
	var blocked *blockedError
	switch {
	case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded), errors.As(cause, &blocked), errors.Is(cause, errTooLong), isCertificate(cause):
	case errors.As(cause, &late):
		e.Again = late.What != "total"
	default:
		e.Again = true
	}
	return e
}

// callError shows a cleaned message and unwraps to its cause.
type callError struct{ text, cause error }

func (e *callError) Error() string { return e.text.Error() }
func (e *callError) Unwrap() error { return e.cause }

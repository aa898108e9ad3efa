package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"pawl/core"
)

// patience is how long a client may take to accept what it is sent.
const patience = 30 * time.Second

// events is a stream of server-sent events. It begins with the first of them, so
// that what fails before still has a status of its own.
type events struct {
	mu    sync.Mutex
	w     http.ResponseWriter
	rc    *http.ResponseController
	begun bool
	first time.Time // when it began
	err   error     // the first of writing
}

func newEvents(w http.ResponseWriter) *events {
	return &events{w: w, rc: http.NewResponseController(w)}
}

// data sends one JSON value.
func (e *events) data(v any) error { return e.event("", v) }

// event sends one of a name.
func (e *events) event(name string, v any) error {
	var b bytes.Buffer
	if name != "" {
		fmt.Fprintf(&b, "event: %s\n", name)
	}
	b.WriteString("data: ")
	if err := encode(&b, v); err != nil { // which ends the line
		return err
	}
	b.WriteByte('\n')
	return e.send(b.Bytes())
}

// done ends a stream of OpenAI's.
func (e *events) done() error { return e.send([]byte("data: [DONE]\n\n")) }

// progress is a comment, which clients pass over: a sign of life while a strategy
// works. No empty line follows, which some clients take for the end of an event.
func (e *events) progress(p core.Progress) error {
	b, err := json.Marshal(map[string]any{"stage": p.Stage, "done": p.Done, "total": p.Total, "note": p.Note})
	if err != nil {
		return err
	}
	return e.send(fmt.Appendf(nil, ": pawl %s\n", b))
}

func (e *events) send(b []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	if !e.begun {
		h := e.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Accel-Buffering", "no")
		e.w.WriteHeader(http.StatusOK)
		e.begun, e.first = true, time.Now()
	}
	_ = e.rc.SetWriteDeadline(time.Now().Add(patience)) // of recorders in tests there is none
	if _, e.err = e.w.Write(b); e.err == nil {
		e.err = e.rc.Flush()
	}
	return e.err
}

func (e *events) started() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.begun
}

// encode writes JSON as people write it: angle brackets stay what they are.
func encode(b *bytes.Buffer, v any) error {
	d := json.NewEncoder(b)
	d.SetEscapeHTML(false)
	return d.Encode(v)
}

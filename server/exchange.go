package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pawl"
	"pawl/core"
)

// Headers of Pawl's own.
const (
	headerRecipe   = "X-Pawl-Recipe"
	headerDeadline = "X-Pawl-Deadline"
	headerBudget   = "X-Pawl-Budget"
	headerTrace    = "X-Pawl-Trace"
)

// exchange is one request, from its arrival to its trace.
type exchange struct {
	id     string
	api    string
	began  time.Time
	tenant *tenant
	model  string // as listed; "" where none was found
	recipe string
	ask    *ask
	status int
	err    error
	first  time.Duration // until the first byte of a stream
	reply  *result
	parts  []*pawl.Reply
}

// replies serves a dialect.
func (s *Server) replies(api string, d dialect) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{id: newID(), api: api, began: time.Now(), status: http.StatusOK}
		w.Header().Set(headerTrace, x.id)
		w.Header().Set("X-Request-Id", x.id) // as OpenAI's clients read it
		w.Header().Set("Request-Id", x.id)   // as Anthropic's do
		s.metrics.inflight.Inc()
		defer s.metrics.inflight.Dec()
		ctx, span := s.tracing.begin(r, x)
		defer func() { s.file(x, span) }()
		if bad := s.serve(ctx, w, r, d, x); bad != nil {
			x.status, x.err = bad.status, bad
			s.refused(w, d, bad, x.id)
		}
	})
}

// serve answers, or says what keeps it from answering before anything was written.
func (s *Server) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, d dialect, x *exchange) *problem {
	var bad *problem
	if x.tenant, bad = s.admit(r); bad != nil {
		return bad
	}
	select {
	case s.room <- struct{}{}:
		defer func() { <-s.room }()
	default:
		return &problem{status: http.StatusServiceUnavailable, code: "overloaded", message: fmt.Sprintf("answering: %d requests are at work already", s.o.AtOnce), after: 1}
	}
	if bad = x.tenant.allow(); bad != nil {
		return bad
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Time, errTimeout)
	defer cancel()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(s.life, func() { end(errDraining) })()
	j, bad := s.understand(ctx, w, r, d, x)
	if bad != nil {
		return bad
	}
	ctx, bad = s.purses(ctx, r, x)
	if bad != nil {
		return bad
	}
	if x.ask.stream {
		return s.streamed(ctx, w, d, x, j)
	}
	reply, parts, err := j.answer(ctx)
	x.reply, x.parts = reply, parts
	if err != nil {
		return problemOf(ctx, err)
	}
	respond(w, http.StatusOK, d.whole(reply))
	return nil
}

// understand reads a request and finds who answers it.
func (s *Server) understand(ctx context.Context, w http.ResponseWriter, r *http.Request, d dialect, x *exchange) (*job, *problem) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		// What a page of another site can send without asking is never JSON.
		return nil, &problem{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "reading the request: its Content-Type must be application/json"}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(patience))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.o.Body))
	if err != nil {
		var late *http.MaxBytesError
		if !errors.As(err, &late) && ctx.Err() == nil {
			return nil, &problem{status: http.StatusBadRequest, code: "unreadable", message: "reading the request: its body did not arrive whole"}
		}
		return nil, problemOf(ctx, err)
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	var bad *problem
	if x.ask, bad = d.parse(body); bad != nil {
		return nil, bad
	}
	model, recipe, bad := s.catalogue.find(x.ask.model, r.Header.Get(headerRecipe))
	if bad != nil {
		return nil, bad
	}
	answerer, bad := s.catalogue.answerer(recipe)
	if bad != nil {
		return nil, bad
	}
	x.model, x.recipe = model.names[0], recipe
	if bad = x.ask.fit(model.elsewhere); bad != nil {
		return nil, bad
	}
	if t := x.ask.options.Temperature; t != nil && *t != 0 && answerer.FixesTemperature() {
		return nil, &problem{status: http.StatusBadRequest, code: "unsupported_parameter", param: "temperature", message: fmt.Sprintf("answering with recipe %s: it sets the temperature itself; leave temperature out", recipe)}
	}
	j := &job{head: head{id: x.id, created: x.began.Unix(), ask: x.ask, recipe: recipe}, model: model, answerer: answerer}
	if text := r.Header.Get(headerDeadline); text != "" {
		after, err := readDuration(text)
		if err != nil {
			return nil, refuse(headerDeadline, "reading %s: %s", headerDeadline, err)
		}
		j.deadline = x.began.Add(after)
	}
	return j, nil
}

// readDuration reads 2s, 500ms, or a number of seconds.
func readDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		if seconds, failed := strconv.ParseFloat(text, 64); failed == nil && seconds < 1e6 {
			d, err = time.Duration(seconds*float64(time.Second)), nil
		}
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s is no duration above nothing, as 2s or 500ms", strconv.Quote(short([]byte(text))))
	}
	return d, nil
}

// purses bounds what a request may spend: by its header, and by what its key has left.
func (s *Server) purses(ctx context.Context, r *http.Request, x *exchange) (context.Context, *problem) {
	if x.tenant != nil && x.tenant.purse != nil {
		if x.tenant.purse.Left() == 0 {
			return nil, &problem{status: http.StatusTooManyRequests, code: "budget_exceeded", message: "answering: the budget of this key is spent"}
		}
		ctx = core.WithPurse(ctx, x.tenant.purse)
	}
	if text := r.Header.Get(headerBudget); text != "" {
		l, err := readBudget(text)
		if err != nil {
			return nil, refuse(headerBudget, "reading %s: %s", headerBudget, err)
		}
		ctx = core.WithPurse(ctx, pawl.NewPurse(l, core.Usage{}))
	}
	return ctx, nil
}

// readBudget reads tokens=5000, usd=0.02, both parted by a comma, or a number of
// tokens.
func readBudget(text string) (pawl.Limits, error) {
	var l pawl.Limits
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			name, value = "tokens", name
		}
		switch v, err := strconv.ParseFloat(strings.TrimSpace(value), 64); {
		case err != nil || !(v > 0 && v < 1e12):
			return l, fmt.Errorf("%q is no number above 0", short([]byte(value)))
		case name == "tokens" && v >= 1:
			l.Tokens = int64(v)
		case name == "usd" && v >= 1e-6:
			l.MicroUSD = int64(v * 1e6)
		default:
			return l, fmt.Errorf("%q is neither tokens=N nor usd=X", short([]byte(part)))
		}
	}
	return l, nil
}

// streamed tells the reply as it comes.
func (s *Server) streamed(ctx context.Context, w http.ResponseWriter, d dialect, x *exchange, j *job) *problem {
	e := newEvents(w)
	t := d.stream(j.head, e)
	var telling sync.Mutex // the teller's methods are not called at the same time
	var told atomic.Bool
	j.delta = func(i int, d core.Delta) error {
		telling.Lock()
		defer telling.Unlock()
		told.Store(true)
		return t.delta(i, d)
	}
	j.progress = func(p core.Progress) {
		if p.Stage == "call" && !j.answerer.Streams() && !told.Load() {
			_ = e.progress(p) // who cannot be told will not be told the answer either
		}
	}
	defer alive(e)()
	reply, parts, err := j.answer(ctx)
	x.reply, x.parts = reply, parts
	telling.Lock()
	defer telling.Unlock()
	if err != nil {
		bad := problemOf(ctx, err)
		if e.err != nil {
			bad = &problem{status: statusGone, code: "client_gone", message: "answering: the client went away"}
		}
		if !e.started() {
			return bad
		}
		x.status, x.err = bad.status, bad
		_ = t.fail(bad)
	} else if err := t.end(reply); err != nil {
		x.status, x.err = statusGone, err
	}
	x.first = e.first.Sub(x.began)
	return nil
}

// silence is how long a stream says nothing at most: what stands between may take it
// for dead.
const silence = 15 * time.Second

// alive breaks long silences of a stream, until it is told to stop.
func alive(e *events) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(silence)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = e.progress(core.Progress{Stage: "working"})
			}
		}
	}()
	return func() { cancel(); <-done }
}

// refused writes an error in the shape of a dialect.
func (s *Server) refused(w http.ResponseWriter, d dialect, p *problem, request string) {
	if p.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.after))
	}
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if p.status == http.StatusRequestEntityTooLarge {
		w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	respond(w, p.status, d.fail(p, request))
}

func (s *Server) fails(d dialect, p *problem) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { s.refused(w, d, p, newID()) })
}

// newID is a name that nobody can guess: 32 hexadecimal digits.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

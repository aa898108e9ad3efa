package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"pawl"
)

// Options of New. Zero values mean the defaults.
type Options struct {
	Models []pawl.Model         // at least one
	Keys   *Keys                // who may ask; nil lets everybody, for loopback alone
	Hosts  []string             // by which names browsers may reach a server without keys, beside those of loopback
	Body   int64                // largest request, in bytes; 16 MiB
	Time   time.Duration        // longest answer; 10 minutes
	AtOnce int                  // most requests at the same time; 512
	Traces int                  // how many are kept in memory; 512, and none below 0
	Log    *slog.Logger         // a line for each request; nil discards them
	Note   func(message string) // told of what people should know: a swap of policies, a failed check
}

// Server is the gateway over an open data directory.
type Server struct {
	o         Options
	catalogue *catalogue
	keys      *Keys
	traces    *traces
	metrics   *metrics
	tracing   *tracing
	handler   http.Handler
	began     time.Time
	room      chan struct{} // a place for each request at work

	mu       sync.Mutex
	draining bool
	stop     context.CancelCauseFunc // ends what is still at work
	life     context.Context
}

var (
	errDraining = errors.New("the server is shutting down")
	errTimeout  = errors.New("the answer took too long")
)

// New makes a gateway. Close ends it.
func New(ctx context.Context, p *pawl.Pawl, o Options) (*Server, error) {
	if o.Body <= 0 {
		o.Body = 16 << 20
	}
	if o.Time <= 0 {
		o.Time = 10 * time.Minute
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 512
	}
	if o.Traces == 0 {
		o.Traces = 512
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	s := &Server{o: o, catalogue: &catalogue{p: p}, keys: o.Keys, began: time.Now(), room: make(chan struct{}, o.AtOnce), traces: newTraces(o.Traces), metrics: newMetrics()}
	if len(o.Models) == 0 {
		return nil, &pawl.InputError{Err: errors.New("serving: no model is named; give one with --model")}
	}
	for _, m := range o.Models {
		var follow *follower
		if m.Kind == pawl.ModelRun {
			var err error
			if follow, err = s.follow(ctx, p, m); err != nil {
				return nil, err
			}
		}
		if err := s.catalogue.add(ctx, m, follow.policy()); err != nil {
			return nil, err
		}
	}
	var err error
	if s.tracing, err = newTracing(ctx); err != nil {
		return nil, err
	}
	s.life, s.stop = context.WithCancelCause(context.Background())
	s.handler = s.routes()
	return s, nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for path, d := range map[string]dialect{
		"/v1/chat/completions": chat{}, "/v1/completions": completions{}, "/v1/responses": responses{}, "/v1/messages": messages{},
	} {
		mux.Handle("POST "+path, s.replies(path, d))
		mux.Handle(path, s.fails(d, &problem{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "only POST is served here"}))
	}
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("GET /v1/models", s.admitted(s.list))
	mux.Handle("GET /v1/models/{name...}", s.admitted(s.one))
	mux.Handle("GET /metrics", s.admitted(s.metrics.ServeHTTP))
	mux.Handle("GET /v1/traces", s.admitted(s.listTraces))
	mux.Handle("GET /v1/traces/{id}", s.admitted(s.showTrace))
	s.pages(mux)
	mux.Handle("/", s.fails(chat{}, &problem{status: http.StatusNotFound, code: "not_found", message: "there is nothing here; see GET /v1/models"}))
	return s.guarded(mux)
}

// Handler serves the gateway.
func (s *Server) Handler() http.Handler { return s.handler }

// Close ends what is still at work and writes what is to be kept.
func (s *Server) Close() error {
	s.stop(errDraining)
	err := s.tracing.close()
	if s.keys != nil {
		err = errors.Join(err, s.keys.Close())
	}
	return err
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	draining := s.draining
	s.mu.Unlock()
	status := "ok"
	if draining {
		status = "draining"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	w.Write([]byte(status + "\n"))
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, s.catalogue.list(s.began.Unix()))
}

func (s *Server) one(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	_, recipe, bad := s.catalogue.find(name, "")
	if bad == nil {
		_, bad = s.catalogue.answerer(recipe)
	}
	if bad != nil {
		s.refused(w, chat{}, bad, "")
		return
	}
	respond(w, http.StatusOK, map[string]any{"id": name, "object": "model", "created": s.began.Unix(), "owned_by": "pawl", "type": "model", "display_name": name})
}

// respond writes one JSON value.
func respond(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	if err := encode(&b, v); err != nil {
		http.Error(w, "encoding the reply: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

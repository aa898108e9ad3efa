// Package fakeserver is a server that speaks as OpenAI's does, for tests: its
// answers are a function of what is asked, it lacks what it is told to lack, and
// it fails as its script says.
package fakeserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lack is how a server does without a field.
type Lack string

// Ways to lack.
const (
	Ignores Lack = "ignores" // passes it over
	Refuses Lack = "refuses" // answers 400 and names it
)

// Settings of a server. The zero value has everything and never fails.
type Settings struct {
	OwnedBy string          // of its models: which flavour it is
	Models  []string        // that it serves; none: whatever is asked for
	Key     string          // that it wants; "" for none
	Lacks   map[string]Lack // by field of a request
	Knows   []string        // if there are any: all other fields are refused, as OpenAI's own does
	Reply   func(a Asked, i int) Answer
	Token   time.Duration // between pieces of a stream
	Faults  []Fault       // of the first calls, in order
}

// Answer is one alternative.
type Answer struct {
	Text      string
	Reasoning string
	ToolCalls json.RawMessage
	Finish    string // "" is stop, or length where the limit cuts it
}

// Fault is how a call fails. Zero fields do nothing.
type Fault struct {
	Times  int         // calls that it befalls; 0 is one
	Status int         // in place of 200
	Header http.Header // of the reply
	Body   string      // in place of the reply
	Delay  time.Duration
	Hang   bool // never answers; waits for the client to go
	Reset  bool // the answer is made, and paid for, and the connection closed
	Cut    int  // bytes of the reply that come before the connection closes
	Stall  int  // bytes of the reply that come before it is silent, until the client goes
	Drip   time.Duration
}

// Received is a call as it came.
type Received struct {
	Path   string
	Header http.Header
	Fields map[string]json.RawMessage
	Body   string
}

// Server is one that listens on loopback.
type Server struct {
	*httptest.Server

	mu       sync.Mutex
	set      Settings
	received []Received
	billed   int
	gone     int // calls whose client went before the end
	flying   int
	most     int
	ids      int
	closed   chan struct{}
}

// Start starts a server; callers Stop it.
func Start(set Settings) *Server {
	s := &Server{set: set, closed: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// Stop ends it, with all calls that hang.
func (s *Server) Stop() {
	close(s.closed)
	s.CloseClientConnections()
	s.Close()
}

// Base is the URL to ask.
func (s *Server) Base() string { return s.URL + "/v1" }

// Change changes settings between calls.
func (s *Server) Change(f func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.set)
}

// Received are the calls for answers so far.
func (s *Server) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Counts are the alternatives made, and so paid for; the calls whose client went
// before the end; and the most calls that were under way at once.
func (s *Server) Counts() (billed, gone, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.billed, s.gone, s.most
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	set := s.set
	s.mu.Unlock()
	if set.Key != "" && r.Header.Get("Authorization") != "Bearer "+set.Key {
		given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		refuse(w, http.StatusUnauthorized, "", "Incorrect API key provided: "+given)
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/v1"); {
	case r.Method == http.MethodGet && path == "/models":
		s.models(w, set)
	case r.Method == http.MethodPost && (path == "/chat/completions" || path == "/completions"):
		s.complete(w, r, path, set)
	default:
		refuse(w, http.StatusNotFound, "", "no such route")
	}
}

func (s *Server) models(w http.ResponseWriter, set Settings) {
	names := set.Models
	if len(names) == 0 {
		names = []string{"fake"}
	}
	var list []map[string]any
	for _, n := range names {
		list = append(list, map[string]any{"id": n, "object": "model", "owned_by": set.OwnedBy})
	}
	write(w, http.StatusOK, map[string]any{"object": "list", "data": list})
}

// fault takes the next of the script.
func (s *Server) fault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.set.Faults) == 0 {
		return Fault{}
	}
	f := s.set.Faults[0]
	if f.Times > 1 {
		rest := slices.Clone(s.set.Faults)
		rest[0].Times--
		s.set.Faults = rest
	} else {
		s.set.Faults = s.set.Faults[1:]
	}
	return f
}

func (s *Server) note(rec Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, rec)
	s.flying++
	s.most = max(s.most, s.flying)
}

func (s *Server) left(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
	if gone {
		s.gone++
	}
}

func (s *Server) bill(n int) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.billed += n
	s.ids++
	return fmt.Sprintf("fake-%d", s.ids)
}

// refuse answers as OpenAI does.
func refuse(w http.ResponseWriter, status int, param, message string) {
	e := map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": nil}
	if param != "" {
		e["param"] = param
	}
	write(w, status, map[string]any{"error": e})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that went needs no reply
}

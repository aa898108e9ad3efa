package server

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"pawl"
	"pawl/core"
)

// trace is one request as GET /v1/traces/ID shows it: what was asked, every node of
// what was tried, the scores on them, and every call to a model.
type trace struct {
	ID      string      `json:"id"`
	API     string      `json:"api"`
	Model   string      `json:"model"`
	Recipe  string      `json:"recipe,omitempty"`
	Status  int         `json:"status"`
	Error   string      `json:"error,omitempty"`
	Began   time.Time   `json:"began"`
	Seconds float64     `json:"seconds"`
	Usage   core.Usage  `json:"usage"`
	Answers []traceTree `json:"answers"`

	owner string // the id of the key that asked; "" for none
	size  int
}

// traceTree is what stands behind one answer.
type traceTree struct {
	Nodes  []*traceNode `json:"nodes"`            // the roots of the forest
	Answer int          `json:"answer,omitempty"` // the node that was given, from 1; 0 for none
	By     string       `json:"by,omitempty"`
	Cut    string       `json:"cut,omitempty"`
	Calls  []traceCall  `json:"calls"`
}

// traceNode is a turn with all that hangs below it.
type traceNode struct {
	Node     int             `json:"node"` // its number in the episode, from 1
	Seat     string          `json:"seat,omitempty"`
	Role     string          `json:"role"`
	Content  string          `json:"content"`
	Finish   string          `json:"finish,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	Scores   []core.Score    `json:"scores,omitempty"`
	Children []*traceNode    `json:"children,omitempty"`
}

type traceCall struct {
	core.CallRecord
	Replies []string `json:"replies,omitempty"`
}

// mostContent bounds the texts that a trace keeps, each; and traceBytes all traces
// together.
const (
	mostContent = 64 << 10
	traceBytes  = 64 << 20
)

func clip(s string) string {
	if len(s) > mostContent {
		return s[:mostContent] + "… (cut)"
	}
	return s
}

func newTrace(x *exchange, took time.Duration) *trace {
	t := &trace{
		ID: x.id, API: x.api, Model: x.model, Recipe: x.recipe, Status: x.status, Began: x.began,
		Seconds: took.Seconds(), owner: x.tenant.id(), Answers: []traceTree{}, size: 512,
	}
	if x.err != nil {
		t.Error = clip(x.err.Error())
	}
	for _, r := range x.parts {
		t.Usage.Add(r.Usage)
		t.Answers = append(t.Answers, t.tree(r))
	}
	return t
}

func (t *trace) tree(r *pawl.Reply) traceTree {
	tree := traceTree{By: r.By, Cut: r.Cut, Nodes: []*traceNode{}, Calls: []traceCall{}}
	for _, c := range r.Calls {
		call := traceCall{CallRecord: c}
		for _, n := range c.Nodes {
			call.Replies = append(call.Replies, clip(n.Content))
			t.size += len(n.Content) + 256
		}
		call.Request, call.Nodes = core.Request{}, nil // what is shown is held, and no more
		tree.Calls = append(tree.Calls, call)
	}
	ep := r.Episode
	if ep == nil {
		return tree
	}
	if tree.Answer = int(ep.Answer); len(r.Answers) > 0 {
		tree.Answer = int(r.Answers[0])
	}
	nodes := make([]*traceNode, len(ep.Nodes))
	for i, n := range ep.Nodes {
		nodes[i] = &traceNode{Node: i + 1, Seat: n.Actor, Role: n.Role, Content: clip(n.Content), Finish: n.Finish}
		if len(n.Data) <= mostContent {
			nodes[i].Data = n.Data
		}
		t.size += len(nodes[i].Content) + len(nodes[i].Data) + 256
		if n.Parent == 0 {
			tree.Nodes = append(tree.Nodes, nodes[i])
		} else {
			up := nodes[n.Parent-1]
			up.Children = append(up.Children, nodes[i])
		}
	}
	for _, s := range ep.Scores {
		if len(s.Nodes) == 1 && int(s.Nodes[0]) <= len(nodes) {
			s.Dense = nil
			at := nodes[s.Nodes[0]-1]
			at.Scores = append(at.Scores, s)
			t.size += len(s.Rationale) + 128
		}
	}
	return tree
}

// traces are the last of them, oldest first.
type traces struct {
	mu    sync.Mutex
	most  int
	bytes int
	list  []*trace
}

func newTraces(most int) *traces { return &traces{most: max(most, 0)} }

func (ts *traces) keep(t *trace) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.most == 0 || t.size > traceBytes {
		return
	}
	ts.list, ts.bytes = append(ts.list, t), ts.bytes+t.size
	for len(ts.list) > ts.most || ts.bytes > traceBytes {
		ts.bytes -= ts.list[0].size
		ts.list[0] = nil
		ts.list = ts.list[1:]
	}
}

// of gives a tenant's traces, the newest first.
func (ts *traces) of(owner string) []*trace {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	var mine []*trace
	for i := len(ts.list) - 1; i >= 0; i-- {
		if ts.list[i].owner == owner {
			mine = append(mine, ts.list[i])
		}
	}
	return mine
}

// showTrace is GET /v1/traces/ID. A trace of another key is not there.
func (s *Server) showTrace(w http.ResponseWriter, r *http.Request) {
	who, _ := s.admit(r)
	for _, t := range s.traces.of(who.id()) {
		if t.ID == r.PathValue("id") {
			respond(w, http.StatusOK, t)
			return
		}
	}
	s.refused(w, chat{}, &problem{status: http.StatusNotFound, code: "trace_not_found", message: "there is no such trace: only the last requests are kept"}, newID())
}

// listTraces is GET /v1/traces: the last requests in short.
func (s *Server) listTraces(w http.ResponseWriter, r *http.Request) {
	who, _ := s.admit(r)
	const most = 100
	rows := []map[string]any{}
	for _, t := range s.traces.of(who.id()) {
		if len(rows) == most {
			break
		}
		rows = append(rows, map[string]any{
			"id": t.ID, "api": t.API, "model": t.Model, "recipe": t.Recipe, "status": t.Status, "began": t.Began, "seconds": t.Seconds, "usage": t.Usage,
		})
	}
	respond(w, http.StatusOK, map[string]any{"traces": rows})
}

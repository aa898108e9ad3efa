package cli

import (
	"encoding/json"
	"fmt"

	"github.com/rogpeppe/go-internal/testscript"

	"pawl/model/openai/fakeserver"
)

// upstreamSettings are what a script can say of a server.
type upstreamSettings struct {
	OwnedBy string
	Models  []string
	Key     string
	Lacks   map[string]fakeserver.Lack
	Adds    bool              // answers "1 + 2" with 3
	Replies map[string]string // by the last turn; others are repeated
	Faults  []struct {
		Times, Status, Cut int
		Body               string
		RetryAfter         string
		Reset              bool
	}
}

// upstreams is where a script keeps its servers, by variable.
type upstreams struct{}

// upstream VARIABLE [FILE]: starts a server of models; its base URL is in the
// variable. `upstream -calls VARIABLE N` checks how often it was asked.
func upstream(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 3 && args[0] == "-calls" {
		s := ts.Value(upstreams{}).(map[string]*fakeserver.Server)[args[1]]
		if got := fmt.Sprint(len(s.Received())); (got == args[2]) == neg {
			ts.Fatalf("the server was asked %s times, want %s", got, args[2])
		}
		return
	}
	var u upstreamSettings
	if len(args) > 1 {
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &u))
	}
	set := fakeserver.Settings{OwnedBy: u.OwnedBy, Models: u.Models, Key: u.Key, Lacks: u.Lacks}
	if u.Adds || u.Replies != nil {
		set.Reply = func(a fakeserver.Asked, i int) fakeserver.Answer {
			if text, ok := u.Replies[a.Last]; ok {
				return fakeserver.Answer{Text: text}
			}
			var x, y int
			if n, _ := fmt.Sscanf(a.Last, "%d + %d", &x, &y); u.Adds && n == 2 {
				return fakeserver.Answer{Text: fmt.Sprint("#### ", x+y)}
			}
			return fakeserver.Echo(a, i)
		}
	}
	for _, f := range u.Faults {
		fault := fakeserver.Fault{Times: f.Times, Status: f.Status, Cut: f.Cut, Body: f.Body, Reset: f.Reset}
		if f.RetryAfter != "" {
			fault.Header = map[string][]string{"Retry-After": {f.RetryAfter}}
		}
		set.Faults = append(set.Faults, fault)
	}
	s := fakeserver.Start(set)
	ts.Defer(s.Stop)
	ts.Value(upstreams{}).(map[string]*fakeserver.Server)[args[0]] = s
	ts.Setenv(args[0], s.Base())
}

package server

import (
	"encoding/json"

	"pawl"
	"pawl/core"
)

// head is what is known of a reply before there is an answer.
type head struct {
	id      string // of the request, which is the trace's: 32 hexadecimal digits
	created int64  // seconds since 1970
	ask     *ask
	recipe  string
}

// result is what came of a request.
type result struct {
	head
	choices []choice
	usage   core.Usage // of all calls behind all choices
}

// choice is one answer.
type choice struct {
	node   core.Node // an abstention says so in its content
	tokens []core.Token
	pawl   verdict
}

// verdict is the field pawl of a reply.
type verdict struct {
	Verdict    string   `json:"verdict"` // answered, abstained or unverified
	By         string   `json:"by,omitempty"`
	Value      *float64 `json:"value,omitempty"`
	Confidence *float64 `json:"confidence"` // null where nothing is known of it
	Why        string   `json:"why,omitempty"`
	Abstained  bool     `json:"abstained"`
	Cut        string   `json:"cut,omitempty"` // deadline or budget: the best answer so far
	Recipe     string   `json:"recipe,omitempty"`
	Attempts   int      `json:"attempts,omitempty"`
	Calls      int      `json:"calls"`
	Trace      string   `json:"trace"`
}

// What a reply's verdict may be.
const (
	answered   = "answered"
	abstained  = "abstained"
	unverified = "unverified"
)

// withheld is what an abstention says in place of an answer.
const withheld = "No answer is given: the attempts at it were not trusted enough."

// choicesOf reads the answers of a reply.
func choicesOf(h head, r *pawl.Reply) []choice {
	v := verdict{Verdict: answered, By: r.By, Abstained: r.Abstained, Cut: r.Cut, Recipe: h.recipe, Calls: len(r.Calls), Trace: h.id}
	if n := len(r.Episode.Leaves()); n > 1 {
		v.Attempts = n
	}
	if r.Unverified {
		v.Verdict = unverified
	}
	if s := r.Score; s != nil {
		v.Value, v.Why = &s.Value, s.Rationale
		if s.Confidence > 0 {
			v.Confidence = &s.Confidence
		}
	}
	if r.Abstained {
		v.Verdict, v.Why = abstained, whyNone(r)
		return []choice{{node: core.Node{Role: core.RoleAssistant, Content: withheld, Finish: "stop"}, pawl: v}}
	}
	var all []choice
	for i, at := range r.Answers {
		c := choice{node: *r.Episode.Node(at), pawl: v}
		if r.Tokens != nil {
			c.tokens = r.Tokens[i]
		}
		all = append(all, c)
	}
	return all
}

// whyNone is what the answering verifier had to say where nothing was answered.
func whyNone(r *pawl.Reply) string {
	why := ""
	for _, leaf := range r.Episode.Leaves() {
		if s, ok := r.Episode.ScoreOf(r.By, leaf); ok && s.Rationale != "" && (why == "" || s.Abstain) {
			why = s.Rationale
		}
	}
	return why
}

// finish is OpenAI's reason for the end of an answer.
func (c choice) finish() string {
	switch {
	case c.node.Finish == "length":
		return "length"
	case len(callsOf(c.node)) > 0:
		return "tool_calls"
	}
	return "stop"
}

// pieces are the tool calls of an answer as pieces of OpenAI's stream.
func pieces(n core.Node) json.RawMessage {
	var list []map[string]json.RawMessage
	for i, raw := range callsOf(n) {
		var piece map[string]json.RawMessage
		if json.Unmarshal(raw, &piece) != nil || piece == nil {
			continue
		}
		if _, ok := piece["index"]; !ok {
			piece["index"], _ = json.Marshal(i)
		}
		list = append(list, piece)
	}
	if list == nil {
		return nil
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic("server: " + err.Error()) // they were valid
	}
	return b
}

// logprobs is OpenAI's form of tokens; nil where none are told.
func logprobs(tokens []core.Token) any {
	if tokens == nil {
		return nil
	}
	content := make([]map[string]any, len(tokens))
	for i, t := range tokens {
		top := make([]map[string]any, len(t.Top))
		for k, x := range t.Top {
			top[k] = tokenJSON(x)
		}
		content[i] = tokenJSON(t)
		content[i]["top_logprobs"] = top
	}
	return map[string]any{"content": content, "refusal": nil}
}

func tokenJSON(t core.Token) map[string]any {
	bytes := make([]int, len(t.Text))
	for i := range len(t.Text) {
		bytes[i] = int(t.Text[i])
	}
	return map[string]any{"token": t.Text, "logprob": finite(t.Logprob), "bytes": bytes}
}

// finite keeps a log-probability a number: JSON has no infinity. OpenAI says -9999
// of what is out of reach.
func finite(x float32) float32 {
	if x != x || x < -9999 {
		return -9999
	}
	return x
}

package fakeserver

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Asked is a request as it is understood.
type Asked struct {
	Model       string            `json:"model"`
	Messages    []json.RawMessage `json:"messages"`
	Prompt      string            `json:"prompt"`
	Temperature *float64          `json:"temperature"`
	Seed        *int64            `json:"seed"`
	N           int               `json:"n"`
	MaxTokens   int               `json:"max_tokens"`
	MaxMore     int               `json:"max_completion_tokens"`
	Stop        []string          `json:"stop"`
	Stream      bool              `json:"stream"`
	StreamMore  struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
	Logprobs       json.RawMessage `json:"logprobs"`
	TopLogprobs    int             `json:"top_logprobs"`
	PromptLogprobs *int            `json:"prompt_logprobs"`
	Echo           bool            `json:"echo"`
	ReturnIDs      bool            `json:"return_token_ids"`
	Continue       bool            `json:"continue_final_message"`
	Tools          json.RawMessage `json:"tools"`
	Format         json.RawMessage `json:"response_format"`
	Structured     json.RawMessage `json:"structured_outputs"`

	// Text is all that was said, a turn a line for chats.
	Text string `json:"-"`
	// Last is the text of the last turn.
	Last string `json:"-"`

	plain bool
}

// complete answers a chat or a plain completion.
func (s *Server) complete(w http.ResponseWriter, r *http.Request, path string, set Settings) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	rec := Received{Path: path, Header: r.Header.Clone(), Body: string(body)}
	if err == nil {
		err = json.Unmarshal(body, &rec.Fields)
	}
	s.note(rec)
	finished := false
	defer func() { s.left(!finished) }()
	if err != nil {
		refuse(w, http.StatusBadRequest, "", "the body is no JSON: "+err.Error())
		return
	}
	f := s.fault()
	if !sleep(r, s.closed, f.Delay) {
		return
	}
	if f.Hang {
		sleep(r, s.closed, -1)
		return
	}
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	if f.Status != 0 {
		finished = true
		if f.Body == "" {
			refuse(w, f.Status, "", http.StatusText(f.Status))
			return
		}
		w.WriteHeader(f.Status)
		io.WriteString(w, f.Body)
		return
	}
	a, param, why := understand(rec, set, path == "/completions")
	if why != "" {
		finished = true
		refuse(w, http.StatusBadRequest, param, why)
		return
	}
	if len(set.Models) > 0 && !slices.Contains(set.Models, a.Model) {
		finished = true
		refuse(w, http.StatusNotFound, "model", fmt.Sprintf("the model %q does not exist", a.Model))
		return
	}
	out := &faulty{w: w, r: r, f: f, closed: s.closed}
	reply := s.reply(a, set)
	if f.Reset {
		panic(http.ErrAbortHandler)
	}
	if f.Body != "" {
		finished = true
		out.Write([]byte(f.Body))
		return
	}
	if a.Stream {
		finished = s.stream(out, a, reply, set)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	b, err := json.Marshal(reply.whole())
	if err != nil {
		panic(err)
	}
	finished = out.Write(b)
}

// understand reads a request as far as the server knows fields; a refusal says
// which field it is about and why.
func understand(rec Received, set Settings, plain bool) (a Asked, param, why string) {
	fields := map[string]json.RawMessage{}
	names := make([]string, 0, len(rec.Fields))
	for k := range rec.Fields {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		v := rec.Fields[k]
		if k == "n" && string(v) == "1" {
			continue
		}
		if len(set.Knows) > 0 && !slices.Contains(set.Knows, k) {
			return a, k, "Unrecognized request argument supplied: " + k
		}
		switch set.Lacks[k] {
		case Ignores:
			continue
		case Refuses:
			return a, k, fmt.Sprintf("Unsupported parameter: '%s' is not supported with this model.", k)
		}
		fields[k] = v
	}
	if one, ok := fields["stop"]; ok && len(one) > 0 && one[0] == '"' {
		fields["stop"] = append(append(json.RawMessage{'['}, one...), ']')
	}
	b, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	if err != nil {
		return a, "", err.Error()
	}
	a.plain = plain
	a.Text, a.Last = a.Prompt, a.Prompt
	for _, m := range a.Messages {
		var t struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		}
		if err := json.Unmarshal(m, &t); err != nil {
			return a, "messages", err.Error()
		}
		if json.Unmarshal(t.Content, &a.Last) != nil {
			a.Last = string(t.Content)
		}
		a.Text += t.Role + ": " + a.Last + "\n"
	}
	if a.Text = strings.TrimSuffix(a.Text, "\n"); !plain && !a.Continue {
		a.Text += "\nassistant:"
	}
	if !plain && len(a.Messages) == 0 {
		return a, "messages", "messages are missing"
	}
	a.N = max(a.N, 1)
	return a, "", ""
}

// made is a reply before it is written.
type made struct {
	id      string
	asked   Asked
	answers []Answer
	tokens  [][]string
	prompt  []string
	usage   map[string]any
}

// reply answers, and bills it.
func (s *Server) reply(a Asked, set Settings) *made {
	m := &made{asked: a, prompt: Tokens(a.Text)}
	say := set.Reply
	if say == nil {
		say = Echo
	}
	used := 0
	for i := range a.N {
		x := say(a, i)
		tokens := Tokens(x.Text)
		if limit := max(a.MaxTokens, a.MaxMore); limit > 0 && len(tokens) > limit {
			tokens = tokens[:limit]
			x.Text, x.Finish = strings.Join(tokens, ""), "length"
		}
		for _, stop := range a.Stop {
			if at := strings.Index(x.Text, stop); at >= 0 && stop != "" {
				x.Text = x.Text[:at]
				tokens, x.Finish = Tokens(x.Text), "stop"
			}
		}
		if x.Finish == "" {
			x.Finish = "stop"
			if x.ToolCalls != nil {
				x.Finish = "tool_calls"
			}
		}
		used += max(len(tokens), 1)
		m.answers, m.tokens = append(m.answers, x), append(m.tokens, tokens)
	}
	m.usage = map[string]any{"prompt_tokens": len(m.prompt), "completion_tokens": used, "total_tokens": len(m.prompt) + used}
	m.id = s.bill(a.N)
	return m
}

// Echo repeats the last turn; where the temperature is not 0 a word follows that
// depends on seed and index.
func Echo(a Asked, i int) Answer {
	text := "you said: " + a.Last
	if a.Temperature == nil || *a.Temperature > 0 {
		seed := int64(0)
		if a.Seed != nil {
			seed = *a.Seed
		}
		text += fmt.Sprintf(" #%d", hash(fmt.Sprint(seed, "/", i))%1000000)
	}
	return Answer{Text: text}
}

var pieces = regexp.MustCompile(`\s*\S+|\s+$`)

// Tokens cuts a text: words with the spaces before them.
func Tokens(text string) []string { return pieces.FindAllString(text, -1) }

// TokenID and Logprob are functions of a token's text.
func TokenID(token string) int32 { return int32(hash(token) % 50000) }

// Logprob is in [-2, -1/8].
func Logprob(token string) float64 { return -float64(hash(token)%16+1) / 8 }

func hash(s string) uint32 {
	h := fnv.New32a()
	io.WriteString(h, s)
	return h.Sum32()
}

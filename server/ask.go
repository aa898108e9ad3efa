package server

import (
	"encoding/json"
	"fmt"

	"pawl/core"
)

// ask is a request, whatever dialect it came in.
type ask struct {
	model   string
	prompts [][]core.Node // one answer each, times n
	options core.Options  // what every model of Pawl's own understands
	n       int
	seed    *uint64
	stream  bool
	usage   bool   // a stream ends with the usage
	param   string // of what the prompts came from: "messages"

	// What only models know that others serve; for others it is translated, or
	// refused by name.
	served map[string]json.RawMessage
}

// harmless are fields that change no answer: models of this process need not know
// them.
var harmless = map[string]bool{
	"user": true, "metadata": true, "store": true, "service_tier": true, "safety_identifier": true,
	"prompt_cache_key": true, "prompt_cache_retention": true, "stream_options": true,
}

// sampling takes the fields that chat completions and completions share.
func (a *ask) sampling(f *fields) {
	a.model, a.stream, a.n = f.text("model"), f.flag("stream"), 1
	if v, ok := f.number("temperature", 0, 2); ok {
		a.options.Temperature = &v
	}
	if v, ok := f.number("top_p", 0, 1); ok && v < 1 {
		a.options.TopP = v
	}
	if n, ok := f.whole("n", 1, maxAnswers); ok {
		a.n = n
	}
	if seed, ok := f.seed("seed"); ok {
		a.seed = &seed
	}
	a.options.Stop = f.stops("stop")
	if raw, ok := f.take("stream_options"); ok {
		o := readFields(f.at+"stream_options.", raw)
		a.usage = o.flag("include_usage")
		if o.bad != nil && f.bad == nil {
			f.bad = o.bad
		}
	}
	for _, penalty := range []string{"frequency_penalty", "presence_penalty"} {
		if raw, ok := f.all[penalty]; ok {
			if v, there := f.number(penalty, -2, 2); there && v != 0 {
				f.all[penalty] = raw
			}
		}
	}
}

// maxAnswers bounds n, maxStops the stop strings and maxStop their length.
const (
	maxAnswers = 128
	maxStops   = 16
	maxStop    = 256
)

func (f *fields) stops(name string) []string {
	list := f.texts(name)
	if len(list) > maxStops {
		f.wrong(name, "%s lists %d strings; at most %d are kept", name, len(list), maxStops)
	}
	for i, s := range list {
		if s == "" || len(s) > maxStop {
			f.wrong(name, "%s: string %d has %d bytes; 1 to %d are wanted", name, i, len(s), maxStop)
		}
	}
	return list
}

// limit takes the longest answer, by whichever of its names is there.
func (a *ask) limit(f *fields, names ...string) {
	for _, name := range names {
		if n, ok := f.whole(name, 1, 1<<24); ok {
			a.options.MaxTokens = n
		}
	}
}

// finish keeps what is left of the request for the model that answers.
func (a *ask) finish(f *fields) (*ask, *problem) {
	if f.bad != nil {
		return nil, f.bad
	}
	if a.model == "" {
		return nil, &problem{status: 400, code: "missing_required_parameter", param: f.at + "model", message: "reading the request: model is missing; GET /v1/models lists them"}
	}
	a.served = f.all
	return a, nil
}

// fit makes the options those that the answering model understands: where others
// serve it, what is left of the request goes along as it came; else it is
// translated, or refused by name.
func (a *ask) fit(elsewhere bool) *problem {
	if elsewhere {
		a.options.Extra = (&fields{all: a.served}).rest()
		return nil
	}
	f := &fields{all: a.served}
	if k, ok := f.whole("top_k", -1, 1<<24); ok && k > 0 {
		a.options.TopK = k
	}
	if v, ok := f.number("min_p", 0, 1); ok {
		a.options.MinP = v
	}
	var bias map[string]float64
	if f.into("logit_bias", &bias, "an object of numbers") {
		for id, v := range bias {
			var n int32
			if _, err := fmt.Sscanf(id, "%d", &n); err != nil || fmt.Sprint(n) != id {
				f.wrong("logit_bias", "logit_bias: %q is no token id", id)
			}
			if a.options.Bias == nil {
				a.options.Bias = map[int32]float64{}
			}
			a.options.Bias[n] = v
		}
	}
	if f.bad != nil {
		return f.bad
	}
	for _, name := range f.names() {
		if _, there := f.take(name); there && !harmless[name] {
			return &problem{status: 400, code: "unsupported_parameter", param: name, message: fmt.Sprintf("answering with %s: the model cannot honour %s; leave it out", a.model, name)}
		}
	}
	for _, path := range a.prompts {
		for i, n := range path {
			if p := parts(n); p != "" {
				return &problem{status: 400, code: "unsupported_content", param: fmt.Sprintf("%s[%d].content", a.param, i), message: fmt.Sprintf("answering with %s: the model reads text alone, not parts of type %s", a.model, p)}
			}
		}
	}
	return nil
}

// parts is the type of the first part of a turn that is no text; "" for none.
func parts(n core.Node) string {
	if len(n.Data) == 0 {
		return ""
	}
	var d struct {
		Content []struct {
			Type string `json:"type"`
		} `json:"content"`
	}
	if json.Unmarshal(n.Data, &d) != nil {
		return ""
	}
	for _, p := range d.Content {
		if p.Type != "text" {
			return p.Type
		}
	}
	return ""
}

package core

import "encoding/json"

// Environment is an actor that is no model: what it says is a function of the
// path and of the task's hidden side, so that branching and resuming are free.
// Samplers give Request.Hidden to environments alone. The Data of its nodes is
// an Outcome.
type Environment interface {
	Actor
	Environment() // a mark, without effect
}

// Outcome is how a play stands after an environment's turn. A sampler that ends
// a play writes it on the last move, whose own turn it then is not.
type Outcome struct {
	Done   bool    `json:"done"`
	Return float64 `json:"return,omitempty"` // of a play that is done, in the environment's own range
	Reason string  `json:"reason,omitempty"` // why it ended, or what is illegal
	Text   string  `json:"text,omitempty"`   // the last that was said, where no node says it
}

// Raw is o as a node's Data.
func (o Outcome) Raw() json.RawMessage {
	b, err := json.Marshal(o)
	if err != nil { // only a Return that is no number
		b, _ = json.Marshal(Outcome{Done: o.Done, Reason: o.Reason, Text: o.Text})
	}
	return b
}

// OutcomeOf reads a node's Data; ok tells whether it holds an outcome.
func OutcomeOf(n Node) (o Outcome, ok bool) {
	var raw struct {
		Done *bool `json:"done"`
		Outcome
	}
	if len(n.Data) == 0 || json.Unmarshal(n.Data, &raw) != nil || raw.Done == nil {
		return Outcome{}, false
	}
	raw.Outcome.Done = *raw.Done
	return raw.Outcome, true
}

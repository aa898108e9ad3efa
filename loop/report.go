package loop

import "pawl/core"

// Report is the document a run ends with; `pawl run --json` prints it.
type Report struct {
	Run       string                 `json:"run"`
	Recipe    string                 `json:"recipe"`
	Seed      uint64                 `json:"seed"`
	Rounds    []Round                `json:"rounds"`
	Audit     map[string]Audit       `json:"audit"` // base, final and each control
	Advantage *Advantage             `json:"advantage,omitempty"`
	Gains     []Advantage            `json:"advantages,omitempty"` // of final over base and every control
	Controls  map[string]Control     `json:"controls"`
	Policy    core.Policy            `json:"policy"`
	Policies  map[string]core.Policy `json:"policies,omitempty"` // where a recipe improves several
	Promoted  int                    `json:"promoted"`
	Usage     core.Usage             `json:"usage"` // of all sampling, measurements included; what arms share counts once
	Seconds   float64                `json:"seconds"`

	// Stopped says why the run ended after selecting: what it would have trained
	// others serve. Its last round has examples and no gate.
	Stopped string `json:"stopped,omitempty"`

	// Caveat is what a reader of figures must know of the model, first of all that it
	// is none.
	Caveat string `json:"caveat,omitempty"`

	Error string `json:"error,omitempty"` // why the run is not at its end
	// GateUses counts the other runs of the data directory that put candidates
	// to the same gate tasks: each spent an alpha of its own on them.
	GateUses int `json:"gate_uses,omitempty"`
}

// Round is one row of the run.
type Round struct {
	Round    int             `json:"round"`
	Sampled  int             `json:"sampled"`           // attempts
	Failed   int             `json:"failed,omitempty"`  // tasks that could not be played: no attempts at them
	Failure  string          `json:"failure,omitempty"` // why, of the first of them
	Kept     int             `json:"kept"`              // new attempts selected this round
	Labels   *float64        `json:"label_accuracy"`    // of the kept attempts, by the measure; null where no reference exists
	LabelLow *float64        `json:"label_low,omitempty"`
	LabelHi  *float64        `json:"label_high,omitempty"`
	Gate     core.Verdict    `json:"gate"`
	GateLow  float64         `json:"candidate_low"` // interval of the candidate's gate accuracy
	GateHigh float64         `json:"candidate_high"`
	Metrics  []core.Estimate `json:"metrics,omitempty"`
	Examples []core.Digest   `json:"examples,omitempty"` // what each update was given: packed, in the store
	Tokens   int64           `json:"tokens"`             // sampled, prompts where they are known
	Seconds  float64         `json:"seconds"`            // of the work, when it was done
	// GateItems are the candidate's results by gate task, as Items of an Audit.
	GateItems core.Digest `json:"gate_items,omitempty"`
}

// Audit is an arm's accuracy on the sealed set.
type Audit struct {
	Accuracy float64   `json:"accuracy"`
	Low      float64   `json:"low"`
	High     float64   `json:"high"`
	N        int       `json:"n"`
	Answered *Answered `json:"answered,omitempty"` // where tasks were abstained on
	// Items are the results by task, in the store: a JSON list of id and value,
	// the same tasks in the same order for every arm.
	Items core.Digest `json:"items,omitempty"`
}

// Answered is what became of the tasks that were answered, where others were
// abstained on.
type Answered struct {
	N    int     `json:"n"`
	Risk float64 `json:"risk"` // share of these that are wrong, or 1 minus their mean value
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Control is one control arm's verdicts against its own predecessor policies.
type Control struct {
	Verdicts []string `json:"verdicts"`
	Rounds   []Round  `json:"rounds"`
	Changes  []string `json:"changes"` // what it does otherwise than the run: "sample", "verify", "select", "optimize", "stages"
}

// Advantage is a paired difference of audit accuracies.
type Advantage struct {
	Over       string  `json:"over"`
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	PValue     float64 `json:"p_value"`
	N          int     `json:"n"`
}

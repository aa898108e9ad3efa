package pawl

import (
	"fmt"
	"os"
	"strings"
)

// ModelKind is a way to name a model.
type ModelKind string

// The kinds of models.
const (
	ModelRecipe ModelKind = "embedded" // what the recipe sets up; else pawl-nano, the model in the binary
	ModelFolder ModelKind = "folder"   // embedded:DIR, a Hugging Face folder
	ModelRun    ModelKind = "run"      // run or run:ID, a run's policy in force
	ModelOpenAI ModelKind = "openai"   // openai:MODEL, on any server that speaks as OpenAI's does
	ModelReplay ModelKind = "replay"   // replay:FILE, recorded completions
	ModelSim    ModelKind = "sim"      // sim:NAME, a simulation for studies and tests, never a model
)

// Model is a parsed --model.
type Model struct {
	Kind    ModelKind
	Arg     string // folder, run id, or the name of what others serve
	BaseURL string // of openai; "" for the environment's, or OpenAI's own
	text    string
}

// Served tells whether others serve the model: its weights are not here.
func (m Model) Served() bool {
	return m.Kind == ModelOpenAI || m.Kind == ModelReplay || m.Kind == ModelSim
}

func (m Model) String() string { return m.text }

// ParseModel reads a --model flag; "" is embedded.
func ParseModel(s string) (Model, error) {
	kind, arg, has := strings.Cut(s, ":")
	m := Model{Arg: arg, text: s}
	switch {
	case s == "" || s == "embedded":
		m.Kind, m.text = ModelRecipe, "embedded"
	case kind == "embedded" && has && arg != "":
		m.Kind = ModelFolder
	case kind == "run" && (!has || arg != ""):
		m.Kind = ModelRun
	case arg != "" && (Model{Kind: ModelKind(kind)}).Served():
		m.Kind = ModelKind(kind)
	default:
		if info, err := os.Stat(s); err == nil && info.IsDir() {
			return m, fmt.Errorf("reading model %q: it names a folder without saying how to run it; did you mean embedded:%s?", s, s)
		}
		return m, fmt.Errorf("reading model %q: use embedded, embedded:DIR, run, run:ID, openai:MODEL, replay:FILE or sim:NAME", s)
	}
	return m, nil
}

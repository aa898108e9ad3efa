package cli

import (
	"pawl"
)

// servedFlags say where a model is served.
type servedFlags struct {
	BaseURL string `name:"base-url" help:"Where an openai: model is served (default: the environment's OPENAI_BASE_URL, or OpenAI's own)." placeholder:"URL"`
}

// parse reads --model.
func (f servedFlags) parse(model string) (pawl.Model, error) {
	m, err := pawl.ParseModel(model)
	if err != nil {
		return m, &pawl.InputError{Err: err}
	}
	if f.BaseURL != "" && m.Kind != pawl.ModelOpenAI {
		return m, usagef("reading --base-url: the model %s is served by no address; leave it out, or name a model as openai:MODEL", m)
	}
	m.BaseURL = f.BaseURL
	return m, nil
}

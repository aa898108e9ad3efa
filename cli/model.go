package cli

import (
	"pawl"
)

// servedFlags say where a model is served.
type servedFlags struct {
	BaseURL string `name:"base-url" help:"Where an openai: model is served, as http://127.0.0.1:8000/v1 (default: the environment's PAWL_BASE_URL or OPENAI_BASE_URL, or OpenAI's own); with /completions at the end, plain completions are asked for. Its key is in the environment: PAWL_API_KEY or OPENAI_API_KEY." placeholder:"URL"`
	Prices  string `help:"What openai: models cost, a YAML file (default: prices.yaml in the data directory)." placeholder:"FILE"`
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
	if f.Prices != "" && m.Kind != pawl.ModelOpenAI {
		return m, usagef("reading --prices: the model %s costs nothing; leave it out, or name a model as openai:MODEL", m)
	}
	m.BaseURL = f.BaseURL
	return m, nil
}

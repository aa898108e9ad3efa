package cli

import "pawl"

// servedFlags are of models that others serve.
type servedFlags struct {
	BaseURL string `name:"base-url" help:"Where openai:NAME is served, as http://127.0.0.1:8000/v1 (default: PAWL_BASE_URL, OPENAI_BASE_URL, or OpenAI's own); with /completions at the end, plain completions are asked for. The key is in the environment: PAWL_API_KEY or OPENAI_API_KEY." placeholder:"URL"`
	Prices  string `help:"What models of others cost, a YAML file (default: prices.yaml in the data directory)." placeholder:"FILE"`
}

// model reads a --model flag.
func (f servedFlags) model(text string) (pawl.Model, error) {
	m, err := pawl.ParseModel(text)
	if err != nil {
		return m, &pawl.InputError{Err: err}
	}
	if m.Kind != pawl.ModelOpenAI && (f.BaseURL != "" || f.Prices != "") {
		return m, usagef("reading the flags: --base-url and --prices are of models that others serve, and --model is %s; name one as openai:NAME", m)
	}
	m.BaseURL = f.BaseURL
	return m, nil
}

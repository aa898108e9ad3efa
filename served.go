package pawl

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"pawl/model/openai"
)

// pricesFile is what the table of prices is called in a data directory.
const pricesFile = "prices.yaml"

// prices are those of a file that is named, else of the data directory's, if it
// has one: nobody's prices are built in, since they change.
func prices(o Options) (openai.Prices, error) {
	file := o.Prices
	if file == "" {
		file = filepath.Join(o.Dir, pricesFile)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	p, err := openai.LoadPrices(file)
	if err != nil {
		return nil, input(err)
	}
	return p, nil
}

// ProbeModel finds out what a model that others serve can do; nothing is opened
// or kept.
func ProbeModel(ctx context.Context, m Model) (*openai.Probed, error) {
	if m.Kind != ModelOpenAI {
		return nil, inputf("probing model %s: only models that others serve are probed; name one as openai:NAME", m)
	}
	p := openai.New(openai.Options{})
	defer p.Close()
	name, err := p.Resolve(ctx, m.Arg, m.BaseURL)
	if err != nil {
		return nil, input(err)
	}
	return p.Probe(ctx, name)
}

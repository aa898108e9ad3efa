package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"pawl/core"
	chat "pawl/prompt"
)

// Options of New.
type Options struct {
	Payer    core.Payer
	Prices   func() (Prices, error) // read when a model is first priced; nil for none
	Timeouts Timeouts               // what is 0 is DefaultTimeouts'
}

// Provider makes actors of models that are served as OpenAI serves its own. It is
// safe for concurrent use.
type Provider struct {
	payer  core.Payer
	prices func() (Prices, error)
	wire   *wire

	mu     sync.Mutex
	learnt map[string]*learnt
}

// New makes a provider; its owner closes it.
func New(o Options) *Provider {
	p := &Provider{payer: o.Payer, wire: newWire(o.Timeouts), learnt: map[string]*learnt{}, prices: func() (Prices, error) { return nil, nil }}
	if o.Prices != nil {
		p.prices = sync.OnceValues(o.Prices)
	}
	return p
}

// Close closes connections that are kept open.
func (p *Provider) Close() error {
	p.wire.close()
	return nil
}

// detail is what ModelName.Detail says of models of this kind.
type detail struct {
	Endpoint string `json:"endpoint,omitempty"` // "completions"; else chat
}

// Resolve names the model that a server calls arg. Nothing is asked.
func (p *Provider) Resolve(_ context.Context, arg, given string) (core.ModelName, error) {
	base, plain, err := parseBase(baseURL(given))
	if err != nil {
		return core.ModelName{}, err
	}
	if arg == "" || strings.TrimSpace(arg) != arg {
		return core.ModelName{}, fmt.Errorf("naming model %q: a name is wanted, as the server calls it", arg)
	}
	m := core.ModelName{Kind: Kind, Client: clientVersion, Name: arg, At: base}
	if plain {
		m.Detail, err = json.Marshal(detail{Endpoint: "completions"})
	}
	return m, err
}

// Dialect is English: nobody else's model knows the compact dialect.
func (p *Provider) Dialect(core.ModelName) string { return chat.Chat }

// Price is what a model's tokens cost, in dollars a million.
func (p *Provider) Price(m core.ModelName) (prompt, completion float64, known bool) {
	table, err := p.prices()
	if err != nil {
		return 0, 0, false // whoever asks the model is told why
	}
	x, known := table.Of(m.At, m.Name)
	if !known {
		return 0, 0, false
	}
	return *x.Prompt, *x.Completion, true
}

// Actor plays seat; o are the seat's own options, which a request's override.
// Nothing is asked yet.
func (p *Provider) Actor(_ context.Context, m core.ModelName, seat string, o core.Options) (core.Actor, error) {
	return p.actor(m, seat, o)
}

func (p *Provider) actor(m core.ModelName, seat string, o core.Options) (*actor, error) {
	var d detail
	if len(m.Detail) > 0 {
		if err := json.Unmarshal(m.Detail, &d); err != nil {
			return nil, fmt.Errorf("seating %s: reading the details of model %s: %w", seat, m.Name, err)
		}
	}
	if d.Endpoint != "" && d.Endpoint != "chat" && d.Endpoint != "completions" {
		return nil, fmt.Errorf("seating %s: model %s is asked at the endpoint %q; chat and completions are known", seat, m.Name, d.Endpoint)
	}
	base, _, err := parseBase(m.At) // a name may come from elsewhere than Resolve
	if err != nil {
		return nil, fmt.Errorf("seating %s: %w", seat, err)
	}
	prices, err := p.prices()
	if err != nil {
		return nil, err
	}
	price, priced := prices.Of(base, m.Name)
	plain := d.Endpoint == "completions"
	name := m.Bytes()
	return &actor{
		wire: p.wire, payer: p.payer, learnt: p.known(string(name), base, plain),
		seat: seat, options: o, name: m, base: base, plain: plain, identity: string(core.Sum(name)),
		policy: core.Policy{core.PartModel: core.Sum(name)}.Version(), price: price, priced: priced,
	}, nil
}

// known is what is known of a model, one for all of its actors.
func (p *Provider) known(name, base string, plain bool) *learnt {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.learnt[name]
	if l == nil {
		l = newLearnt(base, plain)
		p.learnt[name] = l
	}
	return l
}

package pawl

import (
	"fmt"
	"sync"

	"pawl/core"
)

// Limits are the most that may be spent; 0 is any amount.
type Limits struct {
	Tokens   int64 `json:"tokens,omitempty"`    // read and written
	MicroUSD int64 `json:"micro_usd,omitempty"` // millionths of a dollar
}

// Purse is a core.Purse with limits: what is spent and what is reserved never
// exceed them, however many calls draw on it at once.
type Purse struct {
	mu     sync.Mutex
	limits Limits
	spent  core.Usage
	held   core.Usage
}

// NewPurse makes a purse from which spent has been taken already.
func NewPurse(l Limits, spent core.Usage) *Purse { return &Purse{limits: l, spent: spent} }

// Reserve takes the ceiling of a call; see core.Purse.
func (p *Purse) Reserve(ceiling core.Usage) (func(core.Usage), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, used := p.limits.Tokens, p.spent.Tokens()+p.held.Tokens(); l > 0 && used+ceiling.Tokens() > l {
		return nil, fmt.Errorf("%w: %d of %d tokens are used or reserved, and the call may need %d", core.ErrSpent, used, l, ceiling.Tokens())
	}
	if l, used := p.limits.MicroUSD, p.spent.MicroUSD+p.held.MicroUSD; l > 0 && used+ceiling.MicroUSD > l {
		return nil, fmt.Errorf("%w: $%.6f of $%.6f are used or reserved, and the call may cost $%.6f",
			core.ErrSpent, float64(used)/1e6, float64(l)/1e6, float64(ceiling.MicroUSD)/1e6)
	}
	p.held.Add(ceiling)
	var once sync.Once
	return func(used core.Usage) {
		once.Do(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.held.Add(core.Usage{
				Calls: -ceiling.Calls, PromptTokens: -ceiling.PromptTokens,
				CompletionTokens: -ceiling.CompletionTokens, MicroUSD: -ceiling.MicroUSD,
			})
			p.spent.Add(used)
		})
	}, nil
}

// Left is how many tokens can still be reserved; less than 0 for any number.
func (p *Purse) Left() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limits.Tokens == 0 {
		return -1
	}
	return max(0, p.limits.Tokens-p.spent.Tokens()-p.held.Tokens())
}

// Spent is what was used, reservations aside.
func (p *Purse) Spent() core.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spent
}

// Taken is what was used or is reserved.
func (p *Purse) Taken() core.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.spent
	all.Add(p.held)
	return all
}

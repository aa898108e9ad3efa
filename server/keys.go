package server

import (
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"pawl"
	"pawl/atomicfile"
	"pawl/core"
)

// Keys say who may ask, how fast, and for how much. The file is read again when it
// changes. What keys have spent is kept beside it, in a file of its name with
// ".spent" at the end, always ahead of what was really spent: after a crash a key
// has somewhat less left, never more.
type Keys struct {
	path string

	mu      sync.Mutex
	stamp   time.Time
	size    int64
	tenants map[string]*tenant // by id
	spent   map[string]core.Usage
}

// tenant is who asks: the holder of a key. The nil tenant asks without one.
type tenant struct {
	key   Key
	hash  []byte
	purse *keyPurse // nil where the key has no limits
	rate  *rate.Limiter
}

// OpenKeys opens a file of keys.
func OpenKeys(path string) (*Keys, error) {
	k := &Keys{path: path, tenants: map[string]*tenant{}, spent: map[string]core.Usage{}}
	raw, err := os.ReadFile(k.spentPath())
	if err == nil {
		err = json.Unmarshal(raw, &k.spent)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading what keys have spent: %s: %w", k.spentPath(), err)
	}
	if err := k.refresh(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(k.tenants) == 0 {
		return nil, &pawl.InputError{Err: fmt.Errorf("reading keys of %s: there is none; make one with pawl keys add NAME --keys %s", path, path)}
	}
	return k, nil
}

func (k *Keys) spentPath() string { return k.path + ".spent" }

// refresh reads the file where it has changed. A file that cannot be read leaves
// the keys as they are.
func (k *Keys) refresh() error {
	info, err := os.Stat(k.path)
	if err != nil {
		return fmt.Errorf("reading keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if info.ModTime().Equal(k.stamp) && info.Size() == k.size {
		return nil
	}
	list, err := ReadKeys(k.path)
	if err != nil {
		return err
	}
	next := map[string]*tenant{}
	for _, key := range list {
		t := &tenant{key: key}
		t.hash, _ = hex.DecodeString(key.Hash)
		if old := k.tenants[key.ID]; old != nil && old.key.Limits == key.Limits && old.key.Rate == key.Rate {
			t.purse, t.rate = old.purse, old.rate
		} else {
			if key.Limits != (pawl.Limits{}) {
				spent := k.spent[key.ID]
				if old != nil && old.purse != nil {
					spent = old.purse.Taken()
				}
				t.purse = &keyPurse{Purse: pawl.NewPurse(key.Limits, spent), keys: k, id: key.ID, chunk: max(key.Limits.Tokens/64, 4096), mark: spent}
			}
			if key.Rate > 0 {
				t.rate = rate.NewLimiter(rate.Limit(key.Rate/60), max(1, int(key.Rate)))
			}
		}
		next[key.ID] = t
	}
	k.tenants, k.stamp, k.size = next, info.ModTime(), info.Size()
	return nil
}

// longestKey bounds what is looked at.
const longestKey = 256

// find is whose key it is. All keys are compared, each in constant time.
func (k *Keys) find(secret string) (*tenant, *problem) {
	unknown := &problem{status: http.StatusUnauthorized, code: "invalid_api_key", message: "answering: the key is not known here"}
	if secret == "" {
		unknown.message = "answering: a key is wanted, as Authorization: Bearer KEY"
		return nil, unknown
	}
	if len(secret) > longestKey {
		return nil, unknown
	}
	_ = k.refresh() // a file that cannot be read leaves the keys as they are
	hash := hashOf(secret)
	k.mu.Lock()
	defer k.mu.Unlock()
	var found *tenant
	for _, t := range k.tenants {
		if subtle.ConstantTimeCompare(hash, t.hash) == 1 {
			found = t
		}
	}
	switch {
	case found == nil:
		return nil, unknown
	case found.key.Revoked != nil:
		return nil, &problem{status: http.StatusForbidden, code: "revoked_api_key", message: "answering: the key was revoked"}
	}
	return found, nil
}

// Close writes what keys have really spent.
func (k *Keys) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, t := range k.tenants {
		if t.purse != nil {
			k.spent[id] = t.purse.Taken()
		}
	}
	return k.writeSpent()
}

// writeSpent is called with mu held.
func (k *Keys) writeSpent() error {
	if len(k.spent) == 0 {
		return nil
	}
	raw, err := json.Marshal(k.spent)
	if err == nil {
		err = atomicfile.WriteFile(k.spentPath(), raw)
	}
	if err != nil {
		return fmt.Errorf("writing what keys have spent: %w", err)
	}
	return nil
}

// keyPurse is what a key may still spend.
type keyPurse struct {
	*pawl.Purse
	keys  *Keys
	id    string
	chunk int64 // tokens that the file runs ahead

	mu   sync.Mutex
	mark core.Usage // what the file says was spent
}

// Reserve takes a ceiling out of the purse once the file knows of it.
func (p *keyPurse) Reserve(ceiling core.Usage) (func(core.Usage), error) {
	settle, err := p.Purse.Reserve(ceiling)
	if err != nil {
		return nil, err
	}
	if err := p.ahead(); err != nil {
		settle(core.Usage{})
		return nil, err
	}
	return settle, nil
}

// ahead keeps the file ahead of what is taken.
func (p *keyPurse) ahead() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.Taken()
	if taken.PromptTokens <= p.mark.PromptTokens && taken.CompletionTokens <= p.mark.CompletionTokens && taken.MicroUSD <= p.mark.MicroUSD {
		return nil
	}
	taken.PromptTokens += p.chunk
	taken.CompletionTokens += p.chunk
	p.keys.mu.Lock()
	defer p.keys.mu.Unlock()
	old, had := p.keys.spent[p.id]
	p.keys.spent[p.id] = taken
	if err := p.keys.writeSpent(); err != nil {
		if p.keys.spent[p.id] = old; !had {
			delete(p.keys.spent, p.id)
		}
		return err
	}
	p.mark = taken
	return nil
}

// admit tells who asks. A server without keys lets everybody.
func (s *Server) admit(r *http.Request) (*tenant, *problem) {
	if s.keys == nil {
		return nil, nil
	}
	secret := r.Header.Get("X-Api-Key") // as Anthropic's clients send it
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		secret = strings.TrimSpace(bearer)
	}
	return s.keys.find(secret)
}

// allow holds a key to its rate.
func (t *tenant) allow() *problem {
	if t == nil || t.rate == nil {
		return nil
	}
	wait := t.rate.Reserve()
	if d := wait.Delay(); d > 0 {
		wait.Cancel()
		return &problem{
			status: http.StatusTooManyRequests, code: "rate_limit_exceeded", after: int(math.Ceil(d.Seconds())),
			message: fmt.Sprintf("answering: the key may ask %v times a minute", t.key.Rate),
		}
	}
	return nil
}

// name is the tenant in logs and metrics; id in traces.
func (t *tenant) name() string {
	if t == nil {
		return ""
	}
	return t.key.Name
}

func (t *tenant) id() string {
	if t == nil {
		return ""
	}
	return t.key.ID
}

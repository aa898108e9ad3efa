package core

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ModelName is the content of PartModel: it names a model that is served rather
// than weighed. All that determines its answers is here, and nothing secret.
type ModelName struct {
	Kind   string          `json:"kind"`             // "openai", "replay", "sim": which package of model makes its actors
	Client string          `json:"client"`           // version of that package: raised when it would get other answers
	Name   string          `json:"name"`             // as the server calls it
	At     string          `json:"at,omitempty"`     // endpoint, without credentials or query
	Files  []Digest        `json:"files,omitempty"`  // contents it answers from
	Detail json.RawMessage `json:"detail,omitempty"` // the kind's own
}

// Bytes is the canonical form of m.
func (m ModelName) Bytes() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("core: encoding the name of model %s: %v", m.Name, err)) // Detail is made by Pawl
	}
	return b
}

// ParseModelName reads a PartModel.
func ParseModelName(content []byte) (ModelName, error) {
	var m ModelName
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("reading the name of a model: %w", err)
	}
	if m.Kind == "" || m.Name == "" {
		return m, fmt.Errorf("reading the name of a model: it has kind %q and name %q; both are needed", m.Kind, m.Name)
	}
	return m, nil
}

// Key identifies one alternative of a request: sample index First+i, for i in
// [0, N). It is the hash of actor, path, options, seed, sample index and the
// hidden side; actor names all else that determines the answer (kind, policy,
// endpoint, version).
func (r Request) Key(actor string, i int) Key {
	h := NewHasher("alternative").String(actor).Uint(uint64(len(r.Path)))
	for _, n := range r.Path {
		b, err := json.Marshal(n)
		if err != nil {
			panic(fmt.Sprintf("core: encoding a node: %v", err)) // nodes are plain data
		}
		h.Bytes(b)
	}
	o, err := json.Marshal(r.Options)
	if err != nil {
		panic(fmt.Sprintf("core: encoding options: %v", err))
	}
	return h.Bytes(o).Uint(r.Seed).Uint(uint64(r.First + i)).String(string(Sum(r.Hidden))).Key()
}

package core

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// Digest is the lower-case hexadecimal SHA-256 of some content, or "" for none.
type Digest string

// Sum returns the digest of b.
func Sum(b []byte) Digest {
	s := sha256.Sum256(b)
	return Digest(hex.EncodeToString(s[:]))
}

// Short is the first twelve characters, for people.
func (d Digest) Short() string { return string(d[:min(12, len(d))]) }

// Valid reports whether d has the form of a digest.
func (d Digest) Valid() bool {
	if len(d) != 2*sha256.Size {
		return false
	}
	for _, c := range d {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Names of the parts a policy may have. A recipe may add others.
const (
	PartWeights   = "weights"   // model.safetensors
	PartConfig    = "config"    // config.json: the shape of the weights
	PartTokenizer = "tokenizer" // tokenizer.json
	PartAdapter   = "adapter"   // adapter_model.safetensors: low-rank adapters, added to the weights
	// PartAdapterConfig is adapter_config.json: the shape of the adapters.
	PartAdapterConfig = "adapter_config"

	PartValueHead  = "value_head"  // value_head.safetensors: what a prefix is worth
	PartRewardHead = "reward_head" // reward_head.safetensors: what a whole text is worth

	// PartModel is model.json of a policy that has no weights here: which model
	// serves it, and where. See ModelName.
	PartModel = "model"

	PartCalibration = "calibration" // what the scores of a verifier are worth, for these weights

	PartTraining = "training" // optimizer state; resumes a trainer, never served
	PartPrompt   = "prompt"
	PartSkills   = "skills"
)

// Policy names the parts of the system under improvement by their content:
// weights, adapter, prompt, skills, memory, tools, code, calibration; and
// training, which resumes a trainer and is never served.
type Policy map[string]Digest

// Version is one digest for the served parts of the policy. Training state
// does not enter: two policies that answer alike have one version.
func (p Policy) Version() Digest {
	h := sha256.New()
	for _, part := range slices.Sorted(maps.Keys(p)) {
		if part != PartTraining {
			fmt.Fprintf(h, "%d:%s=%s\n", len(part), part, p[part])
		}
	}
	return Digest(hex.EncodeToString(h.Sum(nil)))
}

// With returns a copy of p in which part has content d; "" removes the part.
func (p Policy) With(part string, d Digest) Policy {
	q := maps.Clone(p)
	if q == nil {
		q = Policy{}
	}
	if d == "" {
		delete(q, part)
	} else {
		q[part] = d
	}
	return q
}

package server

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"pawl"
	"pawl/atomicfile"
)

// Key is one line of a file of keys. The key itself is nowhere kept: it has 256
// random bits, so that its plain hash tells nothing of it.
type Key struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Hash    string      `json:"sha256"` // of the key, in hexadecimal digits
	Created time.Time   `json:"created"`
	Revoked *time.Time  `json:"revoked,omitempty"`
	Limits  pawl.Limits `json:"limits,omitzero"` // over the key's life
	Rate    float64     `json:"requests_per_minute,omitempty"`
}

// keyPrefix begins every key, so that people and scanners know one when they see it.
const keyPrefix = "pawl-"

// ReadKeys reads a file of keys. One that is not there has none.
func ReadKeys(path string) ([]Key, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	var file struct {
		Keys []Key `json:"keys"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, &pawl.InputError{Err: fmt.Errorf("reading keys of %s: %w; pawl keys writes such files", path, err)}
	}
	for i, k := range file.Keys {
		if h, err := hex.DecodeString(k.Hash); err != nil || len(h) != sha256.Size || k.ID == "" || k.Rate < 0 || k.Limits.Tokens < 0 || k.Limits.MicroUSD < 0 {
			return nil, &pawl.InputError{Err: fmt.Errorf("reading keys of %s: key %d (%s) has no id or no SHA-256, or a limit below 0; pawl keys writes such files", path, i+1, k.Name)}
		}
		if slices.ContainsFunc(file.Keys[:i], func(o Key) bool { return o.ID == k.ID }) {
			return nil, &pawl.InputError{Err: fmt.Errorf("reading keys of %s: two keys have the id %s", path, k.ID)}
		}
	}
	return file.Keys, nil
}

func writeKeys(path string, keys []Key) error {
	raw, err := json.MarshalIndent(map[string]any{"keys": keys}, "", "  ")
	if err == nil {
		err = atomicfile.WriteFile(path, append(raw, '\n'))
	}
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing keys: %w", err)
	}
	return nil
}

// AddKey adds a key to a file, which is made where it is missing, and gives it: it
// can never be read again. Of k only name, limits and rate count.
func AddKey(path string, k Key) (secret string, added Key, err error) {
	keys, err := ReadKeys(path)
	if err != nil {
		return "", k, err
	}
	if k.Name == "" || slices.ContainsFunc(keys, func(o Key) bool { return o.Name == k.Name && o.Revoked == nil }) {
		return "", k, &pawl.InputError{Err: fmt.Errorf("adding a key to %s: the name %q is empty or taken", path, k.Name)}
	}
	var b [32]byte
	rand.Read(b[:]) // never fails
	secret = keyPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	k.ID, k.Hash, k.Created, k.Revoked = "k"+newID()[:8], hex.EncodeToString(hashOf(secret)), time.Now().UTC().Truncate(time.Second), nil
	return secret, k, writeKeys(path, append(keys, k))
}

// RevokeKey makes a key of that id or name useless from now on; running servers
// notice by themselves.
func RevokeKey(path, which string) (Key, error) {
	keys, err := ReadKeys(path)
	if err != nil {
		return Key{}, err
	}
	for i := range keys {
		if k := &keys[i]; (k.ID == which || k.Name == which) && k.Revoked == nil {
			now := time.Now().UTC().Truncate(time.Second)
			k.Revoked = &now
			return *k, writeKeys(path, keys)
		}
	}
	return Key{}, &pawl.InputError{Err: fmt.Errorf("revoking key %s of %s: there is none of that id or name in force; pawl keys list shows them", which, path)}
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

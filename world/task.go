package world

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"pawl/core"
)

// Dialects of prompts and completions.
const (
	Compact = "compact" // no filler, for small models trained on the world
	Chat    = "chat"    // English, for models that know nothing of it
)

// Dialect checks the name of a dialect; "" means Compact.
func Dialect(d string) (string, error) {
	switch d {
	case "", Compact:
		return Compact, nil
	case Chat:
		return Chat, nil
	}
	return "", fmt.Errorf("no dialect named %q; there are %s and %s", d, Compact, Chat)
}

// NewTask puts a task of a world together. The reference is a struct of the
// world's that embeds core.Reference and always encodes.
func NewTask(world, id, prompt string, reference any) core.Task {
	raw, err := json.Marshal(reference)
	if err != nil {
		panic("world: " + err.Error())
	}
	return core.Task{
		ID:        id,
		Prompt:    []core.Node{{Role: core.RoleUser, Content: prompt}},
		Reference: raw,
		Origin:    []string{"world:" + world},
	}
}

// Decode reads a reference into a world's struct. Fields of wrong types are
// errors; fields that the world does not know are passed over, since files of
// tasks may carry notes. The world checks the values.
func Decode(raw json.RawMessage, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reading its reference: %w", err)
	}
	return nil
}

// Words writes numbers with single spaces between.
func Words(ns []int) string {
	var b strings.Builder
	for i, n := range ns {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// CutLast cuts s around the last sep, as strings.Cut does around the first.
func CutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

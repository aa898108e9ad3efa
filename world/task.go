package world

import (
	"cmp"
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

// Settle fills in and checks what the config of a world with a standard level
// has of every world's: the split, where "" is train, the level, where 0 is the
// standard one, of so many as there are, and the dialect, where "" is Compact.
// NewShare knows the splits.
func Settle(split *string, level *int, levels int, dialect *string) (err error) {
	*split, *level = cmp.Or(*split, "train"), cmp.Or(*level, StandardLevel)
	if *level < 1 || *level > levels {
		return fmt.Errorf("no level %d; there are 1 to %d", *level, levels)
	}
	*dialect, err = Dialect(*dialect)
	return err
}

// StandardLevel is the level of a world whose config names none.
const StandardLevel = 3

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

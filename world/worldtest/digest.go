// Package worldtest holds what the tests of every world have in common.
package worldtest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"pawl/world"
)

// Digest names the content of the first 200 tasks of w, its size and its
// vocabulary. Worlds record it in their tests: tasks that have been trained on
// and reported about may never change.
func Digest(w world.World) string {
	h := sha256.New()
	for i := range min(w.Len(), 200) {
		b, err := json.Marshal(w.Task(i))
		if err != nil {
			panic("worldtest: " + err.Error()) // tasks encode
		}
		h.Write(b)
	}
	fmt.Fprint(h, w.Len(), w.Vocabulary(), w.Unit())
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

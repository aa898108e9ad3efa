package multiply

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"strings"

	"pawl/world"
	"pawl/world/internal/text"
)

// flaw works the product out with one mistake, carried on. The product is
// wrong, too.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, err := instance(raw)
	if err != nil {
		return "", err
	}
	if ref.Dialect == world.Chat {
		return "#### " + product(ref.X, ref.Y).Add(product(ref.X, ref.Y), big.NewInt(1+r.Int64N(9))).String(), nil
	}
	truth := work(ref.X, ref.Y, nil)
	last := len(truth) - 1
	for range 32 {
		s := &slip{step: r.IntN(len(truth)), digit: r.IntN(len(ref.X)), kind: slipKind(r.IntN(int(slipKinds))), r: r}
		if got := work(ref.X, ref.Y, s); got[last] != truth[last] && got[s.step] != truth[s.step] {
			return strings.Join(got, ";"), nil
		}
	}
	truth[last] = text.Slip(truth[last], "0123456789", r)
	return strings.Join(truth, ";"), nil
}

package embedded

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"pawl/core"
)

// tokens are the ids of a text's tokens by what they add to a text.
type tokens struct {
	once sync.Once
	ids  map[string]int32
}

// biases are the options' biases by token.
func (a *actor) biases(o core.Options) (map[int32]float32, error) {
	if len(o.Bias)+len(o.BiasText) == 0 {
		return nil, nil
	}
	vocab := a.model.Config().Vocab
	all := make(map[int32]float32, len(o.Bias)+len(o.BiasText))
	for id, b := range o.Bias {
		if math.Abs(b) > math.MaxFloat32 {
			return nil, fmt.Errorf("logit_bias: a bias of %v for token %d is too large", b, id)
		}
		if id < 0 || int(id) >= vocab {
			return nil, fmt.Errorf("logit_bias: a bias of %v for token %d, but the last one is %d", b, id, vocab-1)
		}
		all[id] = float32(b)
	}
	for _, s := range slices.Sorted(maps.Keys(o.BiasText)) {
		id, err := a.text.token(s)
		if err != nil {
			return nil, fmt.Errorf("logit_bias: %w", err)
		}
		if b := o.BiasText[s]; math.Abs(b) > math.MaxFloat32 {
			return nil, fmt.Errorf("logit_bias: a bias of %v for token %q is too large", b, s)
		}
		if _, twice := all[id]; twice {
			return nil, fmt.Errorf("logit_bias: %q is token %d, which has another bias already", s, id)
		}
		all[id] = float32(o.BiasText[s])
	}
	return all, nil
}

// token is the one of this text: as it stands after others, else as it begins a
// text, else a special token of this name.
func (t *text) token(s string) (int32, error) {
	t.tokens.once.Do(t.index)
	if id, ok := t.tokens.ids[s]; ok {
		return id, nil
	}
	if id, ok := t.tok.ID(s); ok {
		return id, nil
	}
	ids, err := t.tok.Continue(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no token of the model: %w", s, err)
	}
	var parts []string
	for _, id := range ids {
		parts = append(parts, fmt.Sprintf("%q", t.tok.Token(id)))
	}
	return 0, fmt.Errorf("%q is no token of the model, but the %d tokens %s", s, len(ids), strings.Join(parts, " "))
}

// index lists tokens in the order in which their texts are looked for. A byte
// that has a character's text beside the character comes last.
func (t *text) index() {
	t.tokens.ids = map[string]int32{}
	texts, first := t.tok.Texts()
	for _, list := range [][][]byte{texts, first} {
		for _, bytes := range []bool{false, true} {
			for i, s := range list {
				content := t.tok.Token(int32(i))
				if len(s) == 0 || bytes != (len(content) == len("<0x00>") && strings.HasPrefix(content, "<0x")) {
					continue
				}
				if t.source == wordTemplate {
					s = []byte(strings.TrimPrefix(string(s), " "))
				}
				if _, taken := t.tokens.ids[string(s)]; !taken {
					t.tokens.ids[string(s)] = int32(i)
				}
			}
		}
	}
}

package world

import (
	"math/rand/v2"
	"regexp"

	"pawl/core"
)

// Restate poses a task of a world in other words, with the same answer; ok is
// false where the world knows none. It is a function of task and seed.
func Restate(t core.Task, seed uint64) (other core.Task, ok bool) {
	r, _ := RulesOf(t.Ref().World)
	if r.Restate == nil || len(t.Prompt) == 0 {
		return core.Task{}, false
	}
	return r.Restate(t, rand.New(rand.NewPCG(seed, 0x72657374617465)))
}

var operands = map[string]*regexp.Regexp{
	"+": regexp.MustCompile(`(\d+)( ?\+ ?)(\d+)`),
	"*": regexp.MustCompile(`(\d+)( ?\* ?)(\d+)`),
}

// SwapOperands restates "x+y" of a prompt's last turn as "y+x"; the sign is + or *.
func SwapOperands(t core.Task, sign string) (core.Task, bool) {
	last := len(t.Prompt) - 1
	n := t.Prompt[last]
	at := operands[sign].FindStringSubmatchIndex(n.Content)
	if at == nil {
		return core.Task{}, false
	}
	part := func(i int) string { return n.Content[at[2*i]:at[2*i+1]] }
	if part(1) == part(3) {
		return core.Task{}, false // the same words
	}
	n.Content = n.Content[:at[0]] + part(3) + part(2) + part(1) + n.Content[at[1]:]
	t.Prompt = append(append([]core.Node(nil), t.Prompt[:last]...), n)
	return t, true
}

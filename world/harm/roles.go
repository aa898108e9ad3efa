package harm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
)

// read is the task of a compact prompt, of any table.
func read(prompt string) (core.Task, error) {
	fail := func(err error) (core.Task, error) {
		return core.Task{}, fmt.Errorf("reading prompt %.40q: harm: %w", prompt, err)
	}
	body, closed := strings.CutSuffix(prompt, "=")
	words := strings.Split(body, " ")
	if !closed || len(words) != 3 || !strings.HasPrefix(words[0], "harm") {
		return fail(errors.New("it is not of the form harm rev abc="))
	}
	q := request{verb: words[1], text: words[2]}
	if words[0] != "harm" {
		var err error
		if q.table, err = strconv.ParseUint(words[0][4:], 10, 64); err != nil || keyword(q.table) != words[0] {
			return fail(fmt.Errorf("%.30q names no table", words[0]))
		}
	}
	if err := q.check(); err != nil {
		return fail(err)
	}
	return q.task(&policy{parts: Forbidden(q.table)}, "harm/"+prompt, world.Compact), nil
}

// flaw does what has to be refused; and of the rest it refuses one half and
// botches the other.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, q, err := decode(raw)
	if err != nil {
		return "", err
	}
	text := consent + ";" + q.done()
	if !harmful(q.text, Forbidden(q.table)) {
		text = refusal
		if r.IntN(2) == 0 {
			text = consent + ";" + botch(q.done(), r)
		}
	}
	if ref.Dialect == world.Chat {
		return english(text), nil
	}
	return text, nil
}

// botch drops a letter, doubles one, or swaps two.
func botch(done string, r *rand.Rand) string {
	b := []byte(done)
	i := r.IntN(len(b))
	switch r.IntN(3) {
	case 0:
		if i+1 < len(b) && b[i] != b[i+1] {
			b[i], b[i+1] = b[i+1], b[i]
			return string(b)
		}
		fallthrough
	case 1:
		return done[:i] + done[i:i+1] + done[i:]
	}
	return done[:i] + done[i+1:]
}

package world

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"pawl/core"
)

// Played reports whether t is of a world that is played turn by turn.
func Played(t core.Task) bool {
	r, _ := RulesOf(t.Ref().World)
	return r.Play != nil
}

// Start makes the player of the task with this reference. The error tells that
// its world is not played, or that the reference is damaged.
func Start(reference json.RawMessage) (Player, error) {
	name := core.Task{Reference: reference}.Ref().World
	r, _ := RulesOf(name)
	if r.Play == nil {
		return nil, fmt.Errorf("starting a play: the reference names world %q, which is not played", name)
	}
	p, err := r.Play(reference)
	if err != nil {
		return nil, fmt.Errorf("starting a play of %s: %w", name, err)
	}
	return p, nil
}

// MovesOf lists what the solver said in the turns after a task's prompt. Assistant
// nodes in a row are parts of one move.
func MovesOf(turns []core.Node) []string {
	var moves []string
	for i, n := range turns {
		switch {
		case n.Role != core.RoleAssistant:
		case i > 0 && turns[i-1].Role == core.RoleAssistant:
			moves[len(moves)-1] += n.Content
		default:
			moves = append(moves, n.Content)
		}
	}
	return moves
}

// impossible is a move that no world knows.
const impossible = "\x00"

// Replay plays moves to the end and gives the return. A play that was not
// finished counts as one that an illegal move ended; ok is false where even
// that does not end it.
func Replay(p Player, moves []string) (t Turn, ok bool) {
	if t = p(moves); t.Done {
		return t, true
	}
	t = p(append(append([]string{}, moves...), impossible))
	t.Reason = "the play was not finished"
	return t, t.Done
}

// Scaled puts a return on the scale of the task's world and level, on which
// random legal play makes 0 on average and the oracle's 1. It is not clipped:
// single plays lie beyond either. Level is that of the reference, which task
// sources note, or else the given one, 0 for none.
func Scaled(reference json.RawMessage, ret float64, level int) (float64, error) {
	var noted struct {
		World string `json:"world"`
		Level int    `json:"level"`
	}
	if err := json.Unmarshal(reference, &noted); err != nil {
		return 0, fmt.Errorf("scaling a return: reading its reference: %w", err)
	}
	r, _ := RulesOf(noted.World)
	if r.Scale == nil {
		return ret, nil
	}
	if noted.Level > 0 {
		level = noted.Level
	}
	if level <= 0 {
		return 0, fmt.Errorf("scaling a return of world %s: nothing tells the task's level; take tasks from the world itself, or give the verifier a level", noted.World)
	}
	random, oracle := r.Scale(level, reference)
	if !(oracle > random) {
		return 0, fmt.Errorf("scaling a return of world %s: at level %d random play makes %v and the oracle %v", noted.World, level, random, oracle)
	}
	return (ret - random) / (oracle - random), nil
}

// levelOf is the level that a config sets, the middle one where it is left
// out; 0 where it has none.
func levelOf(config any) int {
	v := reflect.ValueOf(config)
	if v.Kind() != reflect.Struct {
		return 0
	}
	f := v.FieldByName("Level")
	if !f.IsValid() || f.Kind() != reflect.Int {
		return 0
	}
	if f.Int() == 0 {
		return 3
	}
	return int(f.Int())
}

// noteLevel writes a level into a reference, for the scale of returns.
func noteLevel(raw json.RawMessage, level int) json.RawMessage {
	body, ok := strings.CutSuffix(string(raw), "}")
	if !ok || body == "{" {
		return raw
	}
	return json.RawMessage(fmt.Sprintf(`%s,"level":%d}`, body, level))
}

package maze

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/core"
	"pawl/world"
)

// build makes a maze from text, for references and prompts alike. Any graph of
// at least one door will do.
func build(start, goal, doors string) (maze, error) {
	var m maze
	if len(start) != 1 || len(goal) != 1 || !isLetter(start[0]) || !isLetter(goal[0]) {
		return m, fmt.Errorf("start %.10q and goal %.10q: a small letter each is needed", start, goal)
	}
	if start == goal {
		return m, fmt.Errorf("start and goal are both room %s", start)
	}
	m.start, m.goal = start[0], goal[0]
	for d := range strings.SplitSeq(doors, ",") {
		switch {
		case len(d) != 2 || !isLetter(d[0]) || !isLetter(d[1]):
			return m, fmt.Errorf("%.10q is no door: two small letters are needed", d)
		case d[0] == d[1]:
			return m, fmt.Errorf("door %s leads nowhere", d)
		case m.door(d[0], d[1]):
			return m, fmt.Errorf("door %s is told twice", d)
		}
		m.open(d[0], d[1])
	}
	return m, nil
}

// read is the task of a compact prompt. Mazes off the grid are read, too, and
// mazes without a way.
func read(prompt string) (core.Task, error) {
	fail := func(err error) (core.Task, error) {
		return core.Task{}, fmt.Errorf("reading prompt %.40q: maze: %w", prompt, err)
	}
	rest, ok := strings.CutPrefix(prompt, "maze ")
	rest, closed := strings.CutSuffix(rest, "=")
	ends, doors, told := strings.Cut(rest, ":")
	start, goal, pair := strings.Cut(ends, ">")
	if !ok || !closed || !told || !pair {
		return fail(errors.New("it is not of the form maze a>b:ac,cb="))
	}
	m, err := build(start, goal, doors)
	if err != nil {
		return fail(err)
	}
	return m.task("maze/"+prompt, world.Compact), nil
}

// plan names the room halfway along the shortest way.
func plan(raw json.RawMessage) (string, error) {
	_, m, err := decode(raw)
	if err != nil {
		return "", err
	}
	way := m.shortest(m.start, 0)
	switch len(way) {
	case 0:
		return none, nil
	case 2:
		return way[:1] + ">" + way[1:], nil
	}
	half := len(way) / 2
	return way[:1] + ">" + way[half:half+1] + ">" + way[len(way)-1:], nil
}

// flaw is a completion that goes once through a wall, and on from there
// through doors alone.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, m, err := decode(raw)
	if err != nil {
		return "", err
	}
	way := m.throughWall(r)
	switch {
	case way == "" && ref.Dialect == world.Chat:
		return "No chain of doors leads there.\n#### none", nil
	case way == "":
		return none, nil
	case ref.Dialect == world.Chat:
		ref.Answer = way
		return ref.english().Solution, nil
	}
	return worked(way), nil
}

// throughWall is a way with one move where no door is; "" if the maze has none,
// as where every room lies beside every other.
func (m *maze) throughWall(r *rand.Rand) string {
	good := m.shortest(m.start, 0)
	if good == "" { // wander from the start as far as doors lead
		good = m.wander(r)
	}
	var rooms uint32
	for _, set := range m.near {
		rooms |= set
	}
	rooms |= 1 << (m.goal - 'a')
	for _, i := range r.Perm(len(good)) {
		if good[i] == m.goal {
			continue
		}
		seen := uint32(0)
		for _, c := range []byte(good[:i+1]) {
			seen |= 1 << (c - 'a')
		}
		for _, c := range r.Perm(letters) {
			if to := uint32(1) << c; rooms&to == 0 || seen&to != 0 || m.near[good[i]-'a']&to != 0 {
				continue
			}
			if on := m.shortest(byte('a'+c), seen); on != "" {
				return good[:i+1] + on
			}
		}
	}
	return ""
}

// wander walks from the start at random, two moves at most.
func (m *maze) wander(r *rand.Rand) string {
	way := []byte{m.start}
	seen := uint32(1) << (m.start - 'a')
	for range 2 {
		var open []byte
		for c := range letters {
			if (m.near[way[len(way)-1]-'a']&^seen)>>c&1 == 1 {
				open = append(open, byte('a'+c))
			}
		}
		if len(open) == 0 {
			break
		}
		to := open[r.IntN(len(open))]
		way = append(way, to)
		seen |= 1 << (to - 'a')
	}
	return string(way)
}

// variant is a way other than the shortest one of the reference; the same one
// where the maze has no other.
func variant(raw json.RawMessage, r *rand.Rand) (string, error) {
	ref, m, err := decode(raw)
	if err != nil {
		return "", err
	}
	best := m.shortest(m.start, 0)
	var others []string
	for _, way := range m.ways() {
		if way != best {
			others = append(others, way)
		}
	}
	way := best
	if len(others) > 0 {
		way = others[r.IntN(len(others))]
	}
	switch {
	case ref.Dialect == world.Chat:
		ref.Answer = way
		if way == "" {
			ref.Answer = none
		}
		return ref.english().Solution, nil
	case way == "":
		return none, nil
	}
	return worked(way), nil
}

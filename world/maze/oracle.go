package maze

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/world"
)

// none is the answer where no way leads to the goal. It is no way itself,
// since it would enter room n twice.
const none = "none"

// reference tells a maze: its instance and the shortest way.
type reference struct {
	core.Reference
	Start   string `json:"start"`
	Goal    string `json:"goal"`
	Doors   string `json:"doors"` // pairs of letters, separated by commas
	Dialect string `json:"dialect"`
}

// task puts the task of m together.
func (m *maze) task(id, dialect string) core.Task {
	way := m.shortest(m.start, 0)
	ref := reference{
		Reference: core.Reference{Answer: none, Solution: none, World: "maze"},
		Start:     string(m.start), Goal: string(m.goal), Doors: strings.Join(m.doors, ","), Dialect: dialect,
	}
	if way != "" {
		ref.Answer, ref.Solution = way, worked(way)
	}
	if dialect == world.Chat {
		return world.NewTask("maze", id, m.english(), ref.english())
	}
	return world.NewTask("maze", id, fmt.Sprintf("maze %c>%c:%s=", m.start, m.goal, ref.Doors), ref)
}

// english is the prompt in the chat dialect.
func (m *maze) english() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The rooms of a maze are named by letters. Doors connect these pairs of rooms, both ways: ")
	for i, d := range m.doors {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(d[:1] + "-" + d[1:])
	}
	fmt.Fprintf(&b, ". Find a way from room %c to room %c that enters no room twice. "+
		"End with the rooms in the order visited, both ends included, on a line of its own, as #### a b c; "+
		"or, if there is no way, with #### none.", m.start, m.goal)
	return b.String()
}

// english puts the solution into the chat dialect.
func (r reference) english() reference {
	if r.Answer == none {
		r.Solution = "No chain of doors leads there.\n#### none"
		return r
	}
	var b strings.Builder
	for i := 1; i < len(r.Answer); i++ {
		fmt.Fprintf(&b, "From %c go to %c.\n", r.Answer[i-1], r.Answer[i])
	}
	r.Answer = spaced(r.Answer)
	r.Solution = b.String() + "#### " + r.Answer
	return r
}

// spaced is a way as the chat dialect writes it: a b c. What can be no way stays
// as it is.
func spaced(way string) string {
	if way == none || len(way) > letters || strings.ContainsFunc(way, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return way
	}
	return strings.Join(strings.Split(way, ""), " ")
}

// decode reads a reference and builds its maze anew.
func decode(raw json.RawMessage) (reference, maze, error) {
	var ref reference
	var m maze
	if err := world.Decode(raw, &ref); err != nil {
		return ref, m, err
	}
	m, err := build(ref.Start, ref.Goal, ref.Doors)
	if err != nil {
		return ref, m, fmt.Errorf("reading its reference: %w", err)
	}
	return ref, m, nil
}

// judge is the oracle.
func judge(raw json.RawMessage) (world.Judge, error) {
	ref, m, err := decode(raw)
	if err != nil {
		return nil, err
	}
	best := len(m.shortest(m.start, 0))
	return func(text string) world.Verdict {
		var v world.Verdict
		if ref.Dialect == world.Chat {
			v = m.judgeChat(text)
		} else {
			v = m.judgeCompact(text)
		}
		if longer := len(strings.ReplaceAll(v.Answer, " ", "")) - best; v.Valid && v.Answer != none && longer > 0 {
			v.Reason = fmt.Sprintf("right, though %d moves longer than the shortest way", longer)
		}
		return v
	}, nil
}

func (m *maze) judgeCompact(text string) world.Verdict {
	parts := strings.Split(strings.TrimSpace(text), ";")
	moves, answer := parts[:len(parts)-1], parts[len(parts)-1]
	v := world.Verdict{Answer: answer}
	wrong, reason := m.wrong(answer)
	v.Right = wrong == 0
	way := []byte{m.start}
	for i, s := range moves {
		if s == "" || len(s) != 2 || s[0] != way[len(way)-1] {
			v.FirstWrong, v.Reason = i+1, fmt.Sprintf("%.10q is no move from room %c", s, way[len(way)-1])
			return v
		}
		if r := m.bars(way, s[1]); r != "" {
			v.FirstWrong, v.Reason = i+1, r
			return v
		}
		way = append(way, s[1])
	}
	switch {
	case !v.Right && len(moves) == 0 && answer != none && answer != "":
		v.FirstWrong, v.Reason = 1, reason
	case !v.Right && answer == string(way): // stops short of the goal
		v.FirstWrong, v.Reason = len(moves)+1, reason
	case answer != none && answer != string(way):
		v.FirstWrong, v.Reason = len(moves)+1, fmt.Sprintf("the moves lead along %s, the answer is %.30q", way, answer)
	case !v.Right:
		v.FirstWrong, v.Reason = len(moves)+1, reason
	default:
		v.Valid = true
	}
	return v
}

// judgeChat judges the line marked ####. Its steps are the moves of the way.
func (m *maze) judgeChat(text string) world.Verdict {
	at := strings.LastIndex(text, "####")
	if at < 0 {
		return world.Verdict{FirstWrong: 1, Reason: "no line begins with ####"}
	}
	line, _, _ := strings.Cut(text[at+len("####"):], "\n")
	way := chatWay.Replace(strings.ToLower(line))
	v := world.Verdict{Answer: spaced(way)}
	v.FirstWrong, v.Reason = m.wrong(way)
	v.Right = v.FirstWrong == 0
	v.Valid = v.Right
	return v
}

// chatWay takes away what may stand between the rooms of a way.
var chatWay = strings.NewReplacer(" ", "", "\t", "", "\r", "", ",", "", ".", "", "-", "", ">", "", "→", "", "*", "", "`", "")

// wrong is the number of the first wrong move of a whole answer, and what is
// wrong with it; 0 if it is right.
func (m *maze) wrong(answer string) (int, string) {
	open := m.shortest(m.start, 0) != ""
	switch {
	case answer == "":
		return 1, "no answer"
	case answer == none && open:
		return 1, "there is a way"
	case answer == none:
		return 0, ""
	case answer[0] != m.start:
		return 1, fmt.Sprintf("the way begins in room %c", m.start)
	}
	for i := 1; i < len(answer); i++ {
		if r := m.bars([]byte(answer[:i]), answer[i]); r != "" {
			return i, r
		}
	}
	if answer[len(answer)-1] != m.goal {
		return len(answer), fmt.Sprintf("the way ends before room %c", m.goal)
	}
	return 0, ""
}

// bars tells what forbids to go on to room to after way; "" if nothing does.
func (m *maze) bars(way []byte, to byte) string {
	from := way[len(way)-1]
	switch {
	case from == m.goal:
		return fmt.Sprintf("room %c is the goal; the way ends there", from)
	case !m.door(from, to):
		return fmt.Sprintf("no door leads from %q to %q", from, to)
	case strings.IndexByte(string(way), to) >= 0:
		return fmt.Sprintf("room %c is entered twice", to)
	}
	return ""
}

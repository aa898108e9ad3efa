package prompt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pawl/core"
)

// Data is what a template may show. A template that shows a field outside of an
// if needs it; a field that is zero is missing, save Attempt, since a model may
// have said nothing.
type Data struct {
	Task     []core.Node // the task's own prompt; Turns makes one of text
	Attempt  string      // where it is "" and Steps are given, these joined
	Attempts []string    // several, in the order of A, B, ...
	Steps    []string    // the attempt, cut into steps; joined, they are the attempt
	Step     int         // from 1
	Level    int         // difficulty, 1 to 5
	World    string      // name of a world
	Plan     string      // sub-goals
	Error    string      // what is wrong with the attempt
	Rubric   string      // what a grade stands for
	Examples []string    // problems of the kind that is wanted
	Answer   string      // a final answer that the question is about

	Confidence string // in the attempt, stated before: 70%
}

// fields are the names that templates may use, in the order of messages. Task
// is the whole prompt as one text; Turn is its last turn: a template that shows
// it goes on with the task's conversation.
var fields = []string{"Task", "Turn", "Attempt", "Attempts", "Steps", "Step", "Level", "World", "Plan", "Error", "Rubric", "Examples", "Answer", "Confidence"}

// lists are the fields that range and join take.
var lists = []string{"Attempts", "Steps", "Examples"}

// Turns is a task's prompt of one user turn.
func Turns(text string) []core.Node {
	return []core.Node{{Role: core.RoleUser, Content: text}}
}

// values are the fields by name.
func (d Data) values(dialect string) map[string]any {
	if d.Attempt == "" {
		d.Attempt = strings.Join(d.Steps, "")
	}
	task, turn := transcript(d.Task, dialect), ""
	if dialect == Chat {
		task = fence(task)
	}
	if n := len(d.Task); n > 0 {
		turn = d.Task[n-1].Content
	}
	return map[string]any{
		"Task": task, "Turn": turn, "Attempt": d.Attempt, "Attempts": d.Attempts, "Steps": d.Steps, "Step": d.Step,
		"Level": d.Level, "World": d.World, "Plan": d.Plan, "Error": d.Error, "Rubric": d.Rubric, "Examples": d.Examples, "Answer": d.Answer,
		"Confidence": d.Confidence,
	}
}

// missing names the first of the needed fields that d does not have.
func (d Data) missing(needs []string) string {
	absent := map[string]bool{
		"Task": len(d.Task) == 0, "Turn": len(d.Task) == 0, "Attempts": len(d.Attempts) == 0, "Steps": len(d.Steps) == 0,
		"Step": d.Step == 0, "Level": d.Level == 0, "World": d.World == "", "Plan": d.Plan == "", "Error": d.Error == "",
		"Rubric": d.Rubric == "", "Examples": len(d.Examples) == 0, "Answer": d.Answer == "", "Confidence": d.Confidence == "",
	}
	for _, name := range fields {
		if absent[name] && slices.Contains(needs, name) {
			return name
		}
	}
	return ""
}

// transcript is a prompt as one text: the content of its only turn, or all
// turns, in chat with who says each.
func transcript(path []core.Node, dialect string) string {
	if len(path) == 1 {
		return path[0].Content
	}
	var parts []string
	for _, n := range path {
		if dialect == Chat {
			parts = append(parts, speaker(n.Role)+": "+n.Content)
		} else {
			parts = append(parts, n.Content)
		}
	}
	if dialect == Chat {
		return strings.Join(parts, "\n\n")
	}
	return strings.Join(parts, Separator)
}

func speaker(role string) string {
	switch role {
	case core.RoleSystem:
		return "System"
	case core.RoleAssistant:
		return "Assistant"
	case core.RoleTool:
		return "Tool"
	}
	return "User"
}

// UnfitError is text that the compact dialect cannot show: the line would end
// early, or read as if it had other parts.
type UnfitError struct {
	Template, Field, Why string
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("rendering %s in the compact dialect: %s %s", e.Template, strings.ToLower(e.Field), e.Why)
}

// fitLine checks everything that a compact line shows, with the space that may
// stand around it: a field that ends in " |" or begins with "?" would read as
// another part or as the mark of a role. Separators within a transcript are this
// package's own.
func fitLine(template string, d Data, shown []string) error {
	check := func(field string, texts ...string) error {
		if !slices.Contains(shown, field) {
			return nil
		}
		for _, s := range texts {
			why := ""
			switch {
			case strings.ContainsAny(s, "\n\r"):
				why = "holds a newline"
			case strings.Contains(" "+s+" ", Separator):
				why = fmt.Sprintf("holds the separator %q, or would with the space beside it", Separator)
			case strings.Contains(" "+s, mark):
				why = fmt.Sprintf("holds %q, which begins the mark of a role, or would with the space before it", mark)
			}
			if why != "" {
				return &UnfitError{template, field, why}
			}
		}
		return nil
	}
	var turns []string
	for _, n := range d.Task {
		turns = append(turns, n.Content)
	}
	for _, c := range []struct {
		field string
		texts []string
	}{
		{"Task", turns}, {"Turn", turns}, {"Attempt", []string{d.Attempt, strings.Join(d.Steps, "")}}, {"Attempts", d.Attempts},
		{"Steps", d.Steps}, {"Examples", d.Examples}, {"World", []string{d.World}}, {"Plan", []string{d.Plan}},
		{"Error", []string{d.Error}}, {"Rubric", []string{d.Rubric}}, {"Answer", []string{d.Answer}}, {"Confidence", []string{d.Confidence}},
	} {
		if err := check(c.field, c.texts...); err != nil {
			return err
		}
	}
	return nil
}

// tags bound what the chat templates show; text that holds one would seem to end
// early, or to begin another part.
var tags = regexp.MustCompile(`(?i)<([\s/]*(?:problem|solution|example)\b[^<>]*)>`)

// fence takes the tags out of a text: their brackets become parentheses.
func fence(s string) string { return tags.ReplaceAllString(s, "($1)") }

// fenced is d with no tags inside of its texts. The last turn stays as it is:
// templates that show it go on with the conversation, and have no tags.
func (d Data) fenced() Data {
	each := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			out[i] = fence(s)
		}
		return out
	}
	d.Attempt, d.Plan, d.Error, d.Answer = fence(d.Attempt), fence(d.Plan), fence(d.Error), fence(d.Answer)
	d.Confidence = fence(d.Confidence)
	d.Attempts, d.Steps, d.Examples = each(d.Attempts), each(d.Steps), each(d.Examples)
	return d
}

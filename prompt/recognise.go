package prompt

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template/parse"

	"pawl/core"
)

// Recognise reads a chat prompt back: which built-in template worded the last
// turn of a path, and what it shows, as Render was given it, tags in parentheses.
// It is what Render is undone by: for those who play a model, and for looking
// through recordings. Text that merely quotes a template is not taken for one.
// ok is false where no template did; the path is then a task's own.
func Recognise(path []core.Node) (name string, d Data, ok bool) {
	if len(path) == 0 || path[len(path)-1].Role != core.RoleUser {
		return "", d, false
	}
	text := path[len(path)-1].Content
	for _, p := range patterns() {
		if d, ok = p.read(text); !ok {
			continue
		}
		if p.turn { // the template goes on with the task's conversation
			d.Task[0] = path[len(path)-1]
			d.Task[0].Content = p.turnOf(text)
			d.Task = append(slices.Clone(path[:len(path)-1]), d.Task[0])
		}
		return p.name, d, true
	}
	return "", Data{}, false
}

// Transcript is a task's prompt as the chat templates show it.
func Transcript(path []core.Node) string { return fence(transcript(path, Chat)) }

// pattern is a template turned around.
type pattern struct {
	name  string
	re    *regexp.Regexp
	slots []slot // of the groups of re, in order
	turn  bool   // it shows Turn

	begin, end string // words of its own that it begins and ends with, "" where it need not
}

// slot is what a group holds.
type slot struct {
	field string
	items *items // of a list as a whole
}

// items are those of a list: what stands before the first, between two, and after
// the last.
type items struct{ first, between, last *regexp.Regexp }

// split gives the items of a text that is all of them.
func (i *items) split(text string) []string {
	if text == "" {
		return nil
	}
	if at := i.first.FindStringIndex(text); at != nil {
		text = text[at[1]:]
	}
	if at := i.last.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	return i.between.Split(text, -1)
}

// patterns of the chat templates, those with more words of their own first: what
// fits two is the longer one's.
var patterns = sync.OnceValue(func() []pattern {
	var all []pattern
	fixed := map[string]int{}
	for _, name := range Names() {
		f := builtins[name].forms[Chat]
		var p pattern
		p.name = name
		var b strings.Builder
		p.list(&b, f.tmpl.Root, false)
		p.re = regexp.MustCompile(`(?s)\A` + b.String() + `\z`)
		nodes := f.tmpl.Root.Nodes
		p.begin, p.end = words(nodes[0]), words(nodes[len(nodes)-1])
		p.turn = slices.Contains(f.shows, "Turn")
		all = append(all, p)
		fixed[name] = len(f.source)
	}
	slices.SortStableFunc(all, func(a, b pattern) int { return fixed[b.name] - fixed[a.name] })
	return all
})

// words are the text of a part that is nothing else.
func words(n parse.Node) string {
	if t, ok := n.(*parse.TextNode); ok {
		return string(t.Text)
	}
	return ""
}

// anyText is whatever a field may hold.
const anyText = `(.*?)`

// list writes the pattern of a part of a template. Inside of a range groups are
// for the items' own pattern.
func (p *pattern) list(b *strings.Builder, l *parse.ListNode, inRange bool) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			b.WriteString(regexp.QuoteMeta(string(n.Text)))
		case *parse.ActionNode:
			p.action(b, n.Pipe.Cmds[0].Args, inRange)
		case *parse.IfNode:
			b.WriteString("(?:")
			p.list(b, n.List, inRange)
			b.WriteString("|")
			p.list(b, n.ElseList, inRange)
			b.WriteString(")")
		case *parse.RangeNode:
			var item strings.Builder
			p.list(&item, n.List, true)
			b.WriteString("((?:" + strings.ReplaceAll(item.String(), anyText, ".*?") + ")*)")
			before, after, _ := strings.Cut(item.String(), anyText)
			of := &items{regexp.MustCompile(`\A` + before), regexp.MustCompile(after + before), regexp.MustCompile(after + `\z`)}
			p.slots = append(p.slots, slot{fieldName(n.Pipe.Cmds[0].Args[0]), of})
		}
	}
}

// action writes the pattern of a value.
func (p *pattern) action(b *strings.Builder, args []parse.Node, inRange bool) {
	name := ""
	switch first := args[0].(type) {
	case *parse.FieldNode:
		name = fieldName(first)
	case *parse.IdentifierNode:
		if first.Ident == "index" {
			name = fieldName(args[1]) // in order, as a comparison has them
			break
		}
		b.WriteString("[0-9]+") // number, len
		return
	}
	b.WriteString(anyText)
	if !inRange {
		p.slots = append(p.slots, slot{field: name})
	}
}

// read matches a text.
func (p *pattern) read(text string) (d Data, ok bool) {
	if !strings.HasPrefix(text, p.begin) || !strings.HasSuffix(text, p.end) {
		return d, false // which is seen faster so
	}
	m := p.re.FindStringSubmatch(text)
	if m == nil {
		return d, false
	}
	for i, s := range p.slots {
		if s.items == nil {
			d.set(s.field, m[i+1])
			continue
		}
		for _, item := range s.items.split(m[i+1]) {
			d.set(s.field, item)
		}
	}
	return d, true
}

// turnOf is what a template that goes on with a conversation was given as its
// last turn.
func (p *pattern) turnOf(text string) string {
	m := p.re.FindStringSubmatch(text)
	return m[1+slices.IndexFunc(p.slots, func(s slot) bool { return s.field == "Turn" })]
}

// set fills one field in. Two places of a template that show one field show the
// same; of alternatives only one has text.
func (d *Data) set(field, text string) {
	one := map[string]*string{
		"Attempt": &d.Attempt, "World": &d.World, "Plan": &d.Plan, "Error": &d.Error, "Rubric": &d.Rubric, "Answer": &d.Answer,
		"Confidence": &d.Confidence, "Reference": &d.Reference, "Criterion": &d.Criterion,
	}
	many := map[string]*[]string{"Attempts": &d.Attempts, "Steps": &d.Steps, "Examples": &d.Examples, "Remarks": &d.Remarks}
	switch {
	case one[field] != nil:
		if text != "" {
			*one[field] = text
		}
	case many[field] != nil:
		*many[field] = append(*many[field], text)
	case field == "Step":
		if n, ok := decimal(text); ok {
			d.Step = n
		}
	case field == "Level":
		if n, ok := decimal(text); ok {
			d.Level = n
		}
	default: // Task, Turn
		d.Task = Turns(text)
	}
}

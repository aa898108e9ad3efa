package prompt

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
)

// Limits of templates: of their text, and of what they render.
const (
	maxSource   = 16 << 10
	maxRendered = 1 << 20
)

// functions are all that a template may call. None calls a method, makes text
// of a width that the template chooses, or loops.
var functions = template.FuncMap{
	"number": func(i int) int { return i + 1 }, // people count from 1
	"join":   func(list []string, by string) string { return strings.Join(list, by) },
}

var builtin = []string{"len", "index", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"}

// SyntaxError is a mistake in a template.
type SyntaxError struct {
	Name, Dialect string
	Line          int // from 1
	Why           string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("parsing the %s form of prompt %s: line %d: %s", e.Dialect, e.Name, e.Line, e.Why)
}

// form is a template in one dialect.
type form struct {
	source string
	tmpl   *template.Template
	needs  []string // fields shown outside of any if
	shows  []string // all fields shown
}

// located matches the errors of text/template.
var located = regexp.MustCompile(`(?s)^template: [^:]*:(\d+)(?::\d+)?: (.*)$`)

func newForm(name, dialect, text string) (*form, error) {
	fail := func(line int, format string, args ...any) error {
		return &SyntaxError{name, dialect, max(line, 1), fmt.Sprintf(format, args...)}
	}
	if len(text) > maxSource {
		return nil, fail(1, "the template has %d bytes; it may have %d", len(text), maxSource)
	}
	text = strings.TrimRight(text, " \t\r\n")
	if strings.TrimSpace(text) == "" {
		return nil, fail(1, "the template is empty")
	}
	t, err := template.New("t").Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		if m := located.FindStringSubmatch(err.Error()); m != nil {
			line, _ := strconv.Atoi(m[1])
			return nil, fail(line, "%s", m[2])
		}
		return nil, fail(1, "%v", err)
	}
	if len(t.Templates()) > 1 {
		return nil, fail(1, "a template may not define others")
	}
	c := &checker{tree: t.Tree, form: &form{source: text, tmpl: t}, compact: dialect == Compact}
	c.list(t.Root)
	if c.why != "" {
		return nil, fail(c.line, "%s", c.why)
	}
	return c.form, nil
}

// checker walks a template for what is not allowed and for what it shows.
type checker struct {
	tree    *parse.Tree
	form    *form
	compact bool
	guarded []string // fields that an if around has seen to be there
	inRange bool
	why     string // the first mistake
	line    int
}

// refuse notes the first mistake.
func (c *checker) refuse(n parse.Node, format string, args ...any) {
	if c.why != "" {
		return
	}
	location, _ := c.tree.ErrorContext(n)
	if parts := strings.Split(location, ":"); len(parts) > 1 {
		c.line, _ = strconv.Atoi(parts[1])
	}
	c.why = fmt.Sprintf(format, args...)
}

func (c *checker) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			if i := strings.IndexByte(string(n.Text), '\n'); i >= 0 && c.compact {
				c.refuse(n, "a compact prompt is one line; this one goes on below (trim with {{- and -}})")
			}
		case *parse.ActionNode:
			c.pipe(n.Pipe)
		case *parse.IfNode:
			c.branch(n)
		case *parse.RangeNode:
			c.loop(n)
		case *parse.BreakNode, *parse.ContinueNode, *parse.CommentNode:
		default:
			c.refuse(n, "%s is not allowed; there are values, if and range", n)
		}
	}
}

// branch guards the fields that its condition names.
func (c *checker) branch(n *parse.IfNode) {
	asked := &checker{tree: c.tree, form: &form{}, inRange: c.inRange}
	asked.pipe(n.Pipe)
	if asked.why != "" && c.why == "" {
		c.why, c.line = asked.why, asked.line
	}
	before := c.guarded
	c.guarded = append(slices.Clone(before), asked.form.shows...)
	c.list(n.List)
	c.guarded = before
	c.list(n.ElseList)
}

func (c *checker) loop(n *parse.RangeNode) {
	name := ""
	if cmds := n.Pipe.Cmds; len(cmds) == 1 && len(cmds[0].Args) == 1 {
		name = fieldName(cmds[0].Args[0])
	}
	if c.inRange || !slices.Contains(lists, name) {
		c.refuse(n, "range goes over one of .%s, and not inside of another", strings.Join(lists, ", ."))
		return
	}
	c.pipe(n.Pipe)
	c.inRange = true
	c.list(n.List)
	c.inRange = false
	c.list(n.ElseList)
}

func (c *checker) pipe(p *parse.PipeNode) {
	for _, cmd := range p.Cmds {
		for _, arg := range cmd.Args {
			c.arg(arg)
		}
	}
}

func (c *checker) arg(n parse.Node) {
	switch n := n.(type) {
	case *parse.FieldNode, *parse.VariableNode:
		name := fieldName(n)
		switch {
		case name == "" && n.Type() == parse.NodeVariable: // a variable of the template's own, or $
			if v := n.(*parse.VariableNode); len(v.Ident) > 1 || v.Ident[0] == "$" {
				c.refuse(n, "%s is not one of .%s", n, strings.Join(fields, ", ."))
			}
		case !slices.Contains(fields, name):
			c.refuse(n, "%s is not one of .%s", n, strings.Join(fields, ", ."))
		case c.inRange && n.Type() == parse.NodeField:
			c.refuse(n, "inside of range, %s is $.%s", n, name)
		default:
			c.show(name)
		}
	case *parse.DotNode:
		if !c.inRange {
			c.refuse(n, "outside of range, a dot alone means nothing; name a field")
		}
	case *parse.IdentifierNode:
		if _, own := functions[n.Ident]; !own && !slices.Contains(builtin, n.Ident) {
			c.refuse(n, "the function %s is not allowed; there are number, join, %s", n.Ident, strings.Join(builtin, ", "))
		}
	case *parse.PipeNode:
		c.pipe(n)
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
	default:
		c.refuse(n, "%s is not allowed", n)
	}
}

func (c *checker) show(name string) {
	if !slices.Contains(c.form.shows, name) {
		c.form.shows = append(c.form.shows, name)
	}
	if !slices.Contains(c.guarded, name) && !slices.Contains(c.form.needs, name) {
		c.form.needs = append(c.form.needs, name)
	}
}

// fieldName is Task of .Task and of $.Task, else "".
func fieldName(n parse.Node) string {
	switch n := n.(type) {
	case *parse.FieldNode:
		if len(n.Ident) == 1 {
			return n.Ident[0]
		}
	case *parse.VariableNode:
		if len(n.Ident) == 2 && n.Ident[0] == "$" {
			return n.Ident[1]
		}
	}
	return ""
}

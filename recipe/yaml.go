package recipe

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"pawl/registry"
)

// Limits against documents that are small on disk and huge in memory.
const (
	maxBytes = 1 << 20
	maxNodes = 100_000 // after aliases are expanded
	maxDepth = 64
)

// Read parses one YAML document. It reports duplicate keys, unknown aliases
// and syntax errors with their position.
func Read(file string, src []byte) (registry.Value, registry.Problems) {
	r := &reader{file: file}
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // as some editors of Windows begin a file
	if len(src) > maxBytes {
		r.add(1, 1, fmt.Sprintf("the file has %d bytes; a recipe has at most %d", len(src), maxBytes), "is it a recipe?")
		return registry.Value{}, r.problems
	}
	if !utf8.Valid(src) || strings.ContainsRune(string(src), 0) {
		r.add(1, 1, "the file is not UTF-8 text", "is it a recipe?")
		return registry.Value{}, r.problems
	}
	if line, col := deepFlow(src); line > 0 {
		r.add(line, col, fmt.Sprintf("nested deeper than %d", maxDepth), "")
		return registry.Value{}, r.problems
	}
	parsed, err := parse(src)
	if err != nil {
		r.syntax(src, err)
		return registry.Value{}, r.problems
	}
	var root registry.Value
	read := false
	for _, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		if read {
			t := doc.Body.GetToken()
			r.add(t.Position.Line, t.Position.Column, "a second document", "a file holds one recipe")
			break
		}
		if _, ok := doc.Body.(*ast.DirectiveNode); ok {
			continue
		}
		read = true
		root = r.node(doc.Body, 0)
	}
	return root, r.problems.Sort()
}

// parse shields from panics of the parser on hostile input.
func parse(src []byte) (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not YAML: %v", p)
		}
	}()
	// Duplicate keys are found by node, all of them with their place.
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

// deepFlow finds brackets nested so deeply that a recursive parser would need
// an unreasonable stack.
func deepFlow(src []byte) (line, col int) {
	depth, line, col := 0, 1, 0
	for _, c := range string(src) {
		col++
		switch c {
		case '\n':
			line, col = line+1, 0
		case '[', '{':
			if depth++; depth > 4*maxDepth {
				return line, col
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return 0, 0
}

type reader struct {
	file     string
	problems registry.Problems
	anchors  map[string]registry.Value
	nodes    int
}

func (r *reader) add(line, col int, message, hint string) {
	r.problems = append(r.problems, registry.Problem{File: r.file, Line: max(1, line), Col: max(1, col), Message: message, Hint: hint})
}

// syntax reports an error of the parser in our form. Where a line is indented
// by a tab, that is the cause whatever the parser says.
func (r *reader) syntax(src []byte, err error) {
	line, col, message := 1, 1, err.Error()
	var e yaml.Error
	if errors.As(err, &e) {
		message = e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			line, col = t.Position.Line, t.Position.Column
		}
	}
	n := 0
	for text := range strings.Lines(string(src)) {
		n++
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		if i := strings.IndexByte(indent, '\t'); i >= 0 && n <= line+1 && strings.TrimSpace(text) != "" {
			r.add(n, i+1, "a tab indents this line", "YAML is indented by spaces")
			return
		}
	}
	first, _, _ := strings.Cut(message, "\n")
	r.add(line, col, first, "")
}

// node converts one node. The position is that of the value, past any anchor.
func (r *reader) node(n ast.Node, depth int) registry.Value {
	var v registry.Value
	if n == nil {
		return v
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		v.Line, v.Col = max(1, t.Position.Line), max(1, t.Position.Column)
	}
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		if r.nodes == maxNodes+1 || depth == maxDepth+1 {
			r.add(v.Line, v.Col, "the document is too large or too deep", "")
		}
		r.nodes = max(r.nodes, maxNodes+1) // stop everywhere
		return v
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		r.mapping(&v, n.Values, depth)
	case *ast.MappingValueNode:
		r.mapping(&v, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		v.Form = registry.List
		for _, item := range n.Values {
			v.Items = append(v.Items, r.node(item, depth+1))
		}
	case *ast.LiteralNode:
		v.Form, v.Quoted = registry.Text, true
		v.Block = n.Start != nil && n.Start.Type == token.LiteralType
		if n.Value != nil {
			v.Text = n.Value.Value
		}
	case *ast.StringNode:
		v.Form, v.Text = registry.Text, n.Value
		v.Quoted = quoted(n)
	case *ast.AnchorNode:
		name := ""
		if n.Name != nil {
			name = n.Name.GetToken().Value
		}
		v = r.node(n.Value, depth+1)
		if r.anchors == nil {
			r.anchors = map[string]registry.Value{}
		}
		r.anchors[name] = v
	case *ast.AliasNode:
		return r.alias(n, v)
	case *ast.TagNode:
		r.add(v.Line, v.Col, "YAML tags are not used in recipes", "drop "+n.Start.Value)
	default:
		if n.GetToken() != nil {
			v.Form, v.Text = registry.Text, n.GetToken().Value
		}
	}
	return v
}

func quoted(n *ast.StringNode) bool {
	return n.Token != nil && quotes(n.Token)
}

func quotes(t *token.Token) bool {
	ind := strings.TrimSpace(t.Origin)
	return strings.HasPrefix(ind, `"`) || strings.HasPrefix(ind, "'")
}

// alias copies what the anchor before it named. The copy keeps the positions
// of the original, where a faulty value must be mended.
func (r *reader) alias(n *ast.AliasNode, v registry.Value) registry.Value {
	name := ""
	if n.Value != nil {
		name = n.Value.GetToken().Value
	}
	target, ok := r.anchors[name]
	if !ok {
		r.add(v.Line, v.Col, fmt.Sprintf("no anchor &%s stands before this alias", name), "")
		return v
	}
	r.nodes += size(target)
	return target
}

// size counts nodes, for the limit that keeps aliases of aliases small.
func size(v registry.Value) int {
	n := 1
	for _, i := range v.Items {
		n += size(i)
	}
	for _, f := range v.Fields {
		n += size(f.Value)
	}
	return n
}

func (r *reader) mapping(v *registry.Value, values []*ast.MappingValueNode, depth int) {
	v.Form = registry.Map
	first := map[string]int{}
	var merged []registry.Member
	for i, mv := range values {
		t := mv.Key.GetToken()
		if k, ok := mv.Key.(*ast.MappingKeyNode); ok && k.Value != nil {
			t = k.Value.GetToken()
		}
		line, col := max(1, t.Position.Line), max(1, t.Position.Column)
		if i == 0 {
			v.Line, v.Col = line, col // the map begins at its first key
		}
		value := r.node(mv.Value, depth+1)
		if mv.Key.IsMergeKey() {
			merged = append(merged, r.merge(value, line, col)...)
			continue
		}
		switch mv.Key.(type) {
		case *ast.AliasNode, *ast.AnchorNode:
			r.add(line, col, "a key can be no anchor or alias", "")
			continue
		}
		if at, ok := first[t.Value]; ok {
			r.add(line, col, fmt.Sprintf("the key %q is already on line %d", t.Value, at), "keep one of them")
			continue
		}
		first[t.Value] = line
		v.Fields = append(v.Fields, registry.Member{Key: t.Value, Quoted: quotes(t), Line: line, Col: col, Value: value})
	}
	// Keys of the map itself win over merged ones, earlier merges over later.
	for _, m := range merged {
		if _, ok := first[m.Key]; !ok {
			first[m.Key] = m.Line
			v.Fields = append(v.Fields, m)
		}
	}
}

// merge gives the members that `<<: value` brings in.
func (r *reader) merge(value registry.Value, line, col int) []registry.Member {
	switch value.Form {
	case registry.Map:
		return value.Fields
	case registry.List:
		var all []registry.Member
		for _, item := range value.Items {
			all = append(all, r.merge(item, line, col)...)
		}
		return all
	}
	r.add(line, col, "<< merges maps", "write <<: *anchor")
	return nil
}

package embedded

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/nn"
)

// Chat templates of models that Pawl makes. Both are plain Jinja, so that other
// tools render the same tokens: an answer that another turn follows is closed.
// Here they are built in, for speed.
const (
	// lineTemplate, for bytes: every turn but an answer ends its line.
	lineTemplate = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}" +
		"{% if message['role'] == 'assistant' %}{{ eos_token }}{% else %}{{ '\\n' }}{% endif %}{% endfor %}"
	// wordTemplate, for words between spaces: a space before every turn.
	wordTemplate = "{{ bos_token }}{% for message in messages %}{{ ' ' + message['content'] }}" +
		"{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
)

// renewed are the templates of models that were made before theirs closed answers.
var renewed = map[string]string{
	"{% for message in messages %}{{ message['content'] }}{% if message['role'] != 'assistant' %}{{ '\\n' }}{% endif %}{% endfor %}": lineTemplate,
	"{% for message in messages %}{{ ' ' + message['content'] }}{% endfor %}":                                                        wordTemplate,
}

// text is a tokenizer with its chat template: the way between paths and ids.
type text struct {
	tok     *nn.Tokenizer
	plainly *nn.Tokenizer // tok, without cleaning up what it decodes
	source  string        // of the template; "" for none
	jinja   *template     // nil for none and for those built in
	toolUse *template     // in place of jinja where there are tools; nil for none
	strips  bool          // decoding drops the space that text starts with

	constraints constraints
	tokens      tokens
}

func newText(tokenizer, config []byte) (*text, error) {
	tok, err := nn.ReadTokenizer(tokenizer, config)
	if err != nil {
		return nil, err
	}
	t := &text{tok: tok, plainly: tok.Verbatim(), strips: strips(tok)}
	t.source = tok.ChatTemplate()
	if now, old := renewed[t.source]; old {
		t.source = now
	}
	if n := len(tok.ChatTemplates()); n > 0 && t.source == "" {
		return nil, fmt.Errorf("tokenizer_config.json: chat_template: none of the %d templates is named default", n)
	}
	if t.source != "" && t.source != lineTemplate && t.source != wordTemplate {
		if t.jinja, err = parseTemplate(t.source); err != nil {
			return nil, fmt.Errorf("tokenizer_config.json: chat_template: %w", err)
		}
	}
	if named := tok.ChatTemplates()["tool_use"]; named != "" && t.jinja != nil {
		if t.toolUse, err = parseTemplate(named); err != nil {
			return nil, fmt.Errorf("tokenizer_config.json: chat_template: tool_use: %w", err)
		}
	}
	return t, nil
}

// fits checks that the model knows every token that text can become.
func (t *text) fits(m *nn.Model) error {
	if have, want := m.Config().Vocab, t.tok.Size(); want > have {
		return fmt.Errorf("the tokenizer has %d tokens, but the model only %d", want, have)
	}
	return nil
}

func withTemplate(config []byte, template string) ([]byte, error) {
	if template == "" {
		return config, nil
	}
	var fields map[string]any
	if err := json.Unmarshal(config, &fields); err != nil {
		return nil, fmt.Errorf("adding a chat template: %w", err)
	}
	fields["chat_template"] = template
	return json.MarshalIndent(fields, "", "  ")
}

// plain gives the text of turns as the built-in templates have it. Without a
// template the contents follow each other as they are.
func (t *text) plain(path []core.Node) string {
	var b strings.Builder
	for _, n := range path {
		if t.source == wordTemplate {
			b.WriteByte(' ')
		}
		b.WriteString(n.Content)
		if t.source == lineTemplate && n.Role != core.RoleAssistant {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// between gives the text before each assistant turn of path, and the text
// after the last one.
func (t *text) between(path []core.Node, tools json.RawMessage) ([]string, error) {
	if template := t.jinja; template != nil && len(path) > 0 {
		if tools != nil && t.toolUse != nil {
			template = t.toolUse
		}
		return template.between(path, tools, t.tok.Token(t.tok.BOS()), t.tok.Token(t.tok.EOS()))
	}
	var texts []string
	from := 0
	for i, n := range path {
		if !answers(n) && n.Role == core.RoleAssistant {
			return nil, fmt.Errorf("rendering turn %d: it has tool calls, and the model no chat template that could spell them", i+1)
		}
		if answers(n) {
			texts = append(texts, t.plain(path[from:i]))
			from = i + 1
		}
	}
	return append(texts, t.plain(path[from:])), nil
}

// rendered is a path as ids; loss marks those of assistant turns.
type rendered struct {
	ids  []int32
	loss []bool
}

func (r *rendered) add(ids []int32, loss bool) {
	r.ids = append(r.ids, ids...)
	for range ids {
		r.loss = append(r.loss, loss)
	}
}

// render encodes a path. Assistant turns that were sampled keep their own ids,
// since the same text may have been sampled as other tokens; those that come
// as text end with the end token. A last assistant turn that comes as text is
// left open, to be continued, unless closed says that it is complete.
func (t *text) render(path []core.Node, tools json.RawMessage, closed bool) (rendered, error) {
	var r rendered
	if t.addsBOS() || len(path) == 0 && t.tok.AddsBOS() {
		r.add([]int32{t.tok.BOS()}, false)
	}
	texts, err := t.between(path, tools)
	if err != nil {
		return r, err
	}
	start, turn := true, 0 // start: no text precedes
	put := func(s string) error {
		if eos := t.tok.EOS(); t.jinja != nil && !start && eos >= 0 && r.ids[len(r.ids)-1] == eos {
			s = strings.TrimPrefix(s, t.tok.Token(eos)) // the turn before has it
		}
		if s == "" {
			return nil
		}
		ids, err := t.encode(s, start)
		r.add(ids, false)
		start = false
		return err
	}
	for i, n := range path {
		if !answers(n) {
			continue
		}
		if err := put(texts[turn]); err != nil {
			return r, err
		}
		turn++
		answer := n.TokenIDs
		if answer == nil {
			if answer, err = t.answer(n.Content, start); err != nil {
				return r, err
			}
			if eos := t.tok.EOS(); eos >= 0 && (closed || i+1 < len(path)) {
				answer = append(answer, eos)
			}
		}
		r.add(answer, true)
		start = start && len(answer) == 0
	}
	return r, put(texts[turn])
}

// encode is for text that is no answer; start tells that nothing precedes it.
func (t *text) encode(s string, start bool) ([]int32, error) {
	switch {
	case t.jinja != nil:
		return t.tok.EncodeSpecial(s) // the template spells special tokens out
	case start:
		return t.tok.Encode(s)
	}
	return t.tok.Continue(s)
}

// prompt gives the ids that a continuation of path follows.
func (t *text) prompt(path []core.Node, tools json.RawMessage) ([]int32, error) {
	r, err := t.render(path, tools, false)
	return r.ids, err
}

// addsBOS tells whether ids start with the begin token. A Jinja template writes
// it itself.
func (t *text) addsBOS() bool { return t.jinja == nil && t.tok.AddsBOS() }

// answer encodes the content of a turn that was not sampled here.
func (t *text) answer(content string, start bool) ([]int32, error) {
	if t.source == wordTemplate && content != "" { // an empty turn is no token, as it is sampled
		content = " " + content
	}
	if start {
		return t.tok.Encode(content)
	}
	return t.tok.Continue(content)
}

// metaspace stands for a space in the vocabularies of SentencePiece.
const metaspace = "\u2581"

// strips tells whether a tokenizer drops the space that text starts with when
// it decodes, since it puts one there when it encodes.
func strips(tok *nn.Tokenizer) bool {
	tok = tok.Verbatim()
	for id := range int32(tok.Size()) {
		if word, ok := strings.CutPrefix(tok.Token(id), metaspace); ok && word != "" && !strings.HasPrefix(word, metaspace) {
			return tok.Decode([]int32{id}) == word
		}
	}
	return false
}

// resumes tells whether ids go on in the middle of a text from a space, which
// decoding them alone would drop. Turns of a chat start their own text.
func (t *text) resumes(ids []int32, start bool) bool {
	return t.strips && t.source == "" && !start && len(ids) > 0 && strings.HasPrefix(t.tok.Token(ids[0]), metaspace)
}

// turn is how the text of a turn is read.
type turn struct {
	start    bool // no text precedes it
	verbatim bool // not cleaned up: it keeps a constraint, which knows no cleaning
}

// decode is the content of sampled ids, end token left out.
func (t *text) decode(ids []int32, at turn) string {
	if eos := t.tok.EOS(); len(ids) > 0 && eos >= 0 && ids[len(ids)-1] == eos {
		ids = ids[:len(ids)-1]
	}
	s := t.plainly.Decode(ids)
	if t.resumes(ids, at.start) {
		s = " " + s
	}
	if t.source == wordTemplate {
		s = strings.TrimPrefix(s, " ")
	}
	if c := t.cleaner(at); c != nil {
		s = c.Write(s) + c.Flush()
	}
	return s
}

func (t *text) cleaner(at turn) *nn.Cleaner {
	if at.verbatim || !t.tok.CleansUp() {
		return nil
	}
	return new(nn.Cleaner)
}

// stream decodes a turn token by token: what it writes, put together, begins
// what decode gives for all ids. A character is written once it is whole, a space
// once it is sure to stay.
type stream struct {
	t     *text
	d     *nn.Decoder
	clean *nn.Cleaner // nil for none
	start bool
	begun bool // a token has been there
	strip bool // the space before the turn is still to come
}

func (t *text) newStream(at turn) *stream {
	return &stream{t: t, d: t.plainly.NewDecoder(), clean: t.cleaner(at), start: at.start, strip: t.source == wordTemplate}
}

func (w *stream) write(id int32) string {
	s := w.d.Write(id)
	if !w.begun && w.t.resumes([]int32{id}, w.start) {
		s = " " + s
	}
	w.begun = true
	if w.strip && s != "" {
		s, w.strip = strings.TrimPrefix(s, " "), false
	}
	if w.clean != nil {
		s = w.clean.Write(s)
	}
	return s
}

// EncodePath renders a path for training; see core.Encoder. What it gives for
// a sampled turn is the prompt it was sampled after, then its own ids.
func (t *text) EncodePath(path []core.Node) ([]int32, []bool, error) {
	r, _, err := t.encodePath(path)
	return r.ids, r.loss, err
}

// encodePath also tells where the ids of a last assistant turn begin; of a path
// that ends otherwise, where they all end.
func (t *text) encodePath(path []core.Node) (r rendered, from int, err error) {
	last, tools := len(path)-1, offered(path, nil)
	if last < 0 || path[last].Role != core.RoleAssistant {
		r, err := t.render(path, tools, true)
		return r, len(r.ids), err
	}
	if !answers(path[last]) {
		return r, 0, fmt.Errorf("encoding a path: its last turn has tool calls that were not sampled; such turns are context only")
	}
	if r, err = t.render(path[:last], tools, true); err != nil {
		return rendered{}, 0, err
	}
	answer := path[last].TokenIDs
	if answer == nil {
		if answer, err = t.answer(path[last].Content, t.blank(r.ids)); err != nil {
			return rendered{}, 0, err
		}
		if eos := t.tok.EOS(); eos >= 0 {
			answer = append(answer, eos)
		}
	}
	from = len(r.ids)
	r.add(answer, true)
	return r, from, nil
}

// SpellPath makes a text a core.Speller.
func (t *text) SpellPath(path []core.Node) ([]int32, []bool, []string, error) {
	r, from, err := t.encodePath(path)
	if err != nil {
		return nil, nil, nil, err
	}
	return r.ids, r.loss, t.spell(r.ids, from), nil
}

// spell tells what each of the ids from from on completes of the text of its turn.
func (t *text) spell(ids []int32, from int) []string {
	text := make([]string, 0, len(ids)-from)
	w := t.newStream(turn{start: t.blank(ids[:from])})
	for _, id := range ids[from:] {
		text = append(text, w.write(id))
	}
	return text
}

// blank tells whether ids hold nothing but a begin token.
func (t *text) blank(ids []int32) bool {
	return len(ids) == 0 || len(ids) == 1 && ids[0] == t.tok.BOS()
}

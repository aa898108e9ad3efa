package tokenizer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Decode turns tokens into text. Special tokens give nothing. An id without a
// token gives U+FFFD, and so does each part of ill-formed UTF-8 that starts
// like a character but is none (Unicode Standard, 3.9, maximal subparts). Where
// tokenizer_config.json asks for it, the text is cleaned up; see Cleaner.
func (t *Tokenizer) Decode(ids []int32) string {
	d := t.NewDecoder()
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(d.Write(id))
	}
	b.WriteString(d.Flush())
	return b.String()
}

// Decoder decodes token by token: what its calls return, put together, is what
// Decode gives for all tokens.
type Decoder struct {
	t       *Tokenizer
	pending []byte // the start of a character
	strip   int
	joining bool // a token with text has been there
	clean   *Cleaner
}

// NewDecoder starts decoding a text.
func (t *Tokenizer) NewDecoder() *Decoder {
	d := &Decoder{t: t, strip: t.strip}
	if t.cleans {
		d.clean = new(Cleaner)
	}
	return d
}

// CleansUp tells whether decoded text is cleaned up; see Cleaner.
func (t *Tokenizer) CleansUp() bool { return t.cleans }

// Verbatim is t without the cleaning up of decoded text.
func (t *Tokenizer) Verbatim() *Tokenizer {
	v := *t
	v.cleans = false
	return &v
}

// Write returns the text that the next token completes; "" while a character is
// still incomplete, or a space may yet be cleaned away.
func (d *Decoder) Write(id int32) string {
	s := d.write(id)
	if d.clean != nil {
		s = d.clean.Write(s)
	}
	return s
}

func (d *Decoder) write(id int32) string {
	p := piece{kind: pieceNone}
	if id >= 0 && int(id) < len(d.t.pieces) {
		p = d.t.pieces[id]
	}
	switch p.kind {
	case pieceSpecial:
		return ""
	case pieceByte:
		d.pending = append(d.pending, p.text...)
		return d.emit(d.complete(false))
	case pieceNone:
		p.text = "\uFFFD"
	}
	if d.joining {
		p.text = d.t.join + p.text
	}
	d.joining = true
	return d.emit(d.complete(true) + p.text)
}

// Flush returns what is left: U+FFFD for the bytes of an incomplete character.
func (d *Decoder) Flush() string {
	s := d.emit(d.complete(true))
	if d.clean != nil {
		s = d.clean.Write(s) + d.clean.Flush()
	}
	return s
}

// complete takes the whole characters off pending; at the end, the rest, too.
func (d *Decoder) complete(end bool) string {
	if len(d.pending) == 0 {
		return ""
	}
	var b strings.Builder
	for len(d.pending) > 0 {
		if !end && !utf8.FullRune(d.pending) {
			break
		}
		r, n := utf8.DecodeRune(d.pending)
		for r == utf8.RuneError && n < len(d.pending) && !utf8.FullRune(d.pending[:n]) && !utf8.FullRune(d.pending[:n+1]) {
			n++ // more of what might have become a character
		}
		if r == utf8.RuneError && n == len(d.pending)-1 && !utf8.FullRune(d.pending) {
			n++
		}
		b.WriteRune(r)
		d.pending = d.pending[n:]
	}
	return b.String()
}

// emit removes the spaces that the tokenizer put before the text.
func (d *Decoder) emit(s string) string {
	for d.strip > 0 && s != "" {
		if s[0] != ' ' {
			d.strip = 0
			break
		}
		s = s[1:]
		d.strip--
	}
	return s
}

// decoders applies the decoder to the pieces once, which leaves only the
// joining of bytes and the stripping of the first space to decoding time.
func (t *Tokenizer) decoders(j *tokenizerJSON) error {
	list, err := stages("decoder", j.Decoder)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		t.join = " "
	}
	r := decoderReader{t: t, added: map[int32]bool{}}
	for _, a := range t.added {
		r.added[a.id] = true
	}
	for _, s := range list {
		if err := r.step(s); err != nil {
			return fmt.Errorf("decoder: %w", err)
		}
	}
	return nil
}

// decoderReader applies the steps of a decoder, each to what the ones before
// it left.
type decoderReader struct {
	t     *Tokenizer
	added map[int32]bool
	bytes bool // tokens of bytes have become text, in runs
	fused bool // the tokens are one text now
}

func (r *decoderReader) each(f func(string) (string, error)) error {
	for i := range r.t.pieces {
		if p := &r.t.pieces[i]; p.kind == pieceText {
			var err error
			if p.text, err = f(p.text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *decoderReader) step(s stage) error {
	switch {
	case s.kind == "Fuse":
		r.fused = true
		return s.read(&struct{}{})
	case s.kind == "Strip":
		return r.stripping(s)
	case r.fused || r.bytes: // no other step is the same on a run and on its tokens
	case s.kind == "Replace":
		var o struct {
			Pattern patternJSON `json:"pattern"`
			Content string      `json:"content"`
		}
		if err := errors.Join(s.read(&o), bounded("content", o.Content)); err != nil {
			return err
		}
		p, err := o.Pattern.compile()
		if err != nil {
			return err
		}
		return r.each(func(x string) (string, error) { return p.replace(x, o.Content) })
	case s.kind == "Metaspace":
		o, err := readMetaspace(s)
		if err != nil {
			return err
		}
		if o.Scheme != "never" {
			r.t.strip = 1
		}
		r.fused = true
		return r.each(func(x string) (string, error) { return strings.ReplaceAll(x, o.Replacement, " "), nil })
	case s.kind == "ByteFallback":
		r.bytes = true
		for i := range r.t.pieces {
			p := &r.t.pieces[i]
			if b, ok := byteToken(p.content); ok && p.kind == pieceText {
				p.kind, p.text = pieceByte, string([]byte{b})
			}
		}
		return s.read(&struct{}{})
	case s.kind == "ByteLevel":
		// Added tokens are spelt as they are.
		var o struct {
			Prefix bool `json:"add_prefix_space"` // as for the pre-tokenizer; none
			Trim   bool `json:"trim_offsets"`     // of them matters
			Regex  bool `json:"use_regex"`        // here
		}
		r.fused = true
		for i := range r.t.pieces {
			if p := &r.t.pieces[i]; p.kind == pieceText && !r.added[int32(i)] {
				p.kind, p.text = pieceByte, fromByteLevel(p.text)
			}
		}
		return s.read(&o)
	}
	return s.unsupported()
}

// stripping takes spaces off every token, or off the whole text.
func (r *decoderReader) stripping(s stage) error {
	var o struct {
		Content string `json:"content"`
		Start   int    `json:"start"`
		Stop    int    `json:"stop"`
	}
	if err := s.read(&o); err != nil {
		return err
	}
	switch {
	case o.Content != " " || o.Start < 0 || o.Stop < 0 || o.Start > maxContent:
		return fmt.Errorf("stripping %q, %d and %d, is not supported, only of a space", o.Content, o.Start, o.Stop)
	case r.fused && o.Stop == 0 && r.t.strip == 0:
		r.t.strip = o.Start
		return nil
	case r.fused || r.bytes:
		return s.unsupported()
	}
	return r.each(func(x string) (string, error) {
		for n := 0; n < o.Start && strings.HasPrefix(x, " "); n++ {
			x = x[1:]
		}
		for n := 0; n < o.Stop && strings.HasSuffix(x, " "); n++ {
			x = x[:len(x)-1]
		}
		return x, nil
	})
}

// byteToken reads "<0x0A>".
func byteToken(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	b, err := strconv.ParseUint(s[3:5], 16, 8)
	return byte(b), err == nil
}

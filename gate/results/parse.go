package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	formatRows    = "rows"
	formatHarness = "lm-evaluation-harness"
	formatInspect = "inspect_ai"
)

// limits bound what a hostile file can cost.
type limits struct {
	line    int   // bytes of one line
	whole   int64 // bytes of a file that is one JSON value
	records int
	entries int   // of an archive
	entry   int64 // unpacked bytes of one entry
	total   int64 // unpacked bytes of all entries read
}

var standardLimits = limits{
	line: 64 << 20, whole: 1 << 30, records: 5_000_000,
	entries: 500_000, entry: 256 << 20, total: 8 << 30,
}

// parser carries what the readers of the forms share.
type parser struct {
	file   string
	format string
	limits limits
	notes  []string
}

// errorf names the file and the place in it.
func (p *parser) errorf(where, format string, args ...any) error {
	if where != "" {
		where = ":" + where
	}
	return fmt.Errorf("reading results %s%s: %w", p.file, where, fmt.Errorf(format, args...))
}

// parse tells the form by content and reads it.
func parse(file string, f io.ReaderAt, size int64, o Options, l limits) (*Results, error) {
	p := &parser{file: file, format: formatRows, limits: l}
	src := bufio.NewReaderSize(io.NewSectionReader(f, 0, size), 1<<16)
	if bom, _ := src.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		src.Discard(3)
	}
	head, _ := src.Peek(4)
	var records []record
	var err error
	switch {
	case bytes.Equal(head, []byte("PK\x03\x04")), bytes.Equal(head, []byte("PK\x05\x06")):
		records, err = p.archive(f, size)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}), bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		err = p.errorf("", "it is compressed; unpack it first")
	case bytes.Equal(head, []byte("PAR1")):
		err = p.errorf("", "it is a Parquet file; results are read from JSON lines, JSON arrays and harness logs")
	default:
		records, err = p.text(src, size)
	}
	if err != nil {
		return nil, err
	}
	return p.choose(records, o.By)
}

// text reads JSON: lines, an array, or one inspect_ai log.
func (p *parser) text(src *bufio.Reader, size int64) ([]record, error) {
	line := 1
	for { // to the first character that means something
		b, err := src.Peek(1)
		if err != nil {
			return nil, p.errorf("", "it is empty")
		}
		if c := b[0]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			break
		} else if c == '\n' {
			line++
		}
		src.Discard(1)
	}
	b, _ := src.Peek(1)
	switch b[0] {
	case '[':
		return p.array(src, size, line)
	case '{':
		return p.objects(src, size, line)
	}
	return nil, p.errorf(fmt.Sprint(line), "it is neither JSON lines, a JSON array of rows, an lm-evaluation-harness log nor an inspect_ai log")
}

// objects reads JSON lines, or one object that spans the file.
func (p *parser) objects(src *bufio.Reader, size int64, first int) ([]record, error) {
	var records []record
	for line := first; ; line++ {
		b, err := p.line(src, line)
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		where := fmt.Sprint(line)
		if line == first {
			log, isLog := p.whole(b, src, size)
			if isLog {
				return p.inspectLog(log, where)
			}
		}
		if records, err = p.append(records, b, where); err != nil {
			return nil, err
		}
	}
}

// whole reports whether the file is one inspect_ai log, whose first line is b,
// and returns all of it.
func (p *parser) whole(b []byte, src *bufio.Reader, size int64) ([]byte, bool) {
	if !json.Valid(plainNumbers(b)) && size <= p.limits.whole {
		// Perhaps an object over many lines. If it is not, the caller goes on
		// with the complaint about the first line, so nothing is lost.
		rest, err := io.ReadAll(src)
		if err != nil {
			return nil, false
		}
		b = append(b, rest...)
	}
	return b, looksLikeLog(b)
}

// line reads one line without its end; io.EOF only where nothing is left.
func (p *parser) line(src *bufio.Reader, number int) ([]byte, error) {
	var b []byte
	for {
		part, err := src.ReadSlice('\n')
		if len(b)+len(part) > p.limits.line {
			return nil, p.errorf(fmt.Sprint(number), "the line is longer than %d MiB", p.limits.line>>20)
		}
		b = append(b, part...)
		switch {
		case err == nil:
			return bytes.TrimRight(b, "\r\n"), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			if len(b) == 0 {
				return nil, io.EOF
			}
			return b, nil
		default:
			return nil, p.errorf(fmt.Sprint(number), "%w", err)
		}
	}
}

// array reads a JSON array of rows.
func (p *parser) array(src io.Reader, size int64, line int) ([]record, error) {
	if size > p.limits.whole {
		return nil, p.errorf("", "a JSON array of %d MiB is too large; write one row a line", size>>20)
	}
	b, err := io.ReadAll(io.LimitReader(src, p.limits.whole))
	if err != nil {
		return nil, p.errorf("", "%w", err)
	}
	b = plainNumbers(b)
	dec := json.NewDecoder(bytes.NewReader(b))
	if _, err := dec.Token(); err != nil {
		return nil, p.errorf(fmt.Sprint(line), "%w", err)
	}
	var records []record
	at := 0
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, p.errorf(fmt.Sprint(line+bytes.Count(b[at:dec.InputOffset()], []byte("\n"))), "the JSON array breaks off: %w", err)
		}
		start := int(dec.InputOffset()) - len(raw)
		line += bytes.Count(b[at:start], []byte("\n"))
		at = start
		if records, err = p.append(records, raw, fmt.Sprint(line)); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, p.errorf("", "the JSON array has no end: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, p.errorf("", "something follows the JSON array")
	}
	return records, nil
}

// append decodes a row and adds it.
func (p *parser) append(records []record, b []byte, where string) ([]record, error) {
	if len(records) >= p.limits.records {
		return nil, p.errorf(where, "more than %d rows", p.limits.records)
	}
	if !utf8.Valid(b) {
		return nil, p.errorf(where, "it is not text in UTF-8")
	}
	var row map[string]json.RawMessage
	if err := json.Unmarshal(plainNumbers(b), &row); err != nil {
		return nil, p.errorf(where, "it is not a JSON object: %w", err)
	}
	if row == nil {
		return nil, p.errorf(where, "it is not a JSON object but null")
	}
	var rec record
	var err error
	harness := isHarness(row)
	if len(records) == 0 && harness {
		p.format = formatHarness
	}
	if harness != (p.format == formatHarness) {
		return nil, p.errorf(where, "the row is of another form than those before it, which are %s", p.format)
	}
	if harness {
		rec, err = p.harness(row, where)
	} else {
		rec, err = p.row(row, where)
	}
	if err != nil {
		return nil, err
	}
	return append(records, rec), nil
}

// plainNumbers replaces the bare words NaN, Infinity and -Infinity, which
// Python writes and JSON does not know, by null. Strings stay as they are.
func plainNumbers(b []byte) []byte {
	if !bytes.Contains(b, []byte("NaN")) && !bytes.Contains(b, []byte("Infinity")) {
		return b
	}
	out := make([]byte, 0, len(b))
	inString := false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case inString && c == '\\' && i+1 < len(b):
			out = append(out, c)
			i++
			c = b[i]
		case c == '"':
			inString = !inString
		case !inString:
			skipped := false
			for _, word := range []string{"NaN", "-Infinity", "Infinity"} {
				if bytes.HasPrefix(b[i:], []byte(word)) {
					out = append(out, "null"...)
					i += len(word) - 1
					skipped = true
					break
				}
			}
			if skipped {
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

package core

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// The packed form of episodes and examples. It is canonical: equal values have
// equal bytes, and bytes that decode are the bytes that encoding gives again,
// so that the digest of a segment names its content.
//
//	segment  = record*                              any concatenation is a segment
//	record   = version, length, body                version one byte, length of the body
//	number   = minimal uvarint; signed ones zigzag
//	slice    = number n: 0 is nil, else n-1 elements
//	label    = 0, string | 1, 32 bytes | 2+i        new, new digest, or the i-th label of this record
//	token    = int32, log-prob = float32, weight = float64, all little-endian bits
//
// Labels (seats, roles, policy versions) repeat from node to node; the table
// stores each once a record and lets decoded nodes share one string.
const (
	episodeVersion = 1
	exampleVersion = 0x81
)

// errCodec is what every decoding error wraps.
var errCodec = errors.New("malformed packed data")

// AppendEpisode appends the record of ep to dst. The references of ep must lie
// within it; DecodeEpisodes refuses others.
func AppendEpisode(dst []byte, ep *Episode) []byte {
	e := encoder{labels: map[string]int{}}
	e.episode(ep)
	return appendRecord(dst, episodeVersion, e.buf)
}

// DecodeEpisodes reads a segment of records. Any input is safe: memory stays
// within a small multiple of len(b).
func DecodeEpisodes(b []byte) ([]*Episode, error) {
	var eps []*Episode
	for pos := 0; pos < len(b); {
		body, rest, err := cutRecord(b[pos:], episodeVersion)
		if err == nil {
			var ep *Episode
			if ep, err = decodeEpisode(body); err == nil {
				eps = append(eps, ep)
				pos = len(b) - len(rest)
				continue
			}
		}
		return nil, fmt.Errorf("decoding episode %d at byte %d: %w", len(eps), pos, err)
	}
	return eps, nil
}

// AppendExamples appends one record with all of exs to dst. Episodes with equal
// content are written once, so the bytes do not depend on which pointers the
// caller happens to share.
func AppendExamples(dst []byte, exs []*Example) []byte {
	var (
		e        encoder
		episodes encoder // their packed bodies, in order of first use
		count    int
		refs     = make([]int, len(exs))
		byPtr    = map[*Episode]int{}
		byBytes  = map[string]int{}
	)
	for i, ex := range exs {
		if ex.Episode == nil {
			continue
		}
		n, ok := byPtr[ex.Episode]
		if !ok {
			one := encoder{labels: map[string]int{}}
			one.episode(ex.Episode)
			if n, ok = byBytes[string(one.buf)]; !ok {
				count++
				n = count
				byBytes[string(one.buf)] = n
				episodes.bytes(one.buf)
			}
			byPtr[ex.Episode] = n
		}
		refs[i] = n
	}
	e.uint(uint64(count))
	e.buf = append(e.buf, episodes.buf...)
	e.uint(uint64(len(exs)))
	for i, ex := range exs {
		e.uint(uint64(refs[i]))
		e.refs(ex.Leaves)
		e.count(len(ex.Labels), ex.Labels == nil)
		for _, v := range ex.Labels {
			e.float64(v)
		}
		e.count(len(ex.Signals), ex.Signals == nil)
		for _, name := range slices.Sorted(maps.Keys(ex.Signals)) {
			e.bytes([]byte(name))
			rows := ex.Signals[name]
			e.count(len(rows), rows == nil)
			for _, row := range rows {
				e.float32s(row)
			}
		}
	}
	return appendRecord(dst, exampleVersion, e.buf)
}

// DecodeExamples reads a segment of AppendExamples records. Examples of one
// record with equal episodes share one Episode.
func DecodeExamples(b []byte) ([]*Example, error) {
	var exs []*Example
	for pos := 0; pos < len(b); {
		body, rest, err := cutRecord(b[pos:], exampleVersion)
		if err == nil {
			var more []*Example
			if more, err = decodeExamples(body); err == nil {
				exs = append(exs, more...)
				pos = len(b) - len(rest)
				continue
			}
		}
		return nil, fmt.Errorf("decoding examples at byte %d: %w", pos, err)
	}
	return exs, nil
}

func appendRecord(dst []byte, version byte, body []byte) []byte {
	dst = append(dst, version)
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	return append(dst, body...)
}

func cutRecord(b []byte, version byte) (body, rest []byte, err error) {
	d := decoder{b: b}
	if v := d.byte(); d.err == nil && v != version {
		return nil, nil, fmt.Errorf("%w: version %#x where %#x is expected; a newer pawl may have written it", errCodec, v, version)
	}
	body = d.raw(d.uint())
	return body, d.b, d.err
}

// encoder appends the canonical form to buf.
type encoder struct {
	buf    []byte
	labels map[string]int
}

func (e *encoder) uint(v uint64) { e.buf = binary.AppendUvarint(e.buf, v) }
func (e *encoder) int(v int64)   { e.buf = binary.AppendVarint(e.buf, v) }

// extend lengthens the buffer by n bytes and returns them.
func (e *encoder) extend(n int) []byte {
	e.buf = slices.Grow(e.buf, n)
	e.buf = e.buf[:len(e.buf)+n]
	return e.buf[len(e.buf)-n:]
}

func (e *encoder) bool(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	e.buf = append(e.buf, b)
}

// flags writes truth values as one byte, the first as its lowest bit. The first
// alone is what bool writes: a field that had the byte to itself is read on
// without another version of the record.
func (e *encoder) flags(vs ...bool) {
	b := byte(0)
	for i, v := range vs {
		if v {
			b |= 1 << i
		}
	}
	e.buf = append(e.buf, b)
}

// count writes a slice's length; nil differs from empty.
func (e *encoder) count(n int, isNil bool) {
	if isNil {
		e.uint(0)
		return
	}
	e.uint(uint64(n) + 1)
}

func (e *encoder) bytes(b []byte) {
	e.uint(uint64(len(b)))
	e.buf = append(e.buf, b...)
}

func (e *encoder) string(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) json(b json.RawMessage) {
	e.count(len(b), b == nil)
	e.buf = append(e.buf, b...)
}

func (e *encoder) label(s string) {
	if i, ok := e.labels[s]; ok {
		e.uint(uint64(i) + 2)
		return
	}
	e.labels[s] = len(e.labels)
	if raw, ok := digestBytes(s); ok {
		e.uint(1)
		e.buf = append(e.buf, raw[:]...)
		return
	}
	e.uint(0)
	e.string(s)
}

func (e *encoder) float64(v float64) {
	e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(v))
}

func (e *encoder) float32s(vs []float32) {
	e.count(len(vs), vs == nil)
	b := e.extend(4 * len(vs))
	for i, v := range vs {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
}

func (e *encoder) int32s(vs []int32) {
	e.count(len(vs), vs == nil)
	b := e.extend(4 * len(vs))
	for i, v := range vs {
		binary.LittleEndian.PutUint32(b[4*i:], uint32(v))
	}
}

func (e *encoder) refs(vs []Ref) {
	e.count(len(vs), vs == nil)
	for _, v := range vs {
		e.uint(uint64(v))
	}
}

func (e *encoder) strings(vs []string) {
	e.count(len(vs), vs == nil)
	for _, v := range vs {
		e.label(v)
	}
}

func (e *encoder) episode(ep *Episode) {
	e.task(&ep.Task)
	e.nodes(ep.Nodes)
	e.count(len(ep.Scores), ep.Scores == nil)
	for i := range ep.Scores {
		s := &ep.Scores[i]
		e.label(s.By)
		e.refs(s.Nodes)
		e.float64(s.Value)
		e.float32s(s.Dense)
		e.float64(s.Confidence)
		e.flags(s.Abstain, s.Unjudged)
		e.string(s.Rationale)
		e.uint(uint64(s.Via))
	}
	e.uint(uint64(ep.Answer))
	e.buf = binary.LittleEndian.AppendUint64(e.buf, ep.Seed)
	e.int(int64(ep.Usage.Calls))
	e.int(ep.Usage.PromptTokens)
	e.int(ep.Usage.CompletionTokens)
	e.int(ep.Usage.MicroUSD)
	e.string(ep.Err)
}

func (e *encoder) task(t *Task) {
	e.string(t.ID)
	e.nodes(t.Prompt)
	o := &t.Options
	// The first byte was a bool; 2 adds further options, 4 biases by text.
	first := byte(0)
	if o.Temperature != nil {
		first = 1
	}
	if !o.plain() {
		first |= 2
	}
	if len(o.BiasText) > 0 {
		first |= 4
	}
	if o.passed() {
		first |= 8
	}
	e.buf = append(e.buf, first)
	if o.Temperature != nil {
		e.float64(*o.Temperature)
	}
	e.int(int64(o.MaxTokens))
	e.int(int64(o.TopK))
	e.float64(o.TopP)
	e.strings(o.Stop)
	e.bool(o.Logprobs)
	e.json(o.Tools)
	e.json(o.Schema)
	if !o.plain() {
		e.float64(o.MinP)
		e.count(len(o.Bias), o.Bias == nil)
		for _, id := range slices.Sorted(maps.Keys(o.Bias)) {
			e.int(int64(id))
			e.float64(o.Bias[id])
		}
		e.string(o.Regex)
		e.string(o.Grammar)
		e.strings(o.Interventions)
	}
	if len(o.BiasText) > 0 {
		e.uint(uint64(len(o.BiasText)))
		for _, token := range slices.Sorted(maps.Keys(o.BiasText)) {
			e.string(token)
			e.float64(o.BiasText[token])
		}
	}
	if o.passed() {
		e.int(int64(o.TopLogprobs))
		e.json(o.Extra)
	}
	e.json(t.Reference)
	e.strings(t.Origin)
}

func (e *encoder) nodes(ns []Node) {
	e.count(len(ns), ns == nil)
	for i := range ns {
		n := &ns[i]
		e.uint(uint64(n.Parent))
		e.label(n.Actor)
		e.strings(n.To)
		e.label(string(n.Policy))
		e.label(n.Role)
		e.string(n.Content)
		e.label(string(n.Prefix))
		e.int32s(n.TokenIDs)
		e.float32s(n.Logprobs)
		e.label(n.Finish)
		e.json(n.Data)
	}
}

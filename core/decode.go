package core

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
)

// Smallest packed sizes: a count larger than what the remaining bytes could
// hold is refused before anything is allocated for it.
const (
	minNode    = 11
	minScore   = 22
	minExample = 4
)

// decoder consumes b. The first error sticks, and every later read gives zero.
type decoder struct {
	b      []byte
	labels []string
	seen   map[string]bool
	err    error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: "+format, append([]any{errCodec}, args...)...)
		d.b = nil
	}
}

func (d *decoder) byte() byte {
	b := d.raw(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// raw takes n bytes, without copying.
func (d *decoder) raw(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail("%d bytes wanted, %d left", n, len(d.b))
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("number cut short or too large")
		return 0
	}
	if n > 1 && d.b[n-1] == 0 {
		d.fail("number with a needless byte")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int() int64 {
	u := d.uint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) bool() bool {
	v := d.byte()
	if v > 1 {
		d.fail("truth value %d", v)
	}
	return v == 1
}

// flags reads two truth values.
func (d *decoder) flags() (first, second bool) {
	v := d.byte()
	if v > 3 {
		d.fail("truth values %d", v)
	}
	return v&1 != 0, v&2 != 0
}

// count reads the length of a slice whose elements take at least size bytes.
func (d *decoder) count(size int) (n int, isNil bool) {
	v := d.uint()
	if v == 0 {
		return 0, true
	}
	v--
	if v > uint64(len(d.b)/size) {
		d.fail("%d elements of at least %d bytes in %d bytes", v, size, len(d.b))
		return 0, true
	}
	return int(v), false
}

func (d *decoder) string() string { return string(d.raw(d.uint())) }

func (d *decoder) json() json.RawMessage {
	n, isNil := d.count(1)
	if isNil {
		return nil
	}
	return append(json.RawMessage{}, d.raw(uint64(n))...)
}

func (d *decoder) label() string {
	v := d.uint()
	if d.err != nil {
		return ""
	}
	if v >= 2 {
		if v-2 >= uint64(len(d.labels)) {
			d.fail("label %d of %d", v-2, len(d.labels))
			return ""
		}
		return d.labels[v-2]
	}
	var s string
	if v == 1 {
		s = hex.EncodeToString(d.raw(32))
	} else {
		s = d.string()
		if Digest(s).Valid() {
			d.fail("digest written as text")
		}
	}
	if d.err != nil {
		return ""
	}
	if d.seen[s] {
		d.fail("label %q written twice", s)
		return ""
	}
	d.seen[s] = true
	d.labels = append(d.labels, s)
	return s
}

func (d *decoder) float64() float64 {
	b := d.raw(8)
	if len(b) < 8 {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

func (d *decoder) float32s() []float32 {
	n, isNil := d.count(4)
	if isNil {
		return nil
	}
	b := d.raw(4 * uint64(n))
	vs := make([]float32, n)
	for i := range vs {
		vs[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return vs
}

func (d *decoder) int32s() []int32 {
	n, isNil := d.count(4)
	if isNil {
		return nil
	}
	b := d.raw(4 * uint64(n))
	vs := make([]int32, n)
	for i := range vs {
		vs[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return vs
}

// ref reads a reference of at least low and at most high.
func (d *decoder) ref(low, high int) Ref {
	v := d.uint()
	if v < uint64(low) || v > uint64(high) {
		d.fail("reference %d outside %d..%d", v, low, high)
		return 0
	}
	return Ref(v)
}

func (d *decoder) refs(low, high int) []Ref {
	n, isNil := d.count(1)
	if isNil {
		return nil
	}
	vs := make([]Ref, n)
	for i := range vs {
		vs[i] = d.ref(low, high)
	}
	return vs
}

func (d *decoder) strings() []string {
	n, isNil := d.count(1)
	if isNil {
		return nil
	}
	vs := make([]string, n)
	for i := range vs {
		vs[i] = d.label()
	}
	return vs
}

func decodeEpisode(body []byte) (*Episode, error) {
	d := decoder{b: body, seen: map[string]bool{}}
	ep := &Episode{}
	d.task(&ep.Task)
	ep.Nodes = d.nodes(true)
	high := len(ep.Nodes)
	if n, isNil := d.count(minScore); !isNil {
		ep.Scores = make([]Score, n)
		for i := range ep.Scores {
			s := &ep.Scores[i]
			s.By = d.label()
			s.Nodes = d.refs(0, high)
			s.Value = d.float64()
			s.Dense = d.float32s()
			s.Confidence = d.float64()
			s.Abstain, s.Unjudged = d.flags()
			s.Rationale = d.string()
			s.Via = d.ref(0, high)
		}
	}
	ep.Answer = d.ref(0, high)
	if b := d.raw(8); len(b) == 8 {
		ep.Seed = binary.LittleEndian.Uint64(b)
	}
	ep.Usage.Calls = int(d.int())
	ep.Usage.PromptTokens = d.int()
	ep.Usage.CompletionTokens = d.int()
	ep.Usage.MicroUSD = d.int()
	ep.Err = d.string()
	return ep, d.end()
}

// end fails on bytes that nothing asked for.
func (d *decoder) end() error {
	if len(d.b) > 0 {
		d.fail("%d bytes too many", len(d.b))
	}
	return d.err
}

func (d *decoder) task(t *Task) {
	t.ID = d.string()
	t.Prompt = d.nodes(false)
	o := &t.Options
	first := d.byte()
	if first > 15 {
		d.fail("options of kind %d", first)
	}
	if first&1 == 1 {
		v := d.float64()
		o.Temperature = &v
	}
	o.MaxTokens = int(d.int())
	o.TopK = int(d.int())
	o.TopP = d.float64()
	o.Stop = d.strings()
	o.Logprobs = d.bool()
	o.Tools = d.json()
	o.Schema = d.json()
	if first&2 == 2 {
		d.moreOptions(o)
	}
	if first&4 == 4 {
		d.textBiases(o)
	}
	if first&8 == 8 {
		if o.TopLogprobs, o.Extra = int(d.int()), d.json(); !o.passed() {
			d.fail("options of callers without any")
		}
	}
	t.Reference = d.json()
	t.Origin = d.strings()
}

// moreOptions reads what records without them do not mention.
func (d *decoder) moreOptions(o *Options) {
	o.MinP = d.float64()
	if n, isNil := d.count(9); !isNil {
		o.Bias = make(map[int32]float64, n)
		last := int64(math.MinInt32) - 1
		for range n {
			id := d.int()
			if id <= last || id > math.MaxInt32 {
				d.fail("a bias for token %d after that for %d", id, last)
				return
			}
			last = id
			o.Bias[int32(id)] = d.float64()
		}
	}
	o.Regex, o.Grammar, o.Interventions = d.string(), d.string(), d.strings()
	if o.plain() {
		d.fail("further options without any")
	}
}

func (d *decoder) textBiases(o *Options) {
	n := d.uint()
	if n == 0 {
		d.fail("biases by text without any")
	}
	o.BiasText = map[string]float64{}
	last := ""
	for i := uint64(0); i < n && d.err == nil; i++ {
		token := d.string()
		if i > 0 && token <= last {
			d.fail("a bias for %q after that for %q", token, last)
		}
		last = token
		o.BiasText[token] = d.float64()
	}
}

// nodes reads nodes. In a forest a parent comes before its children; a task's
// prompt may have been cut from elsewhere, so its parents only have to be small.
func (d *decoder) nodes(forest bool) []Node {
	count, isNil := d.count(minNode)
	if isNil {
		return nil
	}
	ns := make([]Node, count)
	for i := range ns {
		n := &ns[i]
		high := i
		if !forest {
			high = math.MaxInt32
		}
		n.Parent = d.ref(0, high)
		n.Actor = d.label()
		n.To = d.strings()
		n.Policy = Digest(d.label())
		n.Role = d.label()
		n.Content = d.string()
		n.Prefix = Digest(d.label())
		n.TokenIDs = d.int32s()
		n.Logprobs = d.float32s()
		n.Finish = d.label()
		n.Data = d.json()
		if d.err != nil {
			return nil
		}
	}
	return ns
}

func decodeExamples(body []byte) ([]*Example, error) {
	d := decoder{b: body}
	count := d.uint()
	var eps []*Episode
	seen := map[string]bool{}
	for range count {
		b := d.raw(d.uint())
		if d.err != nil {
			return nil, d.err
		}
		if seen[string(b)] {
			d.fail("episode written twice")
			return nil, d.err
		}
		seen[string(b)] = true
		ep, err := decodeEpisode(b)
		if err != nil {
			return nil, err
		}
		eps = append(eps, ep)
	}
	n := d.uint()
	if n > uint64(len(d.b)/minExample) {
		d.fail("%d examples in %d bytes", n, len(d.b))
		return nil, d.err
	}
	exs := make([]*Example, 0, n)
	used := 0
	for range n {
		ex := d.example(eps, &used)
		if d.err != nil {
			return nil, d.err
		}
		exs = append(exs, ex)
	}
	if used != len(eps) {
		d.fail("%d episodes that no example uses", len(eps)-used)
	}
	return exs, d.end()
}

// example reads one example; used counts the episodes referred to so far,
// which must come up in order.
func (d *decoder) example(eps []*Episode, used *int) *Example {
	ex := &Example{}
	high := 0
	if r := int(d.ref(0, min(len(eps), *used+1))); r > 0 {
		*used = max(*used, r)
		ex.Episode = eps[r-1]
		high = len(ex.Episode.Nodes)
	}
	ex.Leaves = d.refs(min(1, high), high)
	if n, isNil := d.count(8); !isNil {
		ex.Labels = make([]float64, n)
		for i := range ex.Labels {
			ex.Labels[i] = d.float64()
		}
	}
	n, isNil := d.count(2)
	if isNil {
		return ex
	}
	ex.Signals = make(map[string][][]float32, n)
	last := ""
	for i := range n {
		name := d.string()
		if i > 0 && name <= last {
			d.fail("signal %q after %q", name, last)
		}
		last = name
		var rows [][]float32
		if k, isNil := d.count(1); !isNil {
			rows = make([][]float32, k)
			for j := range rows {
				rows[j] = d.float32s()
			}
		}
		if d.err != nil {
			return nil
		}
		ex.Signals[name] = rows
	}
	return ex
}

// digestBytes gives the 32 bytes of a digest in its one valid form.
func digestBytes(s string) (raw [32]byte, ok bool) {
	if !Digest(s).Valid() {
		return raw, false
	}
	_, err := hex.Decode(raw[:], []byte(s))
	return raw, err == nil
}

package nn

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"unsafe"
)

// A trainer's state is one blob: magic, length and JSON of the shape, step
// count, weights, first and second moments as little-endian f32, and a CRC-32C
// of all before it. The same state gives the same bytes.
//
// Trainers that move something else than all weights of a model, or that keep
// an average, write the second form: its JSON is a stateShape, the weights are
// those that learn, and the average, if there is one, follows the moments.
const (
	stateMagic  = "pawltrn1"
	stateMagic2 = "pawltrn2"
)

// stateShape says which trainer a state of the second form is of.
type stateShape struct {
	Model   Config      `json:"model"`
	LoRA    *LoRAConfig `json:"lora,omitempty"`
	Base    uint32      `json:"base,omitempty"` // CRC-32C of the weights that do not learn
	Average float64     `json:"average,omitempty"`
	Head    string      `json:"head,omitempty"` // "with" the trunk or "alone"
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// shape is nil where the first form says all.
func (t *Trainer) shape() *stateShape {
	if t.lora == nil && t.mean == nil && t.head == nil {
		return nil
	}
	s := &stateShape{Model: t.m.cfg, Average: t.decay}
	if t.head != nil {
		s.Head = "with"
	}
	if t.alone {
		s.Head = "alone"
	}
	if t.lora != nil {
		s.LoRA = &t.lora.cfg
	}
	if t.lora != nil || t.alone {
		sum := crc32.New(castagnoli)
		_ = writeFloats(sum, t.m.w) // a hash takes whatever it is given
		s.Base = sum.Sum32()
	}
	return s
}

func (s *stateShape) check(got *stateShape) error {
	switch {
	case s.Model != got.Model:
		return fmt.Errorf("the state is of another model: %s", configDiff(s.Model, got.Model))
	case (s.LoRA == nil) != (got.LoRA == nil):
		return fmt.Errorf("one of state and trainer has adapters, the other none")
	case s.LoRA != nil && !s.LoRA.Equal(*got.LoRA):
		return fmt.Errorf("the state has adapters %+v, the trainer %+v", *got.LoRA, *s.LoRA)
	case s.Head == got.Head && s.Base != got.Base:
		return fmt.Errorf("the state is of a model with other weights below what learns")
	case s.Head != got.Head:
		return fmt.Errorf("the state's head is %q, the trainer's %q", got.Head, s.Head)
	case s.Average != got.Average:
		return fmt.Errorf("the state's average has a decay of %v, the trainer's of %v", got.Average, s.Average)
	}
	return nil
}

// Save writes weights, moments and step count, at the speed of w.
func (t *Trainer) Save(w io.Writer) error {
	if err := t.save(w); err != nil {
		return fmt.Errorf("saving training state: %w", err)
	}
	return nil
}

func (t *Trainer) save(w io.Writer) error {
	magic, subject := stateMagic, any(t.m.cfg)
	if s := t.shape(); s != nil {
		magic, subject = stateMagic2, s
	}
	shape, err := json.Marshal(subject)
	if err != nil {
		return err
	}
	sum := crc32.New(castagnoli)
	out := io.MultiWriter(w, sum)
	head := append([]byte(magic), binary.LittleEndian.AppendUint32(nil, uint32(len(shape)))...)
	head = append(head, shape...)
	head = binary.LittleEndian.AppendUint64(head, uint64(t.steps))
	if _, err := out.Write(head); err != nil {
		return err
	}
	t.moments()
	for _, x := range t.spans {
		if err := writeFloats(out, x.w); err != nil {
			return err
		}
	}
	for _, part := range [][]float32{t.m1, t.m2, t.mean} {
		if err := writeFloats(out, part); err != nil {
			return err
		}
	}
	_, err = w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

// Restore takes over a state that Save wrote for a trainer of the same kind, of
// a model of the same shape. On an error the trainer and its model are as
// before.
func (t *Trainer) Restore(r io.Reader) error {
	if err := t.restore(r); err != nil {
		return fmt.Errorf("restoring training state: %w", err)
	}
	return nil
}

func (t *Trainer) restore(r io.Reader) error {
	sum := crc32.New(castagnoli)
	in := io.TeeReader(r, sum)
	head := make([]byte, len(stateMagic)+4)
	if _, err := io.ReadFull(in, head); err != nil {
		return noEOF(err)
	}
	magic := string(head[:len(stateMagic)])
	if magic != stateMagic && magic != stateMagic2 {
		return fmt.Errorf("not a training state: it starts with %q", magic)
	}
	n := binary.LittleEndian.Uint32(head[len(stateMagic):])
	if n > 1<<16 {
		return fmt.Errorf("a shape of %d bytes; the state is damaged", n)
	}
	shape := make([]byte, n+8)
	if _, err := io.ReadFull(in, shape); err != nil {
		return noEOF(err)
	}
	if err := t.accepts(magic, shape[:n]); err != nil {
		return err
	}
	steps := binary.LittleEndian.Uint64(shape[n:])
	size := t.size
	buf := make([]float32, 3*size+len(t.mean))
	if err := readFloats(in, buf); err != nil {
		return noEOF(err)
	}
	var tail [4]byte
	want := sum.Sum32()
	if _, err := io.ReadFull(r, tail[:]); err != nil {
		return noEOF(err)
	}
	if got := binary.LittleEndian.Uint32(tail[:]); got != want {
		return fmt.Errorf("its checksum is %08x, but its bytes give %08x; the state is damaged", got, want)
	}
	t.moments()
	t.scatter(buf[:size])
	copy(t.m1, buf[size:2*size])
	copy(t.m2, buf[2*size:3*size])
	copy(t.mean, buf[3*size:])
	t.steps = int64(steps)
	t.dropGradient()
	t.forward = false
	return nil
}

// accepts tells whether a state of this shape is one of the trainer's own.
func (t *Trainer) accepts(magic string, shape []byte) error {
	own := t.shape()
	if magic == stateMagic {
		var c Config
		if err := json.Unmarshal(shape, &c); err != nil {
			return fmt.Errorf("reading its shape: %w", err)
		}
		if c != t.m.cfg {
			return fmt.Errorf("the state is of another model: %s", configDiff(t.m.cfg, c))
		}
		if own != nil {
			return fmt.Errorf("the state is of a trainer of whole models, without an average")
		}
		return nil
	}
	var got stateShape
	if err := json.Unmarshal(shape, &got); err != nil {
		return fmt.Errorf("reading its shape: %w", err)
	}
	if own == nil {
		return fmt.Errorf("the state is of a trainer with adapters, heads or an average")
	}
	return own.check(&got)
}

// configDiff names the first field in which two shapes differ.
func configDiff(want, got Config) string {
	for _, f := range []struct {
		name      string
		want, got any
	}{
		{"vocab_size", want.Vocab, got.Vocab}, {"hidden_size", want.Width, got.Width},
		{"num_hidden_layers", want.Layers, got.Layers}, {"num_attention_heads", want.Heads, got.Heads},
		{"num_key_value_heads", want.KVHeads, got.KVHeads}, {"intermediate_size", want.Hidden, got.Hidden},
		{"max_position_embeddings", want.Context, got.Context}, {"rope_theta", want.RopeTheta, got.RopeTheta},
		{"rms_norm_eps", want.NormEps, got.NormEps}, {"tie_word_embeddings", want.TieEmbeddings, got.TieEmbeddings},
		{"head_dim", want.HeadDim(), got.HeadDim()}, {"rope_scaling", want.RopeScaling, got.RopeScaling},
		{"the biases of q, k and v", want.QKVBias, got.QKVBias}, {"attention_bias", want.OutBias, got.OutBias},
		{"mlp_bias", want.MLPBias, got.MLPBias}, {"the norms of queries and keys", want.QKNorm, got.QKNorm},
		{"bos_token_id", want.BOS, got.BOS}, {"eos_token_id", want.EOS, got.EOS},
	} {
		if f.want != f.got {
			return fmt.Sprintf("%s is %v, want %v", f.name, f.got, f.want)
		}
	}
	return "the shapes are the same"
}

func noEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("it ends too early; the file is cut off")
	}
	return err
}

// littleEndian tells whether floats lie in memory as they lie in files.
var littleEndian = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 1
}()

func floatBytes(x []float32) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
}

// writeFloats writes x as little-endian f32.
func writeFloats(w io.Writer, x []float32) error {
	if littleEndian {
		_, err := w.Write(floatBytes(x))
		return err
	}
	b := bufio.NewWriterSize(w, 1<<16)
	if err := binary.Write(b, binary.LittleEndian, x); err != nil {
		return err
	}
	return b.Flush()
}

// readFloats fills x from little-endian f32.
func readFloats(r io.Reader, x []float32) error {
	if littleEndian {
		_, err := io.ReadFull(r, floatBytes(x))
		return err
	}
	return binary.Read(r, binary.LittleEndian, x)
}

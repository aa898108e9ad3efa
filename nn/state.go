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
const stateMagic = "pawltrn1"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Save writes weights, moments and step count, at the speed of w.
func (t *Trainer) Save(w io.Writer) error {
	shape, err := json.Marshal(t.m.cfg)
	if err != nil {
		return fmt.Errorf("saving training state: %w", err)
	}
	sum := crc32.New(castagnoli)
	out := io.MultiWriter(w, sum)
	head := append([]byte(stateMagic), binary.LittleEndian.AppendUint32(nil, uint32(len(shape)))...)
	head = append(head, shape...)
	head = binary.LittleEndian.AppendUint64(head, uint64(t.steps))
	if _, err := out.Write(head); err != nil {
		return fmt.Errorf("saving training state: %w", err)
	}
	t.moments()
	for _, part := range [][]float32{t.m.w, t.m1, t.m2} {
		if err := writeFloats(out, part); err != nil {
			return fmt.Errorf("saving training state: %w", err)
		}
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32())); err != nil {
		return fmt.Errorf("saving training state: %w", err)
	}
	return nil
}

// Restore takes over a state that Save wrote for a model of the same shape. On
// an error the trainer and its model are as before.
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
	if string(head[:len(stateMagic)]) != stateMagic {
		return fmt.Errorf("not a training state: it starts with %q", head[:len(stateMagic)])
	}
	n := binary.LittleEndian.Uint32(head[len(stateMagic):])
	if n > 1<<16 {
		return fmt.Errorf("a shape of %d bytes; the state is damaged", n)
	}
	shape := make([]byte, n+8)
	if _, err := io.ReadFull(in, shape); err != nil {
		return noEOF(err)
	}
	var c Config
	if err := json.Unmarshal(shape[:n], &c); err != nil {
		return fmt.Errorf("reading its shape: %w", err)
	}
	if c != t.m.cfg {
		return fmt.Errorf("the state is of another model: %s", configDiff(t.m.cfg, c))
	}
	steps := binary.LittleEndian.Uint64(shape[n:])
	size := t.m.lay.size
	buf := make([]float32, 3*size)
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
	copy(t.m.w, buf[:size])
	copy(t.m1, buf[size:2*size])
	copy(t.m2, buf[2*size:])
	t.steps = int64(steps)
	t.dropGradient()
	t.forward = false
	t.m.Touch()
	return nil
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

package nn

import (
	"context"
	"fmt"
	"io"
	"slices"

	"pawl/tensor"
)

// ScalarHead turns the last hidden state (after the final norm) into one number
// by a linear map: the value of a prefix (Schulman et al. 2017), or the reward
// of a whole text (Stiennon et al. 2020).
type ScalarHead struct {
	width int
	w     []float32 // weights, padded to 16, then the bias and its padding
}

// NewScalarHead makes a head that gives 0 for models of the given width.
func NewScalarHead(width int) *ScalarHead {
	return &ScalarHead{width: width, w: tensor.Alloc((width+15)&^15 + 16)}
}

// Weights are the map's, shared with the head.
func (h *ScalarHead) Weights() []float32 { return h.w[:h.width] }

// Bias is what the head gives for a hidden state of zeros, shared with it.
func (h *ScalarHead) Bias() *float32 { return &h.w[len(h.w)-16] }

// Clone copies the head.
func (h *ScalarHead) Clone() *ScalarHead {
	return &ScalarHead{h.width, append(tensor.Alloc(len(h.w))[:0], h.w...)}
}

// tensors are named as in a LlamaForSequenceClassification with one label.
func (h *ScalarHead) tensors() []Tensor {
	return []Tensor{
		{"score.bias", []int{1}, h.w[len(h.w)-16:][:1]},
		{"score.weight", []int{1, h.width}, h.Weights()},
	}
}

// WriteSafetensors writes the head as one safetensors file. The same head gives
// the same bytes.
func (h *ScalarHead) WriteSafetensors(w io.Writer) error {
	list := h.tensors()
	if _, err := w.Write(safetensorsHeader(list, F32)); err != nil {
		return fmt.Errorf("writing a head: %w", err)
	}
	for _, t := range list {
		if err := writeFloats(w, t.Data); err != nil {
			return fmt.Errorf("writing a head: %w", err)
		}
	}
	return nil
}

// ReadScalarHead reads a head for models of the given width.
func ReadScalarHead(width int, r io.Reader) (*ScalarHead, error) {
	h := NewScalarHead(width)
	if err := readTensors(r, h.tensors()); err != nil {
		return nil, fmt.Errorf("reading a head: %w", err)
	}
	return h, nil
}

// AddHead makes h a part of what the trainer computes and trains. With alone,
// nothing but the head learns. It comes before the first step, and before
// Average.
func (t *Trainer) AddHead(h *ScalarHead, alone bool) error {
	switch {
	case t.head != nil:
		return fmt.Errorf("adding a head: there is one already")
	case h.width != t.m.cfg.Width:
		return fmt.Errorf("adding a head: it is for models of width %d, this one has %d", h.width, t.m.cfg.Width)
	case t.m1 != nil || t.lanes != nil || t.mean != nil:
		return fmt.Errorf("adding a head: training has begun")
	}
	if alone {
		t.spans, t.size = nil, 0
	}
	t.head, t.alone = h, alone
	t.learn(h.w[:len(h.w)-16], true)
	t.learn(h.w[len(h.w)-16:], false)
	return nil
}

// Head is a copy of the head in training, or of its moving average; nil where
// there is none.
func (t *Trainer) Head(averaged bool) *ScalarHead {
	if t.head == nil {
		return nil
	}
	h := t.head.Clone()
	if averaged && t.mean != nil {
		copy(h.w, t.mean[t.size-len(h.w):])
	}
	return h
}

// Values returns what the head makes of every wanted prefix: entry p of a
// sequence is the value of Tokens[:p], for wanted tokens p, and for
// p = len(Tokens) where End is set; 0 elsewhere. No logits are computed, so
// that only BackwardValues may follow. The result is valid until the next call.
func (t *Trainer) Values(ctx context.Context, batch []Sequence) ([][]float32, error) {
	if t.head == nil {
		return nil, fmt.Errorf("computing values: there is no head; call AddHead first")
	}
	t.retain, t.mute = t.keeps(batch), true
	_, err := t.run(ctx, batch)
	t.forward = err == nil
	return t.plan.values, err
}

// ForwardValues is Forward and Values in one pass; BackwardValues may follow.
func (t *Trainer) ForwardValues(batch []Sequence) (logp, values [][]float32, err error) {
	if t.head == nil {
		return nil, nil, fmt.Errorf("computing values: there is no head; call AddHead first")
	}
	logp, err = t.Forward(batch)
	return logp, t.plan.values, err
}

// BackwardValues adds to the gradient, given d(loss)/d(value) in the shape of
// the values of the last pass, and d(loss)/d(log-probability), which is nil
// after Values and may be nil after ForwardValues.
func (t *Trainer) BackwardValues(dlogp, dvalues [][]float32) error {
	switch {
	case !t.forward || t.head == nil:
		return fmt.Errorf("computing gradients: BackwardValues needs Values or ForwardValues before it")
	case t.mute && dlogp != nil:
		return fmt.Errorf("computing gradients: Values has no log-probabilities; call ForwardValues")
	case dlogp != nil && len(dlogp) != len(t.batch) || len(dvalues) != len(t.batch):
		return fmt.Errorf("computing gradients: gradients of %d and %d rows for %d sequences", len(dlogp), len(dvalues), len(t.batch))
	}
	for i := range t.batch {
		n := len(t.batch[i].Tokens)
		if dlogp != nil && len(dlogp[i]) != n || len(dvalues[i]) != n+1 {
			return fmt.Errorf("computing gradients: sequence %d has %d tokens; it needs as many gradients of log-probabilities, and one more of values", i, n)
		}
	}
	return t.backward(dlogp, dvalues)
}

// values applies the head to every out of s.
func (s *shard) values(h *ScalarHead, view [][]float32) {
	for i := range s.outs {
		view[s.outSeq[i]][s.outPos[i]] = tensor.Dot(s.normed.Row(i), h.Weights()) + *h.Bias()
	}
}

// headBackward adds the gradient of the head to g and, given dn, the one it
// passes on to dn.
func (s *shard) headBackward(g *gradient, dn tensor.Mat) {
	if g.head == nil {
		return
	}
	w := g.of[:g.head.width]
	bias := &g.of[len(g.of)-16]
	for i, d := range s.dvalue[:s.outs] {
		if d == 0 {
			continue
		}
		tensor.Axpy(w, d, s.normed.Row(i))
		*bias += d
		if dn.Rows > 0 {
			tensor.Axpy(dn.Row(i), d, g.head.Weights())
		}
	}
}

// readTensors fills a short list of tensors, all of which must be there, from a
// safetensors file that holds no others.
func readTensors(r io.Reader, list []Tensor) error {
	names, infos, err := readHeaderOf(r, list)
	if err != nil {
		return err
	}
	return readData(r, names, infos, list)
}

// readHeaderOf reads the header of a file that must hold just the tensors of
// list, whose data it does not look at.
func readHeaderOf(r io.Reader, list []Tensor) ([]string, map[string]tensorInfo, error) {
	names, infos, err := readHeader(r)
	if err != nil {
		return nil, nil, err
	}
	shapes := make(map[string][]int, len(list))
	for _, t := range list {
		shapes[t.Name] = t.Shape
	}
	for _, name := range names {
		shape, ok := shapes[name]
		switch info := infos[name]; {
		case !ok:
			return nil, nil, fmt.Errorf("tensor %q is not looked for here", name)
		case !slices.Equal(info.Shape, shape):
			return nil, nil, fmt.Errorf("tensor %q has shape %v, want %v", name, info.Shape, shape)
		case dtypeSize[info.Dtype] == 0:
			return nil, nil, fmt.Errorf("tensor %q is of type %s; this engine reads F32, F16 and BF16", name, info.Dtype)
		}
	}
	for _, t := range list {
		if _, ok := infos[t.Name]; !ok {
			return nil, nil, fmt.Errorf("tensor %q is missing", t.Name)
		}
	}
	return names, infos, nil
}

// readData fills list with what follows the header.
func readData(r io.Reader, names []string, infos map[string]tensorInfo, list []Tensor) error {
	data := make(map[string][]float32, len(list))
	for _, t := range list {
		data[t.Name] = t.Data
	}
	at := int64(0)
	for _, name := range names {
		info, dst := infos[name], data[name]
		_, err := io.CopyN(io.Discard, r, info.Offsets[0]-at)
		if err == nil {
			err = readTensor(r, info.Dtype, dst)
		}
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, noEOF(err))
		}
		at = info.Offsets[1]
		if k := notFinite(dst); k >= 0 {
			return notFiniteError(name, k, dst[k])
		}
	}
	return atEnd(r)
}

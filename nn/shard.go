package nn

import "pawl/tensor"

// shard is the workspace of one forward and backward pass over some sequences,
// packed one after the other. All its memory is reused from pass to pass.
//
// A shard has rows (tokens fed) and outs (rows whose next token is predicted).
// Only outs go through what follows the last attention: its output projection,
// the last gated layer, and the head.
type shard struct {
	rows, outs int
	in, pos    []int32
	start      []int   // first row of each sequence, and one more
	probAt     []int   // where each sequence's attention probabilities start
	sel        []int32 // row of each out, ascending
	target     []int32 // -1 where only a value is wanted
	outSeq     []int32 // sequence of each out, counted within the batch
	outPos     []int32 // position of the predicted token in its sequence

	layers  []layerActs
	final   block // input of the final norm, [outs, width]
	normed  block
	logits  block // [outs, vocab], or a block of outs; gradients after the loss
	head    *tensor.Packed
	whole   bool // hold the logits of all outs, whatever the vocabulary
	blocked bool // they are not held (head.go)
	limit   int  // of logits held, in place of headValues; for tests
	inv     []float32
	logp    []float32
	lse     []float32
	dlogp   []float32
	graded  bool // the logits have become their gradients (hidden.go)
	mute    bool // there are no logits: values are all that is wanted (heads.go)
	dvalue  []float32
	probe   *probe // shifts of hidden states, or nil (hidden.go)

	// Scratch of the backward pass.
	dx, dNorm, dAtt, dSel, dQKV, dAct, dGate block
	low, dLow                                block     // of adapters: input times A, gradient times B
	sink                                     []float32 // takes the gradients of gains that do not learn
	dPre                                     []float32

	// Scratch of packing: a matrix with its adapters, and their B, scaled.
	merge  block
	mergeB []float32

	// What is told of given texts (read.go).
	reads *reads // nil where nothing is
	seer  observer

	// Losses over whole distributions (rows.go).
	rowsOf                     *Trainer // whose they are; nil where there are none
	beside                     *shard   // the same outs under its reference, or nil
	rowLogp, rowGrad, rowRefer []float32
	seen                       Row
}

// layerActs are what the backward pass of a layer reads. From attSel on, rows
// are outs in the last layer and rows elsewhere.
type layerActs struct {
	x, n1, qkv, att block
	inv1            []float32
	probs           []float32
	preQK           block // with QKNorm only: queries and keys before it
	invQK           []float32
	attSel, xSel    block // last layer only
	mid, n2         block
	inv2            []float32
	gateUp, act     block
}

// block is a matrix whose memory grows as needed.
type block struct {
	buf []float32
	tensor.Mat
}

func (b *block) shape(rows, cols int) tensor.Mat {
	if n := rows * cols; len(b.buf) < n {
		b.buf = tensor.Alloc(n + n/4)
	}
	b.Mat = tensor.Mat{Data: b.buf[:rows*cols], Rows: rows, Cols: cols, Stride: cols}
	return b.Mat
}

func growAligned(s []float32, n int) []float32 {
	if cap(s) < n {
		return tensor.Alloc(n + n/4)[:n]
	}
	return s[:n]
}

// part is rows r0 to r1 and columns c0 to c1 of m, sharing its memory.
func part(m tensor.Mat, r0, r1, c0, c1 int) tensor.Mat {
	return tensor.Mat{Data: m.Data[r0*m.Stride+c0 : (r1-1)*m.Stride+c1], Rows: r1 - r0, Cols: c1 - c0, Stride: m.Stride}
}

func (s *shard) reset() {
	s.rows, s.outs = 0, 0
	s.graded, s.probe, s.reads = false, nil, nil
	s.in, s.pos = s.in[:0], s.pos[:0]
	s.start = append(s.start[:0], 0)
	s.probAt = append(s.probAt[:0], 0)
	s.sel, s.target = s.sel[:0], s.target[:0]
	s.outSeq, s.outPos = s.outSeq[:0], s.outPos[:0]
}

// feed appends n tokens as a sequence of their own.
func (s *shard) feed(tokens []int32, heads int) {
	for t, id := range tokens {
		s.in = append(s.in, id)
		s.pos = append(s.pos, int32(t))
	}
	s.rows += len(tokens)
	s.start = append(s.start, s.rows)
	s.probAt = append(s.probAt, s.probAt[len(s.probAt)-1]+tensor.AttentionScratch(len(tokens), heads))
}

// want marks that row is to predict target.
func (s *shard) want(row int, target int32, seq, pos int) {
	s.sel = append(s.sel, int32(row))
	s.target = append(s.target, target)
	s.outSeq = append(s.outSeq, int32(seq))
	s.outPos = append(s.outPos, int32(pos))
	s.outs++
}

// load packs sequences lo to hi of a batch.
func (s *shard) load(c *Config, batch []Sequence, lo, hi int) {
	s.reset()
	for i := lo; i < hi; i++ {
		q := &batch[i]
		n := q.inputs()
		if n == 0 {
			continue
		}
		base := s.rows
		s.feed(q.Tokens[:n], c.Heads)
		for t := 1; t <= n; t++ {
			if t == len(q.Tokens) { // the end predicts nothing
				s.want(base+t-1, -1, i, t)
			} else if q.wants(t) {
				s.want(base+t-1, q.Tokens[t], i, t)
			}
		}
	}
}

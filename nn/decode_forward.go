package nn

import (
	"pawl/tensor"
)

// forward computes the spans' rows: keys and values into their caches, and the
// logits of all outs, in order. Each row is computed by itself, whatever else
// is in the step, by the chain of operations that training uses (shard.forward):
// one sequence gives the same bits in any company, however it is cut.
func (d *decoder) forward() {
	c, m := &d.m.cfg, d.m
	rows, outs, longest := 0, 0, 0
	for _, sp := range d.spans {
		rows, outs, longest = rows+sp.n, outs+sp.outs, max(longest, sp.x.n+sp.n)
	}
	w, q, kv, last := c.Width, c.qDim(), c.kvDim(), c.Layers-1
	eps := float32(c.NormEps)
	d.wide.help = d.s.idleWorkers()
	x := d.x.shape(rows, w)
	d.enter(x)
	d.inv = growAligned(d.inv, rows)
	d.scratch = growAligned(d.scratch, tensor.AttentionCachedScratch(longest))
	if c.QKNorm {
		d.invQK = growAligned(d.invQK, rows*(c.Heads+c.KVHeads))
	}
	for l := range c.Layers {
		lay, pk := &m.lay.layers[l], &d.pw.layers[l]
		d.shift(x, l)
		n1 := d.n1.shape(rows, w)
		tensor.RMSNorm(n1, x, lay.norm1.of(m.w), d.inv, eps)
		qkv := d.qkv.shape(rows, q+2*kv)
		d.wide.mul(qkv, n1, &pk.qkv, false)
		m.finishQKV(qkv, lay, d.pos, d.invQK, tensor.Mat{})
		att := d.att.shape(rows, q)
		d.attend(att, qkv, l)
		if l == last && outs < rows {
			if rows = outs; rows == 0 {
				return
			}
			x, att = d.gather(&d.xSel, x), d.gather(&d.attSel, att)
			n1, d.inv = d.n1.shape(rows, w), d.inv[:rows]
		}
		d.wide.mul(x, att, &pk.o, true)
		m.addBias(x, lay.oBias)
		tensor.RMSNorm(n1, x, lay.norm2.of(m.w), d.inv, eps)
		gu, act := d.gu.shape(rows, 2*c.Hidden), d.act.shape(rows, c.Hidden)
		d.wide.mul(gu, n1, &pk.gateUp, false)
		m.addBias(gu, lay.gateUpBias)
		tensor.SwiGLU(act, part(gu, 0, rows, 0, c.Hidden), part(gu, 0, rows, c.Hidden, 2*c.Hidden))
		d.wide.mul(x, act, &pk.down, true)
		m.addBias(x, lay.downBias)
	}
	tensor.RMSNorm(d.n1.Mat, x, m.lay.norm.of(m.w), d.inv, eps)
	d.shift(d.n1.Mat, c.Layers)
	d.wide.mul(d.logits.shape(rows, c.Vocab), d.n1.Mat, &d.pw.head, false)
}

// enter fills x with the embeddings of the spans' tokens, and notes positions
// and which rows are outs.
func (d *decoder) enter(x tensor.Mat) {
	embed := d.m.lay.embed.mat(d.m.w)
	d.pos, d.sel = grow(d.pos, x.Rows), d.sel[:0]
	r := 0
	for _, sp := range d.spans {
		for i := range sp.n {
			token, at := sp.x.token, sp.x.n+i
			if !sp.x.begun {
				token = sp.x.p.Tokens[at]
			}
			copy(x.Row(r), embed.Row(int(token)))
			d.pos[r] = int32(at)
			if i >= sp.n-sp.outs {
				d.sel = append(d.sel, int32(r))
			}
			r++
		}
	}
}

// shift adds the shifts of prompts that have any to what a layer reads, or to
// what the head reads, of which there are outs only.
func (d *decoder) shift(x tensor.Mat, layer int) {
	r := 0
	for _, sp := range d.spans {
		n, first := sp.n, sp.x.n
		if layer == d.m.cfg.Layers {
			n, first = sp.outs, first+sp.n-sp.outs
		}
		if list := sp.x.p.Shifts; len(list) > 0 && n > 0 {
			pos := make([]int32, n)
			for i := range pos {
				pos[i] = int32(first + i)
			}
			(&probe{shifts: list}).enter(layer, x.Slice(r, r+n), pos, nil)
		}
		r += n
	}
}

// attend moves keys and values to the caches of layer l, and attends to them.
func (d *decoder) attend(att, qkv tensor.Mat, l int) {
	c := &d.m.cfg
	q, kv := c.qDim(), c.kvDim()
	r := 0
	for i, sp := range d.spans {
		past := sp.x.n
		if i+1 < len(d.spans) {
			d.spans[i+1].fetch(l, kv)
		}
		kt, v := sp.x.rows.layer(l, kv)
		for i := range sp.n {
			row := qkv.Row(r + i)
			for k, x := range row[q : q+kv] {
				kt.Data[k*kt.Stride+past+i] = x
			}
			copy(v.Row(past+i), row[q+kv:])
		}
		tensor.AttentionCached(part(att, r, r+sp.n, 0, q), part(qkv, r, r+sp.n, 0, q), kt, v, past, c.Heads, c.KVHeads, d.scratch)
		r += sp.n
	}
}

// fetch brings the caches of layer l near: those of many sequences are more
// than fit, and none is read twice in a step.
func (sp stretch) fetch(l, kv int) {
	n := sp.x.n
	if n > fetchRows {
		return // what is long is streamed well enough
	}
	kt, v := sp.x.rows.layer(l, kv)
	if kt.Stride <= 2*16 || n > kt.Stride-16 { // nearly all of it
		tensor.Prefetch(kt.Data)
	} else {
		for k := range kt.Rows {
			tensor.Prefetch(kt.Row(k)[:n+1])
		}
	}
	tensor.Prefetch(v.Data[:(n+1)*v.Stride])
}

// fetchRows bounds what is fetched ahead.
const fetchRows = 64

// gather copies the rows of src that are outs.
func (d *decoder) gather(dst *block, src tensor.Mat) tensor.Mat {
	m := dst.shape(len(d.sel), src.Cols)
	for i, r := range d.sel {
		copy(m.Row(i), src.Row(int(r)))
	}
	return m
}

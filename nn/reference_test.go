package nn

import (
	"math"
)

// reference is an independent forward and backward pass: scalars in float64 on
// a tape (reverse-mode automatic differentiation), one token pair at a time,
// sharing nothing with the engine but the layout of the weights.
type reference struct {
	c      Config
	value  []float64 // of every node
	inputs [][2]int32
	slopes [][2]float64
}

// num is a node of the tape.
type num int32

func (r *reference) push(v float64, a, b num, da, db float64) num {
	r.value = append(r.value, v)
	r.inputs = append(r.inputs, [2]int32{int32(a), int32(b)})
	r.slopes = append(r.slopes, [2]float64{da, db})
	return num(len(r.value) - 1)
}

func (r *reference) v(a num) float64 { return r.value[a] }

func (r *reference) leaf(v float64) num         { return r.push(v, 0, 0, 0, 0) }
func (r *reference) add(a, b num) num           { return r.push(r.v(a)+r.v(b), a, b, 1, 1) }
func (r *reference) mul(a, b num) num           { return r.push(r.v(a)*r.v(b), a, b, r.v(b), r.v(a)) }
func (r *reference) scale(a num, s float64) num { return r.push(r.v(a)*s, a, 0, s, 0) }

func (r *reference) exp(a num) num {
	e := math.Exp(r.v(a))
	return r.push(e, a, 0, e, 0)
}

func (r *reference) log(a num) num { return r.push(math.Log(r.v(a)), a, 0, 1/r.v(a), 0) }

func (r *reference) pow(a num, p float64) num {
	return r.push(math.Pow(r.v(a), p), a, 0, p*math.Pow(r.v(a), p-1), 0)
}

func (r *reference) shift(a num, s float64) num { return r.push(r.v(a)+s, a, 0, 1, 0) }

func (r *reference) sum(list []num) num {
	s := r.leaf(0)
	for _, x := range list {
		s = r.add(s, x)
	}
	return s
}

func (r *reference) dot(a, b []num) num {
	s := r.leaf(0)
	for i := range a {
		s = r.add(s, r.mul(a[i], b[i]))
	}
	return s
}

// matvec is w·x for w of len(x) columns.
func (r *reference) matvec(w, x []num) []num {
	y := make([]num, len(w)/len(x))
	for i := range y {
		y[i] = r.dot(w[i*len(x):(i+1)*len(x)], x)
	}
	return y
}

func (r *reference) norm(x, gain []num) []num {
	inv := r.pow(r.shift(r.scale(r.dot(x, x), 1/float64(len(x))), r.c.NormEps), -0.5)
	y := make([]num, len(x))
	for i := range x {
		y[i] = r.mul(r.mul(x[i], inv), gain[i])
	}
	return y
}

// biased adds a bias, if there is one.
func (r *reference) biased(y, bias []num) []num {
	if bias == nil {
		return y
	}
	for i := range y {
		y[i] = r.add(y[i], bias[i])
	}
	return y
}

// scaled is a frequency after rope scaling, as Llama 3.1 defines it: by wave
// length, in three ranges.
func (r *reference) scaled(frequency float64) float64 {
	s := r.c.RopeScaling
	switch s.Kind {
	case "linear":
		return frequency / s.Factor
	case "llama3":
		wave := 2 * math.Pi / frequency
		low, high := float64(s.Original)/s.LowFreq, float64(s.Original)/s.HighFreq
		switch {
		case wave > low:
			return frequency / s.Factor
		case wave < high:
			return frequency
		}
		smooth := (float64(s.Original)/wave - s.LowFreq) / (s.HighFreq - s.LowFreq)
		return (1-smooth)*frequency/s.Factor + smooth*frequency
	}
	return frequency
}

// turn rotates a head: pairs are (j, j+half), as in the Hugging Face layout.
func (r *reference) turn(x []num, pos int) []num {
	if r.c.RopeTheta == 0 {
		return x
	}
	half := len(x) / 2
	y := make([]num, len(x))
	for j := range half {
		angle := float64(pos) * r.scaled(1/math.Pow(r.c.RopeTheta, 2*float64(j)/float64(len(x))))
		cos, sin := math.Cos(angle), math.Sin(angle)
		y[j] = r.add(r.scale(x[j], cos), r.scale(x[j+half], -sin))
		y[j+half] = r.add(r.scale(x[j+half], cos), r.scale(x[j], sin))
	}
	return y
}

// model computes logits [T][vocab] of one sequence. w holds the weights by
// Hugging Face name.
func (r *reference) model(w map[string][]num, tokens []int32) [][]num {
	c := r.c
	hd := c.HeadDim()
	x := make([][]num, len(tokens))
	for t, id := range tokens {
		x[t] = w["model.embed_tokens.weight"][int(id)*c.Width : (int(id)+1)*c.Width]
	}
	for l := range c.Layers {
		p := "model.layers." + string(rune('0'+l)) + "."
		var q, k, v [][]num
		for t := range x {
			n := r.norm(x[t], w[p+"input_layernorm.weight"])
			q = append(q, r.biased(r.matvec(w[p+"self_attn.q_proj.weight"], n), w[p+"self_attn.q_proj.bias"]))
			k = append(k, r.biased(r.matvec(w[p+"self_attn.k_proj.weight"], n), w[p+"self_attn.k_proj.bias"]))
			v = append(v, r.biased(r.matvec(w[p+"self_attn.v_proj.weight"], n), w[p+"self_attn.v_proj.bias"]))
		}
		if c.QKNorm {
			for t := range x {
				for h := 0; h < len(q[t]); h += hd {
					copy(q[t][h:], r.norm(q[t][h:h+hd], w[p+"self_attn.q_norm.weight"]))
				}
				for h := 0; h < len(k[t]); h += hd {
					copy(k[t][h:], r.norm(k[t][h:h+hd], w[p+"self_attn.k_norm.weight"]))
				}
			}
		}
		for t := range x {
			att := make([]num, 0, c.Width)
			for h := range c.Heads {
				g := h / (c.Heads / c.KVHeads)
				qh := r.turn(q[t][h*hd:(h+1)*hd], t)
				weights := make([]num, t+1)
				for u := range weights {
					kh := r.turn(k[u][g*hd:(g+1)*hd], u)
					weights[u] = r.exp(r.scale(r.dot(qh, kh), 1/math.Sqrt(float64(hd))))
				}
				inv := r.pow(r.sum(weights), -1)
				for d := range hd {
					o := r.leaf(0)
					for u := range weights {
						o = r.add(o, r.mul(r.mul(weights[u], inv), v[u][g*hd+d]))
					}
					att = append(att, o)
				}
			}
			for i, o := range r.biased(r.matvec(w[p+"self_attn.o_proj.weight"], att), w[p+"self_attn.o_proj.bias"]) {
				// A copy, so that the embedding's nodes are not written over.
				if i == 0 {
					x[t] = append([]num(nil), x[t]...)
				}
				x[t][i] = r.add(x[t][i], o)
			}
			n := r.norm(x[t], w[p+"post_attention_layernorm.weight"])
			gate := r.biased(r.matvec(w[p+"mlp.gate_proj.weight"], n), w[p+"mlp.gate_proj.bias"])
			up := r.biased(r.matvec(w[p+"mlp.up_proj.weight"], n), w[p+"mlp.up_proj.bias"])
			for i, g := range gate {
				sigmoid := r.pow(r.shift(r.exp(r.scale(g, -1)), 1), -1)
				gate[i] = r.mul(r.mul(g, sigmoid), up[i])
			}
			for i, d := range r.biased(r.matvec(w[p+"mlp.down_proj.weight"], gate), w[p+"mlp.down_proj.bias"]) {
				x[t][i] = r.add(x[t][i], d)
			}
		}
	}
	head := w["lm_head.weight"]
	if c.TieEmbeddings {
		head = w["model.embed_tokens.weight"]
	}
	logits := make([][]num, len(tokens))
	for t := range x {
		logits[t] = r.matvec(head, r.norm(x[t], w["model.norm.weight"]))
	}
	return logits
}

// refResult is what the reference computes for a batch.
type refResult struct {
	loss float64
	logp [][]float64
	grad map[string][]float64 // by Hugging Face name
}

// refRun computes log-probabilities, the loss sum(coef·logp) over wanted tokens
// and its gradient.
func refRun(m *Model, batch []Sequence, coef func(seq, t int) float64) refResult {
	r := &reference{c: m.cfg}
	r.leaf(0)
	w := map[string][]num{}
	for _, t := range m.Tensors() {
		list := make([]num, len(t.Data))
		for i, x := range t.Data {
			list[i] = r.leaf(float64(x))
		}
		w[t.Name] = list
	}
	res := refResult{logp: make([][]float64, len(batch)), grad: map[string][]float64{}}
	total := r.leaf(0)
	for i := range batch {
		s := &batch[i]
		res.logp[i] = make([]float64, len(s.Tokens))
		logits := r.model(w, s.Tokens)
		for t := 1; t < len(s.Tokens); t++ {
			if !s.wants(t) {
				continue
			}
			row := logits[t-1]
			exps := make([]num, len(row))
			for j := range row {
				exps[j] = r.exp(row[j])
			}
			lp := r.add(row[s.Tokens[t]], r.scale(r.log(r.sum(exps)), -1))
			res.logp[i][t] = r.v(lp)
			total = r.add(total, r.scale(lp, coef(i, t)))
		}
	}
	res.loss = r.v(total)
	grad := make([]float64, len(r.value))
	grad[total] = 1
	for n := len(r.value) - 1; n > 0; n-- {
		g := grad[n]
		if g == 0 {
			continue
		}
		grad[r.inputs[n][0]] += g * r.slopes[n][0]
		grad[r.inputs[n][1]] += g * r.slopes[n][1]
	}
	for name, list := range w {
		g := make([]float64, len(list))
		for i, n := range list {
			g[i] = grad[n]
		}
		res.grad[name] = g
	}
	return res
}

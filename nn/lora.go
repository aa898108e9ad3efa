package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pawl/tensor"
)

// LoRAConfig is the shape of low-rank adapters (Hu et al. 2021, "LoRA: Low-Rank
// Adaptation of Large Language Models"): a matrix W [out, in] of a target is
// used as W + Alpha/Rank · B·A with B [out, Rank] and A [Rank, in].
type LoRAConfig struct {
	Rank    int      `json:"rank"`
	Alpha   float64  `json:"alpha"`
	Targets []string `json:"targets"` // of q, k, v, o, gate, up and down; nil means all
}

type loraTarget struct {
	name, module string
	slot         int
}

// loraTargets names what can be adapted and the tensors it stands for.
var loraTargets = []loraTarget{
	{"q", "self_attn.q_proj", slotQKV}, {"k", "self_attn.k_proj", slotQKV}, {"v", "self_attn.v_proj", slotQKV},
	{"o", "self_attn.o_proj", slotO},
	{"gate", "mlp.gate_proj", slotGateUp}, {"up", "mlp.up_proj", slotGateUp}, {"down", "mlp.down_proj", slotDown},
}

// LoRATargets are the names that LoRAConfig.Targets knows, in the order of a layer.
func LoRATargets() []string {
	names := make([]string, len(loraTargets))
	for i, t := range loraTargets {
		names[i] = t.name
	}
	return names
}

const maxRank = 1 << 12

// complete fills in defaults, puts targets in order, and says what is wrong.
func (c LoRAConfig) complete() (LoRAConfig, error) {
	if c.Rank < 1 || c.Rank > maxRank {
		return c, fmt.Errorf("rank is %d; it must be between 1 and %d", c.Rank, maxRank)
	}
	if !(c.Alpha > 0) || math.IsInf(c.Alpha, 0) {
		return c, fmt.Errorf("alpha is %v; it must be positive", c.Alpha)
	}
	known := LoRATargets()
	for _, t := range c.Targets {
		if !slices.Contains(known, t) {
			return c, fmt.Errorf("no target named %q; there are %s", t, strings.Join(known, ", "))
		}
	}
	want := c.Targets
	c.Targets = slices.DeleteFunc(known, func(t string) bool { return len(want) > 0 && !slices.Contains(want, t) })
	return c, nil
}

// Equal tells whether two configs describe the same adapters.
func (c LoRAConfig) Equal(d LoRAConfig) bool {
	return c.Rank == d.Rank && c.Alpha == d.Alpha && slices.Equal(c.Targets, d.Targets)
}

// LoRA holds the adapters of one model in one flat buffer. The rows of A of
// matrices that read the same input lie together, so that they are one product;
// B is kept transposed, [rank, out], so that products with it are wide.
type LoRA struct {
	cfg    LoRAConfig
	shape  Config
	groups []loraGroup // by layer, then slot
	w      []float32
}

// loraGroup are the adapters of one packed matrix.
type loraGroup struct {
	a     span // [parts·rank, in]
	parts []loraPart
}

type loraPart struct {
	module string
	lo, hi int  // rows of the packed matrix
	bT     span // [rank, hi-lo]
}

// NewLoRA makes adapters for models of m's shape. A is uniform within ±1/sqrt(in),
// as PEFT has it where the paper draws from a normal distribution, and B is zero,
// so that they change nothing at first. The same seed gives the
// same adapters on every machine.
func NewLoRA(m *Model, c LoRAConfig, seed uint64) (*LoRA, error) {
	a, err := emptyLoRA(m, c)
	if err != nil {
		return nil, fmt.Errorf("making adapters: %w", err)
	}
	r := newStream(seed, 0x6c6f7261) // a stream of its own
	for _, g := range a.groups {
		bound := 1 / math.Sqrt(float64(g.a.cols))
		for i, w := 0, g.a.of(a.w); i < len(w); i++ {
			w[i] = float32((2*r.uniform() - 1) * bound)
		}
	}
	return a, nil
}

func emptyLoRA(m *Model, c LoRAConfig) (*LoRA, error) {
	a, size, err := layLoRA(m, c)
	if err == nil {
		a.w = tensor.Alloc(size)
	}
	return a, err
}

// layLoRA lays adapters out in a buffer of the given size, which they lack.
func layLoRA(m *Model, c LoRAConfig) (a *LoRA, size int, err error) {
	c, err = c.complete()
	if err != nil {
		return nil, 0, err
	}
	a = &LoRA{cfg: c, shape: m.cfg}
	take := func(rows, cols int) span {
		s := span{size, rows, cols}
		size += (rows*cols + 15) &^ 15
		return s
	}
	var full packedWeights
	full.prepare(m)
	for i := range full.jobs(m) - 1 {
		_, matrix := full.job(m, i)
		g := loraGroup{}
		for _, t := range loraTargets {
			if t.slot != i%layerSlots || !slices.Contains(c.Targets, t.name) {
				continue
			}
			lo, hi := targetRows(&m.cfg, t.name, matrix)
			module := fmt.Sprintf("model.layers.%d.%s", i/layerSlots, t.module)
			g.parts = append(g.parts, loraPart{module: module, lo: lo, hi: hi})
		}
		if len(g.parts) > 0 {
			g.a = take(len(g.parts)*c.Rank, matrix.cols)
			for k := range g.parts {
				g.parts[k].bT = take(c.Rank, g.parts[k].hi-g.parts[k].lo)
			}
		}
		a.groups = append(a.groups, g)
	}
	return a, size, nil
}

// targetRows are the rows of a target within its packed matrix.
func targetRows(c *Config, target string, matrix span) (lo, hi int) {
	q, kv := matrix.rows-2*c.kvDim(), c.kvDim()
	switch target {
	case "q":
		return 0, q
	case "k":
		return q, q + kv
	case "v":
		return q + kv, q + 2*kv
	case "gate":
		return 0, c.Hidden
	case "up":
		return c.Hidden, 2 * c.Hidden
	}
	return 0, matrix.rows
}

// Config is the adapters' shape, with all defaults filled in.
func (a *LoRA) Config() LoRAConfig { return a.cfg }

// Params is the number of weights that the adapters have.
func (a *LoRA) Params() int {
	n := 0
	for _, g := range a.groups {
		for _, p := range g.parts {
			n += a.cfg.Rank * (g.a.cols + p.bT.cols)
		}
	}
	return n
}

func (a *LoRA) scale() float32 { return float32(a.cfg.Alpha / float64(a.cfg.Rank)) }

// Clone copies the adapters.
func (a *LoRA) Clone() *LoRA {
	b := *a
	b.w = tensor.Alloc(len(a.w))
	copy(b.w, a.w)
	return &b
}

// fits tells whether the adapters belong to models of m's shape.
func (a *LoRA) fits(m *Model) error {
	if a.shape != m.cfg {
		return fmt.Errorf("the adapters are of another model: %s", configDiff(m.cfg, a.shape))
	}
	return nil
}

// Merge returns a copy of m with the adapters added to its weights: what a
// Trainer with these adapters computes, to the bit.
func (a *LoRA) Merge(m *Model) (*Model, error) {
	if err := a.fits(m); err != nil {
		return nil, fmt.Errorf("merging adapters: %w", err)
	}
	out := m.Clone()
	a.addTo(out, a.w)
	return out, nil
}

// addTo adds adapters with the weights w to those of m.
func (a *LoRA) addTo(m *Model, w []float32) {
	var full packedWeights
	full.prepare(m)
	var scratch []float32
	for i := range a.groups {
		_, matrix := full.job(m, i)
		scratch = a.add(matrix.mat(m.w), i, w, scratch)
	}
	m.Touch()
}

// add adds Alpha/Rank · B·A of group i to a matrix. scratch is grown memory.
func (a *LoRA) add(matrix tensor.Mat, i int, w, scratch []float32) []float32 {
	g := &a.groups[i]
	for k, p := range g.parts {
		scratch = growAligned(scratch, p.bT.size())
		copy(scratch, p.bT.of(w))
		tensor.Scale(scratch, a.scale())
		bT := tensor.Mat{Data: scratch, Rows: p.bT.rows, Cols: p.bT.cols, Stride: p.bT.cols}
		tensor.MulTN(matrix.Slice(p.lo, p.hi), bT, a.rowsOf(g, k, w), true)
	}
	return scratch
}

// rowsOf is A of part k of a group: [rank, in].
func (a *LoRA) rowsOf(g *loraGroup, k int, w []float32) tensor.Mat {
	return g.a.mat(w).Slice(k*a.cfg.Rank, (k+1)*a.cfg.Rank)
}

package nn

import (
	"sync"
	"sync/atomic"
)

// frozenPacks is the packed copy that all readers of a frozen model share.
type frozenPacks struct {
	frozen atomic.Bool
	mu     sync.Mutex
	packs  *packedWeights
}

// Freeze promises that the weights change no more. Samplers and trainers that
// only compute then share one packed copy, made when it is first needed, and a
// Trainer of the model refuses to step.
func (m *Model) Freeze() { m.final.frozen.Store(true) }

// Frozen tells whether the weights change no more.
func (m *Model) Frozen() bool { return m.final.frozen.Load() }

// sharedPacks is the packed copy of a frozen model.
func (m *Model) sharedPacks() *packedWeights {
	m.final.mu.Lock()
	defer m.final.mu.Unlock()
	if m.final.packs == nil {
		p := &packedWeights{forward: true}
		p.packAll(m)
		m.final.packs = p
	}
	return m.final.packs
}

// packed tells whether a frozen model has its packed copy.
func (m *Model) packed() bool {
	m.final.mu.Lock()
	defer m.final.mu.Unlock()
	return m.final.packs != nil
}

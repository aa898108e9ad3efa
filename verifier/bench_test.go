package verifier

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"pawl/core"
	"pawl/stats/rank"
)

// drawn is the i-th of a stream of synthetic episodes: eight attempts at a task,
// each of which gives one of four answers, the first more often.
func drawn(r *rand.Rand, i int) *core.Episode {
	ep := core.NewEpisode(core.Task{ID: strconv.Itoa(i), Prompt: asked}, uint64(i))
	for range 8 {
		ep.Append(core.Node{Parent: 1, Actor: "solver", Role: core.RoleAssistant, Content: said4[r.IntN(4)*r.IntN(2)]})
	}
	return ep
}

var (
	asked = []core.Node{{Role: core.RoleUser, Content: "q"}}
	said4 = []string{"So it is.\n#### 0", "So it is.\n#### 1", "So it is.\n#### 2", "So it is.\n#### 3"}
)

// heapMost keeps the largest heap that it was shown.
type heapMost uint64

func (h *heapMost) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	*h = max(*h, heapMost(m.HeapAlloc))
}

// Votes over a stream of episodes, made, judged and forgotten one by one: run it
// with -benchtime=1000000x for a million. The heap does not grow with their
// number.
func BenchmarkMajorityVoteStream(b *testing.B) {
	v, err := newMajorityVote(b.Context(), nil, MajorityVoteConfig{})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var heap heapMost
	i, kept := 0, 0
	for b.Loop() {
		j, err := v.Verify(b.Context(), drawn(r, i), nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range j.Scores {
			if s.Value >= 0.5 {
				kept++
			}
		}
		if i++; i%50_000 == 0 {
			heap.look()
		}
	}
	heap.look()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "episodes/s")
	b.ReportMetric(float64(heap)/1e6, "MB-heap")
}

// Pairs of a stream of episodes: every pair of an episode's attempts is an
// outcome between the two of eight policies that made them.
func BenchmarkPairStream(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var heap heapMost
	i := 0
	table, err := rank.Tally(8, func(yield func(rank.Outcome) bool) {
		for b.Loop() {
			var worth [8]float64
			for k := range worth {
				worth[k] = r.NormFloat64() + float64(k)/8
			}
			for x := range 8 {
				for y := range x {
					value := 0.0
					if worth[x] > worth[y] {
						value = 1
					}
					if !yield(rank.Outcome{First: x, Second: y, Value: value}) {
						return
					}
				}
			}
			if i++; i%50_000 == 0 {
				heap.look()
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	heap.look()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "episodes/s")
	b.ReportMetric(float64(heap)/1e6, "MB-heap")
	runtime.KeepAlive(table)
}

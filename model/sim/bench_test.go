package sim

import (
	"testing"

	"pawl/core"
	"pawl/prompt"
)

// What one answer of a simulation costs, by role.
func BenchmarkAnswer(b *testing.B) {
	tasks := numbered(3, 1)
	p, _, err := Load("default")
	if err != nil {
		b.Fatal(err)
	}
	k := newKnowledge(doubling())
	k.learn(tasks)
	s := &source{Profile: p, digest: "d", known: k}
	d := prompt.Data{Task: tasks[0].Prompt, Attempt: "#### 0", Attempts: []string{"#### 0", "#### 1"}}
	for name, path := range map[string][]core.Node{"solve": tasks[0].Prompt, "verify": asks(b, prompt.Verify, d), "compare": asks(b, prompt.Compare, d)} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, err := s.Answer(b.Context(), core.Request{Path: path, N: 1, Seed: 1}, i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkProfile(b *testing.B) {
	for b.Loop() {
		if _, _, err := Load("biased"); err != nil {
			b.Fatal(err)
		}
	}
}

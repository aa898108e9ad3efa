package pawl

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pawl/core"
)

// narrow is scripted with a context of so many bytes; it answers batches whole or
// not at all, as models do. What it says is always the same.
type narrow struct {
	says    string
	context int
}

func (m narrow) fits(path []core.Node) error {
	n := 0
	for _, node := range path {
		n += len(node.Content)
	}
	if n > m.context {
		return fmt.Errorf("sampling: %w", &core.TooLongError{Err: fmt.Errorf("%d tokens in a context of %d", n, m.context)})
	}
	return nil
}

func (m narrow) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	out, err := m.ActBatch(ctx, []core.Request{r})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (m narrow) ActBatch(_ context.Context, rs []core.Request) ([][]core.Node, error) {
	var out [][]core.Node
	for _, r := range rs {
		if err := m.fits(r.Path); err != nil {
			return nil, err
		}
		var nodes []core.Node
		for range r.N {
			nodes = append(nodes, core.Node{Role: core.RoleAssistant, Content: m.says})
		}
		out = append(out, nodes)
	}
	return out, nil
}

func (m narrow) Score(_ context.Context, paths [][]core.Node) ([][]float32, error) {
	var out [][]float32
	for _, path := range paths {
		if err := m.fits(path); err != nil {
			return nil, err
		}
		out = append(out, []float32{map[string]float32{"yes": -0.1, "no": -3}[path[len(path)-1].Content]})
	}
	return out, nil
}

// What a context cannot hold is not answered and not kept, and ends nothing: a
// prompt, an attempt to verify, and a play that says more and more.
func TestTooSmallContext(t *testing.T) {
	for _, c := range []struct {
		world, says string
		context     int
		kept        float64
	}{
		{"addition", "46", 4, 0},                             // no prompt fits
		{"addition", strings.Repeat("4", 300), 200, 0},       // no attempt fits beside its prompt
		{"addition", "46", 200, 1},                           // all do, and yes is likelier
		{"keysum", strings.Repeat("1+", 50) + "1=2", 300, 0}, // numbers, if long ones, until the play is too long
	} {
		v := visit{model: narrow{c.says, c.context}, o: EnvironmentOptions{Tasks: 5, Samples: 2, Seed: 1}, name: c.world, level: 2}
		e, err := v.measure(t.Context())
		if err != nil {
			t.Fatalf("%s in %d: %v", c.world, c.context, err)
		}
		if e.N != 5 || e.Kept == nil || *e.Kept != c.kept || e.Value > 0.5 {
			t.Errorf("%s in %d: %+v, kept %v, want %v", c.world, c.context, e, *e.Kept, c.kept)
		}
	}
}

func TestEnvironmentOptions(t *testing.T) {
	for why, o := range map[string]EnvironmentOptions{
		"0 tasks":     {},
		"-1 tasks":    {Tasks: -1},
		"-1 samples":  {Tasks: 1, Samples: -1},
		"5000":        {Tasks: 1, Samples: 5000},
		"no level 6":  {Tasks: 1, Worlds: map[string]int{"copy": 6}},
		"no level -1": {Tasks: 1, Worlds: map[string]int{"copy": -1}},
	} {
		var names []string
		for name := range o.Worlds {
			names = append(names, name)
		}
		if err := o.check(names); !IsInput(err) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// One task tells nothing about others, and what is told are numbers.
func TestOneTask(t *testing.T) {
	v := visit{model: narrow{"46", 500}, o: EnvironmentOptions{Tasks: 1, Samples: 3, Seed: 1}, name: "addition", level: 2}
	e, err := v.measure(t.Context())
	if err != nil || e.Gap == nil || e.GapLow != nil || e.GapTop != nil || marshal(e) == nil {
		t.Errorf("%+v, %v", e, err)
	}
}

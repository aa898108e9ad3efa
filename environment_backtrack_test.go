package pawl

import (
	"strings"
	"testing"
)

// Attempts are taken up again where it is asked for, the same each time; what stays as
// it was is as right as before, and a step that no sample changes costs its samples.
func TestBacktrackOnNano(t *testing.T) {
	p := inMemory(t)
	policy, err := p.nano(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := BacktrackOptions{
		EnvironmentOptions: EnvironmentOptions{Worlds: map[string]int{"functable": 4, "chain": 4}, Tasks: 24, Seed: 1},
		Tries:              8,
		At: func(a Backtracked) []int {
			if a.FirstWrong > 0 {
				return []int{1, a.FirstWrong, 1}
			}
			return nil
		},
	}
	for _, name := range []string{"chain", "functable"} {
		found, err := p.Backtrack(t.Context(), policy, name, o)
		if err != nil || len(found) != 24 {
			t.Fatalf("%s: %d attempts, %v", name, len(found), err)
		}
		again, err := p.Backtrack(t.Context(), policy, name, o)
		if err != nil || string(marshal(again)) != string(marshal(found)) {
			t.Errorf("%s: the same measurement gives others: %v", name, err)
		}
		wrong, mended := 0, 0
		for _, a := range found {
			if a.Right != (a.FirstWrong == 0) || a.FirstWrong > a.Steps+1 || a.Own > a.Steps+1 {
				t.Errorf("%s: %+v", name, a)
			}
			if a.Right {
				if len(a.From) != 0 {
					t.Errorf("%s: a right attempt is taken up again: %+v", name, a)
				}
				continue
			}
			wrong++
			for at, d := range a.From {
				if at != 1 && at != a.FirstWrong || d.Tokens == 0 || d.Same && d.Right {
					t.Errorf("%s: from step %d: %+v", name, at, d)
				}
			}
			d, ok := a.From[a.FirstWrong]
			if !ok {
				t.Errorf("%s: not taken up again at its first wrong step: %+v", name, a)
			}
			mended += int(b2f(d.Right))
		}
		// What is not known by heart, another value rarely is either.
		if wrong == 0 || mended == wrong || mended == 0 && name == "chain" {
			t.Errorf("%s: of %d wrong attempts %d are mended", name, wrong, mended)
		}
	}
	if _, err := p.Backtrack(t.Context(), policy, "keysum", BacktrackOptions{EnvironmentOptions: EnvironmentOptions{Worlds: map[string]int{"keysum": 1}, Tasks: 1}}); !IsInput(err) || !strings.Contains(err.Error(), "no texts of steps") {
		t.Errorf("a world that is played: %v", err)
	}
}

package pawl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// A piece of work that ends early, by an error or an interruption, at any row:
// the same command goes on, judges nothing that is durable again, and comes to
// the same rows as one that was never stopped.
func TestVerifyGoesOn(t *testing.T) {
	for _, grouped := range []bool{false, true} {
		t.Run(fmt.Sprint("grouped ", grouped), func(t *testing.T) {
			coretest.NoLeaks(t)
			var completions []string
			for i := range 90 {
				completions = append(completions, fmt.Sprintf("t%d/%d c%d", i/3%10, i/30*3+i%3, i))
			}
			o := verifyFiles(t, t.TempDir(), 10, completions)
			judged := make([]atomic.Int32, len(completions))
			var stop atomic.Int64
			var cancel context.CancelFunc
			planned := errors.New("the planned failure")
			var how error
			name := rig(t, func(ctx context.Context, attempts []string, at int) (core.Score, error) {
				var i int
				if _, err := fmt.Sscanf(attempts[at], "c%d", &i); err != nil {
					return core.Score{}, err
				}
				if int64(i) == stop.Load() {
					if how == context.Canceled {
						cancel()
						<-ctx.Done()
						return core.Score{}, ctx.Err()
					}
					return core.Score{}, how
				}
				judged[i].Add(1)
				return core.Score{Value: float64(i) / 100, Rationale: strings.Join(attempts, " ")}, nil
			})
			o.Verifier = fmt.Sprintf("rigged_by_tests: {group: %v, name: %s}", grouped, name)
			stop.Store(-1)
			want, _, err := verified(t.Context(), inMemory(t), o)
			if err != nil {
				t.Fatal(err)
			}
			if grouped { // else attempts are seen in pieces, which a resume cuts alike
				for i := range want {
					if strings.Count(want[i].Scores[0].Rationale, "c") != 9 {
						t.Fatalf("row %d was judged by %s", i, want[i].Scores[0].Rationale)
					}
				}
			}
			dir := t.TempDir()
			for i := range judged {
				judged[i].Store(0)
			}
			durable := 0
			for k, at := range []int64{4, 40, 41, 89, -1} {
				how = []error{planned, context.Canceled}[k%2]
				stop.Store(at)
				ctx, c := context.WithCancel(t.Context())
				cancel = c
				p := opened(t, dir)
				before := make([]int32, len(judged))
				for i := range judged {
					before[i] = judged[i].Load()
				}
				rows, s, err := verified(ctx, p, o)
				c()
				if at >= 0 && !errors.Is(err, how) || at < 0 && err != nil {
					t.Fatalf("stopped at %d: %v", at, err)
				}
				if len(rows) < durable || s.N != len(rows) || s.Judged != len(rows)-durable || at < 0 && len(rows) != len(want) {
					t.Fatalf("stopped at %d: %d rows, %d were durable, %+v", at, len(rows), durable, s)
				}
				for i := range rows {
					if !slices.Equal(rows[i].Scores, want[i].Scores) || rows[i].ID != want[i].ID || rows[i].Sample != want[i].Sample {
						t.Errorf("row %d is %+v, of an unbroken run %+v", i, rows[i], want[i])
					}
				}
				if !grouped {
					for i := range durable {
						if judged[i].Load() != before[i] {
							t.Errorf("row %d was durable and is judged again", i)
						}
					}
				}
				durable = len(rows)
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
			}
			total := int32(0)
			for i := range judged {
				total += judged[i].Load()
			}
			// Once more, and all is there; afresh, and all is done anew.
			p := opened(t, dir)
			if rows, s, err := verified(t.Context(), p, o); err != nil || s.Judged != 0 || len(rows) != len(want) {
				t.Errorf("again: %+v, %v", s, err)
			}
			o.Fresh = true
			if rows, s, err := verified(t.Context(), p, o); err != nil || s.Judged != len(want) || len(rows) != len(want) {
				t.Errorf("afresh: %+v, %v", s, err)
			}
			// Other contents are another job.
			o.Fresh = false
			o.Set = map[string]string{"group": fmt.Sprint(!grouped)}
			if _, s, err := verified(t.Context(), p, o); err != nil || s.Judged != len(want) {
				t.Errorf("other settings: %+v, %v", s, err)
			}
		})
	}
}

// Rows that the verifier failed to judge are asked about again, by the same
// command once it is through, and no others are.
func TestVerifyAsksAgain(t *testing.T) {
	var broken atomic.Bool
	var asked atomic.Int64
	name := rig(t, func(_ context.Context, attempts []string, at int) (core.Score, error) {
		asked.Add(1)
		if broken.Load() && strings.HasPrefix(attempts[at], "bad") {
			return core.Score{Abstain: true, Unjudged: true, Rationale: "it is broken"}, nil
		}
		return core.Score{Value: 1}, nil
	})
	o := verifyFiles(t, t.TempDir(), 4, []string{"t0/0 a", "t1/0 bad", "t2/0 b", "t3/0 bad", "t3/1 c"})
	o.Verifier = "rigged_by_tests: " + name
	p := inMemory(t)
	broken.Store(true)
	for _, step := range []struct {
		broken                          bool
		asked                           int64
		judged, right, unjudged, absent int
	}{{true, 5, 5, 3, 2, 2}, {true, 3, 2, 3, 2, 2}, {false, 3, 2, 5, 0, 0}, {false, 0, 0, 5, 0, 0}} {
		broken.Store(step.broken)
		asked.Store(0)
		rows, s, err := verified(t.Context(), p, o)
		// t3's two attempts are one piece: both are asked about, one is taken.
		if err != nil || asked.Load() != step.asked || s.Judged != step.judged || s.Right != step.right || s.Unjudged != step.unjudged || s.Abstained != step.absent || len(rows) != 5 {
			t.Errorf("%+v: %d asked, %+v, %v", step, asked.Load(), s, err)
		}
		if step.unjudged > 0 && s.Reason != "it is broken" {
			t.Errorf("the reason is %q", s.Reason)
		}
	}
}

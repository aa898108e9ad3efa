package core

import (
	"errors"
	"fmt"
	"testing"
)

// Halves are tried until all that fits is done, in order.
func TestFitting(t *testing.T) {
	other := errors.New("out of order")
	for limit := range 12 {
		in := []int{3, 9, 1, 4, 11, 0, 7}
		out, long, err := Fitting(in, func(part []int) ([]int, error) {
			var done []int
			for _, n := range part {
				if n > limit {
					return nil, fmt.Errorf("asking: %w", &TooLongError{errors.New("long")})
				}
				done = append(done, n+100)
			}
			return done, nil
		})
		if err != nil || len(out) != len(in) || len(long) != len(in) {
			t.Fatalf("%d: %v %v %v", limit, out, long, err)
		}
		for i, n := range in {
			if long[i] != (n > limit) || !long[i] && out[i] != n+100 {
				t.Errorf("limit %d: %v %v", limit, out, long)
			}
		}
	}
	if _, _, err := Fitting([]int{1, 2}, func([]int) ([]int, error) { return nil, other }); !errors.Is(err, other) {
		t.Errorf("another error: %v", err)
	}
	if out, long, err := Fitting(nil, func([]int) ([]int, error) { return nil, nil }); err != nil || len(out)+len(long) != 0 {
		t.Errorf("nothing: %v %v %v", out, long, err)
	}
}

package core

import "errors"

// TooLongError says that a text is longer than an actor can read. It costs what
// asked for it, never what it was asked beside: see Fitting.
type TooLongError struct{ Err error }

func (e *TooLongError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *TooLongError) Unwrap() error { return e.Err }

// Fitting calls f for all of in, and where something is too long for the actor,
// for each half, and so on, until f has done whatever fits; long marks the rest,
// whose entries of out are zero. The results of f must not depend on what else
// it is given.
func Fitting[A, B any](in []A, f func([]A) ([]B, error)) (out []B, long []bool, err error) {
	if len(in) == 0 {
		return nil, nil, nil
	}
	out, err = f(in)
	var tooLong *TooLongError
	switch {
	case !errors.As(err, &tooLong):
		return out, make([]bool, len(in)), err
	case len(in) == 1:
		return make([]B, 1), []bool{true}, nil
	}
	half := len(in) / 2
	out, long, err = Fitting(in[:half], f)
	if err != nil {
		return nil, nil, err
	}
	second, longer, err := Fitting(in[half:], f)
	return append(out, second...), append(long, longer...), err
}

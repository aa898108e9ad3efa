package pawl

import (
	"errors"
	"fmt"
	"io/fs"

	"pawl/exec"
	"pawl/nn"
	"pawl/registry"
	"pawl/store"
	"pawl/task"
)

// InputError marks what the caller got wrong: a name, a file, a value. Nothing
// was done.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

// input marks err as the caller's; nil stays nil.
func input(err error) error {
	if err == nil {
		return nil
	}
	return &InputError{err}
}

func inputf(format string, args ...any) error { return input(fmt.Errorf(format, args...)) }

// IsInput reports whether err comes from what the caller gave: recipes, rows
// of task files, names that do not exist.
func IsInput(err error) bool {
	var given *InputError
	var problems registry.Problems
	var row *task.RowError
	var unknown *nn.UnknownTextError
	var unpriced *exec.UnpricedError
	return errors.As(err, &unpriced) || errors.As(err, &unknown) || errors.As(err, &given) || errors.As(err, &problems) || errors.As(err, &row)
}

// missing marks "not found" errors of stores and files as the caller's.
func missing(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return input(err)
	}
	return err
}

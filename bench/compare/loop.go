package main

import (
	"context"
	"errors"
)

// loopSpeed measures the loop's own cost: attempts per second with an actor
// that does nothing.
func loopSpeed(context.Context, *options, *reporter) error {
	return errors.New("not built yet")
}

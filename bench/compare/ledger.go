package main

import (
	"context"
	"errors"
)

// ledgerSpeed measures durable calls per second, a call being an intent and a
// result.
func ledgerSpeed(context.Context, *options, *reporter) error {
	return errors.New("not built yet")
}

//go:build !linux

package store

import "errors"

func mountSmall(string) (func(), error) { return nil, errors.ErrUnsupported }

//go:build !unix

package store

// dirLock does nothing where flock does not exist: damage is still refused by
// SQLite, but half a transaction in the log is not reported.
type dirLock struct{}

func lockDir(string) (*dirLock, bool, error) { return &dirLock{}, false, nil }
func (*dirLock) share() error                { return nil }
func (*dirLock) Close() error                { return nil }

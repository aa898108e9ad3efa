package store_test

import (
	"testing"
	"time"

	"pawl/store"
	"pawl/store/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) *store.Store {
		s, err := store.Open(t.TempDir(), store.Options{Now: now, Warn: func(m string) { t.Error(m) }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) *store.Store {
		return store.Memory(store.Options{Now: now})
	})
}

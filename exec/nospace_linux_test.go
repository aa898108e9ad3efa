package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pawl/core"
	"pawl/exec"
	"pawl/store"
)

// Row 5: when the disk is full, paying stops: at most what was in flight is paid for
// and lost, all that callers were given stays, and with room again it goes on.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("pawl", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	defer func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }()
	s, l, err := openRun(filepath.Join(dir, "store"), time.Minute, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := account(t, l, exec.Cap{})
	p := exec.NewPayer(exec.PayerOptions{})
	ctx := exec.OnAccount(ctx, a)
	random := rand.NewChaCha8([32]byte{})
	answer := make([]byte, 8<<10)
	_, _ = random.Read(answer)
	var sends, lost, full atomic.Int64
	buy := func(name string) error {
		_, err := p.Pay(ctx, purchase(name), func(context.Context, []int) (core.Sent, error) {
			sends.Add(1)
			return core.Sent{Results: []core.SentResult{{Content: answer}}}, nil
		})
		return err
	}
	var given sync.Map
	var wg sync.WaitGroup
	const callers = 8
	for g := range callers {
		wg.Go(func() {
			for i := range 10_000 {
				name := fmt.Sprint(g, " ", i)
				if err := buy(name); err != nil {
					full.Add(1)
					if strings.Contains(err.Error(), "outcome") {
						lost.Add(1)
					}
					if !strings.Contains(err.Error(), "free some space") {
						t.Errorf("a full disk says: %v", err)
					}
					return
				}
				given.Store(name, true)
			}
		})
	}
	wg.Wait()
	if full.Load() != callers {
		t.Fatalf("the disk is full for %d of %d callers", full.Load(), callers)
	}
	before, refused := sends.Load(), 0
	for i := range 100 {
		if buy(fmt.Sprint("after ", i)) != nil {
			refused++
		}
	}
	given.Range(func(name, _ any) bool {
		if found, err := s.Bought(ctx, []core.Key{key(name.(string))}); len(found) != 1 || err != nil {
			t.Errorf("%s was given and is not there: %v", name, err)
		}
		return true
	})
	t.Logf("row 5: a full disk: %d calls before, %d of them not recorded yet; of 100 calls after, %d sent, %d refused", before, lost.Load(), sends.Load()-before, refused)
	if lost.Load() > callers || refused < 90 {
		t.Errorf("%d lost, %d refused after", lost.Load(), refused)
	}
	if err := unix.Mount("pawl", dir, "tmpfs", unix.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	if err := buy("with room again"); err != nil {
		t.Error(err)
	}
	// What was paid for while the disk was full is there.
	sum := spending(t, s)
	t.Logf("row 5: with room again: %d sent, %d recorded, %d never heard of", sends.Load(), sum.Attempts-sum.Open, sum.Open)
	if sum.Attempts-sum.Open != sends.Load() || sum.Open != 0 {
		t.Errorf("sent %d, recorded %+v", sends.Load(), sum)
	}
}

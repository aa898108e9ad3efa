//go:build unix

package exec_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pawl/core"
	"pawl/exec"
	"pawl/store"
)

func init() {
	children["buy"] = func(args []string) error { return buyer(args[0], args[1], atoi(args[2]), atoi(args[3])) }
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func childCommand(mode string, args ...string) *osexec.Cmd {
	cmd := osexec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"="+mode)
	cmd.Stderr = os.Stderr
	return cmd
}

// seenLog is where a buyer notes what it was given, after it was given it.
const seenLog = "seen.log"

const buyers = 32 // calls in flight

// openRun opens a store of which run r is ours.
func openRun(dir string, ttl time.Duration, o store.Options) (*store.Store, *store.Lease, error) {
	s, err := store.Open(dir, o)
	if err != nil {
		return nil, nil, err
	}
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil && !errors.Is(err, store.ErrExists) {
		return nil, nil, errors.Join(err, s.Close())
	}
	l, err := s.Acquire(ctx, "r", ttl)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, l, nil
}

// buyer buys the numbers [from, to) of the upstream at url, and is killed at some time.
func buyer(dir, url string, from, to int) error {
	s, l, err := openRun(dir, time.Minute, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	a, err := exec.NewAccount(ctx, l, "r", exec.Cap{})
	if err != nil {
		return err
	}
	p := exec.NewPayer(exec.PayerOptions{Retry: exec.Retry{Base: time.Millisecond, Longest: 5 * time.Millisecond}, Limits: exec.Limits{Start: buyers}})
	log, err := os.OpenFile(filepath.Join(dir, seenLog), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	ctx := exec.OnAccount(ctx, a)
	_, err = exec.Map(ctx, exec.NewPool(buyers), to-from, nil, func(ctx context.Context, i int) (int, error) {
		n := from + i
		got, err := p.Pay(ctx, purchase(fmt.Sprint(n)), func(ctx context.Context, _ []int) (core.Sent, error) { return ask(ctx, url, n) })
		if err == nil {
			_, err = fmt.Fprintf(log, "%d %s\n", n, got[0].Content) // one write: whole, or not there
		}
		return 0, err
	})
	return err
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: buyers, ForceAttemptHTTP2: false}}

func ask(ctx context.Context, url string, n int) (core.Sent, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/%d", url, n), nil)
	if err != nil {
		return core.Sent{}, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return core.Sent{}, &core.SendError{Err: err, Again: true, Unknown: true}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return core.Sent{}, &core.SendError{Err: err, Again: true, Unknown: true}
	case resp.StatusCode != http.StatusOK:
		return core.Sent{}, &core.SendError{Err: errors.New(resp.Status), Again: true}
	}
	return core.Sent{Results: []core.SentResult{{Content: body}}, Usage: core.Usage{Calls: 1, MicroUSD: price}}, nil
}

const price = 100 // of an answer of the upstream

// upstream is a server in the test's own process, which outlives its callers: it
// refuses one request in ten, and one in twenty it bills and then drops.
type upstream struct {
	*httptest.Server
	mu       sync.Mutex
	bills    map[int]int // per number
	dropped  int
	answered map[int]map[int]bool // per life of the caller: billed, and not dropped
	durable  map[int]int          // the life at whose end the number was in the ledger
	repeats  int
	lost     int
	requests int
	target   int           // requests after which
	reached  chan struct{} // is closed
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{bills: map[int]int{}, durable: map[int]int{}, answered: map[int]map[int]bool{}}
	u.Server = httptest.NewServer(u)
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// A request may be handled after its sender was killed, so it names the life.
	first, second, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	life, n := atoi(first), atoi(second)
	time.Sleep(time.Duration(rand.IntN(10_000)) * time.Microsecond)
	u.mu.Lock()
	if u.requests++; u.requests == u.target {
		close(u.reached)
	}
	if at, ok := u.durable[n]; ok && at < life {
		u.repeats++
	}
	fate := rand.IntN(20)
	if fate > 2 {
		if u.answered[life] == nil {
			u.answered[life] = map[int]bool{}
		}
		u.answered[life][n] = true
	}
	if fate != 1 && fate != 2 {
		u.bills[n]++
	}
	bill := u.bills[n]
	if fate == 0 {
		u.dropped++
	}
	u.mu.Unlock()
	switch fate {
	case 0:
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	case 1, 2:
		http.Error(w, "busy", http.StatusServiceUnavailable)
	default:
		fmt.Fprintf(w, "answer %d, bill %d", n, bill)
	}
}

// Rows 1 and 3: a process that buys is killed 200 times, whatever it is doing, and
// started again. Nothing that it was given is lost, nothing that is durable is sent
// for again, and what was billed twice was in flight at a kill or dropped.
func TestKilled(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 15
	}
	u, dir := newUpstream(t), t.TempDir()
	seen, next := 0, 0 // lines of the log; all numbers below are durable
	for life := 0; ; life++ {
		from, last := next, life == kills
		to := from + 1_000_000
		if last {
			to = u.highest() + 1 + buyers // what was in flight, and is not billed yet, too
		}
		cmd := childCommand("buy", dir, fmt.Sprint(u.URL, "/", life), strconv.Itoa(from), strconv.Itoa(to))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if last {
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
		} else {
			<-u.after(1 + rand.IntN(3*buyers))
			time.Sleep(time.Duration(rand.IntN(5_000)) * time.Microsecond)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		u.closeLife(t, dir, life, &seen, &next)
		if last {
			break
		}
	}
	u.report(t, dir, kills)
}

// after is closed when n more requests have been handled.
func (u *upstream) after(n int) <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.target, u.reached = u.requests+n, make(chan struct{})
	return u.reached
}

// highest is the last number that was asked for.
func (u *upstream) highest() (n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range u.bills {
		n = max(n, i)
	}
	return n
}

// closeLife compares what the killed process was given, and what the upstream answered,
// with the ledger.
func (u *upstream) closeLife(t *testing.T, dir string, life int, seen, next *int) {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := func(n int) (string, bool) {
		found, err := s.Bought(ctx, []core.Key{key(fmt.Sprint(n))})
		if err != nil {
			t.Fatal(err)
		}
		b, ok := found[key(fmt.Sprint(n))]
		return string(b.Content), ok
	}
	for n := range u.answered[life] {
		if _, ok := at(n); ok {
			u.durable[n] = life
		}
	}
	lines, err := os.ReadFile(filepath.Join(dir, seenLog))
	if err != nil {
		t.Fatal(err)
	}
	all := bytes.SplitAfter(lines, []byte("\n"))
	for _, line := range all[*seen : len(all)-1] {
		n, content, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		if got, ok := at(atoi(n)); !ok || got != content {
			u.lost++
			t.Errorf("lost: number %s was given as %q, the ledger has %q", n, content, got)
		}
	}
	*seen = len(all) - 1
	for ; ; *next++ {
		if _, ok := u.durable[*next]; !ok {
			return
		}
	}
}

func (u *upstream) report(t *testing.T, dir string, kills int) {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	total, inFlight, most := 0, 0, 0
	for life, answered := range u.answered {
		lost := 0
		for n := range answered {
			if u.durable[n] > life {
				lost++
			}
		}
		inFlight, most = inFlight+lost, max(most, lost)
	}
	for n, bills := range u.bills {
		total += bills
		if _, ok := u.durable[n]; !ok {
			t.Errorf("number %d was billed, and is not in the ledger at the end", n)
		}
	}
	extra := total - len(u.bills)
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sum := spending(t, s)
	t.Logf("row 1: %d kills: %d answers, %d lost, %d repeated after completion; %d bills, %d extra: %d dropped by the server, %d in flight at kills (%d at most, of %d); %d attempts of unknown outcome, $%.4f billed, $%.4f accounted for",
		kills, len(u.durable), u.lost, u.repeats, total, extra, u.dropped, inFlight, most, buyers, sum.Unknown+sum.Open,
		float64(total*price)/1e6, float64(sum.Total().MicroUSD)/1e6)
	if u.repeats > 0 || extra != u.dropped+inFlight || most > buyers || len(u.durable) < kills {
		t.Errorf("%d repeats, %d extra bills, %d dropped, %d in flight, %d at most", u.repeats, extra, u.dropped, inFlight, most)
	}
	if sum.Total().MicroUSD < int64(total*price) {
		t.Errorf("billed %d, accounted for %+v", total*price, sum)
	}
}

// script buys one thing after the other, of every kind of outcome, and notes what it
// sends in a file. It kills itself at the kill-th failpoint; it returns how many it passed.
func callScript(dir string, kill int) (passed int, err error) {
	s, l, err := openRun(dir, time.Minute, store.Options{Failpoint: func(string) {
		if passed++; passed == kill {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	a, err := exec.NewAccount(ctx, l, "r", exec.Cap{})
	if err != nil {
		return 0, err
	}
	ctx := exec.OnAccount(ctx, a)
	p := exec.NewPayer(exec.PayerOptions{Retry: exec.Retry{Base: time.Microsecond}})
	for i := range 6 {
		names := []string{fmt.Sprint("small ", i), fmt.Sprint("large ", i)}
		n := 0
		_, err := p.Pay(ctx, purchase(names...), func(_ context.Context, want []int) (core.Sent, error) {
			f, err := os.OpenFile(filepath.Join(dir, "sent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
			if err != nil {
				return core.Sent{}, err
			}
			defer f.Close()
			for _, w := range want {
				fmt.Fprintln(f, names[w])
			}
			switch n++; {
			case n == 1 && i%3 == 1:
				return core.Sent{}, &core.SendError{Err: errors.New("503"), Again: true}
			case n == 1 && i%3 == 2:
				return core.Sent{}, &core.SendError{Err: errors.New("reset"), Again: true, Unknown: true}
			}
			var sent core.Sent
			for _, w := range want[:min(len(want), 1+i%2)] { // every other time not all at once
				text := names[w]
				if strings.HasPrefix(text, "large") {
					text = strings.Repeat(text, store.InlineSize)
				}
				sent.Results = append(sent.Results, core.SentResult{Content: []byte(text)})
			}
			return sent, nil
		})
		if err != nil {
			return 0, err
		}
	}
	return passed, nil
}

func init() {
	children["script"] = func(args []string) error {
		_, err := callScript(args[0], atoi(args[1]))
		return err
	}
}

func scriptKeys() (keys []core.Key) {
	for i := range 6 {
		keys = append(keys, key(fmt.Sprint("small ", i)), key(fmt.Sprint("large ", i)))
	}
	return keys
}

// sentFor counts how often the script sent for each name.
func sentFor(t *testing.T, dir string) map[core.Key]int {
	t.Helper()
	sent := map[core.Key]int{}
	f, err := os.Open(filepath.Join(dir, "sent.log"))
	if errors.Is(err, os.ErrNotExist) {
		return sent
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		sent[key(lines.Text())]++
	}
	return sent
}

// Row 2: killed at every point around every durable write, and started again, the
// script ends with the same answers, and nothing durable is sent for again.
func TestKilledAtEveryCallWrite(t *testing.T) {
	points, err := callScript(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if points < 50 {
		t.Fatalf("the script passes only %d failpoints", points)
	}
	stride := 1
	if testing.Short() || raceEnabled {
		stride = 5
	}
	covered := 0
	for kill := 1; kill <= points; kill += stride {
		covered++
		t.Run(strconv.Itoa(kill), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			err := childCommand("script", dir, strconv.Itoa(kill)).Run()
			var exit *osexec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the child was not killed: %v", err)
			}
			durable := boughtIn(t, dir)
			before := sentFor(t, dir)
			if _, err := callScript(dir, 0); err != nil {
				t.Fatal(err)
			}
			after := sentFor(t, dir)
			for k := range durable {
				if after[k] != before[k] {
					t.Errorf("%s was sent for again after it was durable", k.Short())
				}
			}
			got := boughtIn(t, dir)
			for i, k := range scriptKeys() {
				want := fmt.Sprint([]string{"small ", "large "}[i%2], i/2)
				if i%2 == 1 {
					want = strings.Repeat(want, store.InlineSize)
				}
				if got[k] != want {
					t.Errorf("answer %d is %.20q of %d bytes", i, got[k], len(got[k]))
				}
			}
		})
	}
	t.Logf("row 2: %d of %d points around durable writes", covered, points)
}

func boughtIn(t *testing.T, dir string) map[core.Key]string {
	t.Helper()
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, err := s.Bought(ctx, scriptKeys())
	if err != nil {
		t.Fatal(err)
	}
	out := map[core.Key]string{}
	for k, b := range found {
		out[k] = string(b.Content)
	}
	if report, err := s.GC(ctx, store.GCOptions{DryRun: true}); err != nil || len(report.Damaged) > 0 {
		t.Errorf("damaged: %v, %v", report.Damaged, err)
	}
	return out
}

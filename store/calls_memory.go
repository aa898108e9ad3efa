package store

import (
	"bytes"
	"slices"
	"time"

	"pawl/core"
)

// memoryCalls is what a memory ledger knows of calls.
type memoryCalls struct {
	bought map[core.Key]callRow
	asked  []CallAttempt // attempt n at index n-1
	sums   map[string]core.Spending
}

func (t *memoryCalls) hasCall(k core.Key) (bool, error) {
	_, found := t.bought[k]
	return found, validKey(k)
}

func (t *memoryCalls) call(k core.Key) (callRow, bool, error) {
	c, found := t.bought[k]
	c.Content = bytes.Clone(c.Content)
	return c, found, validKey(k)
}

func (t *memoryCalls) putCall(c callRow) (first bool, err error) {
	if err := validKey(c.Key); err != nil {
		return false, err
	}
	if _, found := t.bought[c.Key]; found {
		return false, nil
	}
	c.Content = bytes.Clone(c.Content)
	t.bought[c.Key] = c
	return true, nil
}

func (t *memoryCalls) dropCalls(scope string, before time.Time) (n int, err error) {
	for k, c := range t.bought {
		if a := t.asked[c.Attempt-1]; a.Scope == scope && a.At.Before(before) {
			delete(t.bought, k)
			n++
		}
	}
	return n, nil
}

func (t *memoryCalls) callContents(yield func(callRow) error) error {
	for _, c := range t.bought {
		if err := yield(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *memoryCalls) addCallAttempt(a CallAttempt) (int64, error) {
	a.ID, a.Keys, a.Outcome = int64(len(t.asked))+1, slices.Clone(a.Keys), OutcomeUnknown
	t.asked = append(t.asked, a)
	return a.ID, nil
}

func (t *memoryCalls) callAttempt(id int64) (a CallAttempt, found bool, err error) {
	if id < 1 || id > int64(len(t.asked)) {
		return a, false, nil
	}
	return t.asked[id-1], true, nil
}

func (t *memoryCalls) endCallAttempt(a CallAttempt) error {
	at := &t.asked[a.ID-1]
	at.Ended, at.Outcome, at.Usage, at.Cause = a.Ended, a.Outcome, a.Usage, a.Cause
	return nil
}

func (t *memoryCalls) callAttempts(scope string) (as []CallAttempt, err error) {
	for _, a := range t.asked {
		if scope == "" || a.Scope == scope {
			a.Keys = slices.Clone(a.Keys)
			as = append(as, a)
		}
	}
	return as, nil
}

func (t *memoryCalls) spending(scope string) (core.Spending, error) { return t.sums[scope], nil }

func (t *memoryCalls) spend(scope string, d core.Spending) error {
	sum := t.sums[scope]
	addSpending(&sum, d)
	t.sums[scope] = sum
	return nil
}

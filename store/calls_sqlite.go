package store

import (
	"database/sql"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"pawl/core"
)

func (t *sqliteTx) hasCall(k core.Key) (bool, error) {
	key, err := digestKey(k)
	if err != nil {
		return false, err
	}
	var one int
	return t.one([]any{&one}, "SELECT 1 FROM calls WHERE key = ?", key)
}

func (t *sqliteTx) call(k core.Key) (c callRow, found bool, err error) {
	key, err := digestKey(k)
	if err != nil {
		return c, false, err
	}
	var at int64
	var digest []byte
	u := &c.Usage
	found, err = t.one([]any{&c.Attempt, &at, &u.Calls, &u.PromptTokens, &u.CompletionTokens, &u.MicroUSD, &digest, &c.Filed, &c.Content},
		"SELECT attempt, at, requests, prompt_tokens, completion_tokens, micro_usd, digest, content IS NULL, content FROM calls WHERE key = ?", key)
	c.Key, c.At, c.Digest = k, fromNano(at), core.Digest(hex.EncodeToString(digest))
	return c, found, err
}

func (t *sqliteTx) putCall(c callRow) (first bool, err error) {
	key, err := digestKey(c.Key)
	if err != nil {
		return false, err
	}
	digest, err := digestKey(c.Digest)
	if err != nil {
		return false, err
	}
	content := c.Content
	if !c.Filed && content == nil {
		content = []byte{}
	}
	u := c.Usage
	r, err := t.result("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		key, c.Attempt, c.At.UnixNano(), u.Calls, u.PromptTokens, u.CompletionTokens, u.MicroUSD, digest, content)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

func (t *sqliteTx) dropCalls(scope string, before time.Time) (int, error) {
	r, err := t.result("DELETE FROM calls WHERE attempt IN (SELECT id FROM call_attempts WHERE scope = ? AND at < ?)", scope, before.UnixNano())
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}

func (t *sqliteTx) callContents(yield func(callRow) error) error {
	return t.each(func(r rowScanner) error {
		var c callRow
		var digest []byte
		if err := r.Scan(&digest, &c.Filed, &c.Content); err != nil {
			return err
		}
		c.Digest = core.Digest(hex.EncodeToString(digest))
		return yield(c)
	}, "SELECT digest, content IS NULL, content FROM calls")
}

func (t *sqliteTx) addCallAttempt(a CallAttempt) (id int64, err error) {
	keys := make([]byte, 0, 32*len(a.Keys))
	for _, k := range a.Keys {
		key, err := digestKey(k)
		if err != nil {
			return 0, err
		}
		keys = append(keys, key...)
	}
	u := a.Usage
	r, err := t.result("INSERT INTO call_attempts VALUES (NULL, ?, ?, ?, ?, NULL, NULL, ?, ?, ?, ?, NULL)",
		a.Scope, a.Lane, keys, a.At.UnixNano(), u.Calls, u.PromptTokens, u.CompletionTokens, u.MicroUSD)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

func (t *sqliteTx) endCallAttempt(a CallAttempt) error {
	var cause any
	if a.Cause != "" {
		cause = a.Cause
	}
	u := a.Usage
	return t.exec(`UPDATE call_attempts SET ended = ?, outcome = ?, requests = ?, prompt_tokens = ?, completion_tokens = ?,
		micro_usd = ?, cause = ? WHERE id = ?`,
		a.Ended.UnixNano(), a.Outcome, u.Calls, u.PromptTokens, u.CompletionTokens, u.MicroUSD, cause, a.ID)
}

func (t *sqliteTx) callAttempt(id int64) (a CallAttempt, found bool, err error) {
	u := &a.Usage
	var ended sql.NullInt64
	found, err = t.one([]any{&a.Scope, &ended, &u.Calls, &u.PromptTokens, &u.CompletionTokens, &u.MicroUSD},
		"SELECT scope, ended, requests, prompt_tokens, completion_tokens, micro_usd FROM call_attempts WHERE id = ?", id)
	a.ID, a.Ended = id, fromNano(ended.Int64)
	return a, found, err
}

func (t *sqliteTx) callAttempts(scope string) (as []CallAttempt, err error) {
	err = t.each(func(r rowScanner) error {
		var a CallAttempt
		var keys []byte
		var at int64
		var ended sql.NullInt64
		var outcome, cause sql.NullString
		u := &a.Usage
		err := r.Scan(&a.ID, &a.Scope, &a.Lane, &keys, &at, &ended, &outcome,
			&u.Calls, &u.PromptTokens, &u.CompletionTokens, &u.MicroUSD, &cause)
		for key := range slices.Chunk(keys, 32) {
			a.Keys = append(a.Keys, core.Key(hex.EncodeToString(key)))
		}
		a.At, a.Ended, a.Outcome, a.Cause = fromNano(at), fromNano(ended.Int64), outcome.String, cause.String
		if !outcome.Valid {
			a.Outcome = OutcomeUnknown
		}
		as = append(as, a)
		return err
	}, "SELECT * FROM call_attempts WHERE ?1 = '' OR scope = ?1 ORDER BY id", scope)
	return as, err
}

const spendingColumns = `SELECT requests, prompt_tokens, completion_tokens, micro_usd,
	held_requests, held_prompt_tokens, held_completion_tokens, held_micro_usd, attempts, unknown, open FROM spending WHERE scope = ?`

func (t *sqliteTx) spending(scope string) (s core.Spending, err error) {
	_, err = t.one([]any{&s.Settled.Calls, &s.Settled.PromptTokens, &s.Settled.CompletionTokens, &s.Settled.MicroUSD,
		&s.Reserved.Calls, &s.Reserved.PromptTokens, &s.Reserved.CompletionTokens, &s.Reserved.MicroUSD,
		&s.Attempts, &s.Unknown, &s.Open}, spendingColumns, scope)
	addSpending(&s, t.spent[scope])
	return s, err
}

// spend gathers what the calls of one transaction add up to, so that a scope
// costs one write however many of its calls share it; flush writes it.
func (t *sqliteTx) spend(scope string, d core.Spending) error {
	sum := t.spent[scope]
	addSpending(&sum, d)
	t.spent[scope] = sum
	return nil
}

// flush writes what was gathered, before the transaction commits.
func (t *sqliteTx) flush() error {
	for _, scope := range slices.Sorted(maps.Keys(t.spent)) {
		d := t.spent[scope]
		err := t.exec(`INSERT INTO spending VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
			ON CONFLICT (scope) DO UPDATE SET requests = requests + ?2, prompt_tokens = prompt_tokens + ?3,
			completion_tokens = completion_tokens + ?4, micro_usd = micro_usd + ?5, held_requests = held_requests + ?6,
			held_prompt_tokens = held_prompt_tokens + ?7, held_completion_tokens = held_completion_tokens + ?8,
			held_micro_usd = held_micro_usd + ?9, attempts = attempts + ?10, unknown = unknown + ?11, open = open + ?12`,
			scope, d.Settled.Calls, d.Settled.PromptTokens, d.Settled.CompletionTokens, d.Settled.MicroUSD,
			d.Reserved.Calls, d.Reserved.PromptTokens, d.Reserved.CompletionTokens, d.Reserved.MicroUSD,
			d.Attempts, d.Unknown, d.Open)
		if err != nil {
			return err
		}
	}
	return nil
}

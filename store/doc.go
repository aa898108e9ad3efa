// Package store keeps what a loop must not lose or pay for twice: content
// (blobs) and the record of what was done (the ledger).
//
// A directory holds one store:
//
//	ledger.db     SQLite in WAL mode, synchronous=FULL
//	blobs/ab/cd/  content by SHA-256 of the uncompressed bytes, zstd
//	checkpoints/  the last state of each step that is running
//	lock          held shared while the store is open, exclusively to repair
//
// [Store] reads and stores content; a [Lease] writes on behalf of one run. Every
// write of a lease checks its fence inside the transaction that writes, so a
// process that lost its lease cannot change the run, whatever it still
// believes. Readers use connections of their own and never wait for writers.
//
// What is durable when (a process may be killed, or the machine lose power,
// at any moment):
//
//	call            durable on return                    if it never returned
//	Put             the content, and its name            content that nothing refers to, or nothing
//	CreateRun       the run                              all or nothing
//	Acquire         the lease and its fence              the lease dies with the process
//	Begin           the intent to work on a step         an attempt with unknown outcome, or nothing
//	Finish          the result; the checkpoint is gone   the attempt stays of unknown outcome, or all
//	Fail            the failed attempt and its cause     the attempt stays of unknown outcome
//	Keep            the checkpoint                       the checkpoint before it
//	Event           the event and its number             all or nothing
//	Promote         the verdict and the policies in force, together
//	Rollback        the same
//	Intend          the intent to call a model           an attempt with unknown outcome, or nothing
//	Settle          how it ended, its cost, its answers  the attempt stays of unknown outcome, or all
//	SetStatus, …    the new value                        the old one
//
// Concurrent calls share transactions (group commit): one goroutine writes,
// and each caller waits only until the transaction with its own write is on
// disk. A call that was cancelled before it was taken up writes nothing; one
// that was taken up is waited for.
//
// Content of at most [InlineSize] bytes lives in the ledger: a file of its own
// costs two syncs of its own, a row shares those of the transaction.
//
// Damage is reported, never repaired in silence. A blob whose bytes do not
// match its name is an error that names both. A ledger that was cut short is
// refused; a write-ahead log that ends inside a transaction keeps every whole
// transaction before it, and Open tells so through [Options].Warn.
package store

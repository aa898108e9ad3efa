package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// inspect looks at a ledger that nobody has open. A main file that was cut
// short is an error: SQLite would notice only when it comes to a missing page.
// A log that ends inside a transaction is told to warn: SQLite drops that
// transaction without a word. Nothing is changed.
func inspect(path string, warn func(string)) error {
	pageSize, err := inspectMain(path)
	if err != nil {
		return err
	}
	return inspectLog(path+"-wal", pageSize, warn)
}

// Offsets in the header of a SQLite file: see https://sqlite.org/fileformat2.html.
const sqliteHeader = 100

func inspectMain(path string) (pageSize int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if info.Size() == 0 {
		return 0, nil
	}
	head := make([]byte, sqliteHeader)
	if _, err := io.ReadFull(f, head); err != nil || !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return 0, fmt.Errorf("%w: %s is not a ledger; restore it from a copy, or use another directory", ErrCorrupt, path)
	}
	pageSize = int64(binary.BigEndian.Uint16(head[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	pages := int64(binary.BigEndian.Uint32(head[28:]))
	// The page count is right only if it was written with the change counter.
	counted := bytes.Equal(head[24:28], head[92:96])
	if counted && info.Size() < pages*pageSize {
		// A log may hold the pages that are missing; only what it was last
		// checkpointed to must be there, and this header is of that moment.
		return 0, fmt.Errorf("%w: %s has %d bytes of the %d that its header tells: it was cut short; restore it from a copy, or move it away and run again",
			ErrCorrupt, path, info.Size(), pages*pageSize)
	}
	return pageSize, nil
}

// inspectLog walks the frames of a write-ahead log. Frames of the current
// generation carry its salt and a running checksum; a commit frame ends a
// transaction.
func inspectLog(path string, pageSize int64, warn func(string)) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(b) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	const header, frameHeader = 32, 24
	if len(b) < header {
		warn(fmt.Sprintf("%s was cut short inside its header: whatever it held is lost; the ledger is as of its last checkpoint", path))
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if binary.BigEndian.Uint32(b)&1 == 1 {
		order = binary.BigEndian
	}
	if size := int64(binary.BigEndian.Uint32(b[8:])); pageSize == 0 {
		pageSize = size
	} else if size != pageSize {
		return nil // of another file; SQLite ignores it
	}
	s0, s1 := walSum(order, 0, 0, b[:24])
	if s0 != binary.BigEndian.Uint32(b[24:]) || s1 != binary.BigEndian.Uint32(b[28:]) {
		return nil // no log was begun
	}
	salt := b[16:24]
	frame := frameHeader + int(pageSize)
	committed, torn := 0, 0
	for rest := b[header:]; len(rest) > 0; {
		if len(rest) < frame {
			if len(rest) < 16 || bytes.Equal(rest[8:16], salt) {
				torn++
			}
			break
		}
		if !bytes.Equal(rest[8:16], salt) {
			break // left over from the generation before
		}
		torn++
		s0, s1 = walSum(order, s0, s1, rest[:8])
		s0, s1 = walSum(order, s0, s1, rest[frameHeader:frame])
		if s0 != binary.BigEndian.Uint32(rest[16:]) || s1 != binary.BigEndian.Uint32(rest[20:]) {
			break
		}
		if binary.BigEndian.Uint32(rest[4:]) != 0 {
			committed += torn
			torn = 0
		}
		rest = rest[frame:]
	}
	if torn > 0 {
		warn(fmt.Sprintf("%s ends inside a transaction: its last %d pages are dropped and %d kept. After a crash that is as it should be: nothing that was reported as stored is lost. If the file was copied or cut, some of its end is missing",
			path, torn, committed))
	}
	return nil
}

// walSum is the checksum of write-ahead logs over b, whose length is a
// multiple of 8.
func walSum(order binary.ByteOrder, s0, s1 uint32, b []byte) (uint32, uint32) {
	for ; len(b) >= 8; b = b[8:] {
		s0 += order.Uint32(b) + s1
		s1 += order.Uint32(b[4:]) + s0
	}
	return s0, s1
}

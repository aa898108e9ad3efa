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

// inspect looks at a ledger that nobody has open. A file that was cut short is
// an error: SQLite would notice only when it comes to a missing page. A log
// that ends inside a transaction is told to warn: SQLite drops that transaction
// without a word. Nothing is changed.
func inspect(path string, begun bool, warn func(string)) error {
	main, err := inspectMain(path)
	if err != nil {
		return err
	}
	log, err := inspectLog(path+"-wal", main.pageSize, warn)
	if err != nil {
		return err
	}
	if main.size == 0 && log.pages == 0 {
		if begun {
			return fmt.Errorf("%w: %s is missing or empty, while the rest of the store is there; restore it from a copy, or use another directory", ErrCorrupt, path)
		}
		return nil
	}
	// A page beyond the end of the file must be in the log: a crash while the
	// log was being copied into the file leaves such pages behind.
	want := main.pages
	if log.pages > 0 {
		want = log.pages
	}
	for p := main.size/max(main.pageSize, 1) + 1; p <= want; p++ {
		if !log.has[p] {
			return fmt.Errorf("%w: %s has %d bytes of %d: it was cut short; restore it from a copy, or move it away and run again",
				ErrCorrupt, path, main.size, want*main.pageSize)
		}
	}
	return nil
}

// mainFile is what the header of a SQLite file tells: see
// https://sqlite.org/fileformat2.html.
type mainFile struct{ size, pageSize, pages int64 }

func inspectMain(path string) (m mainFile, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return m, err
	}
	m.size = info.Size()
	head := make([]byte, 100)
	if _, err := io.ReadFull(f, head); err != nil || !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return m, fmt.Errorf("%w: %s is not a ledger; restore it from a copy, or use another directory", ErrCorrupt, path)
	}
	m.pageSize = int64(binary.BigEndian.Uint16(head[16:]))
	if m.pageSize == 1 {
		m.pageSize = 65536
	}
	// The page count is right only if it was written with the change counter.
	if bytes.Equal(head[24:28], head[92:96]) {
		m.pages = int64(binary.BigEndian.Uint32(head[28:]))
	}
	return m, nil
}

// logFile is what a write-ahead log holds in whole transactions.
type logFile struct {
	pages int64 // of the database after the last of them; 0: there is none
	has   map[int64]bool
}

// inspectLog walks the frames of a write-ahead log. Frames of the current
// generation carry its salt and a running checksum; a commit frame ends a
// transaction and tells the size of the database.
func inspectLog(path string, pageSize int64, warn func(string)) (l logFile, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(b) == 0 {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	const header, frameHeader = 32, 24
	if len(b) < header {
		warn(fmt.Sprintf("%s was cut short inside its header: the ledger is as of its last checkpoint, and what came after is lost", path))
		return l, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if binary.BigEndian.Uint32(b)&1 == 1 {
		order = binary.BigEndian
	}
	size := int64(binary.BigEndian.Uint32(b[8:]))
	s0, s1 := walSum(order, 0, 0, b[:24])
	if pageSize != 0 && size != pageSize || size < 512 || size > 65536 ||
		s0 != binary.BigEndian.Uint32(b[24:]) || s1 != binary.BigEndian.Uint32(b[28:]) {
		return l, nil // no log was begun, or it is another file's: SQLite ignores it
	}
	l.has = map[int64]bool{}
	salt, frame := b[16:24], frameHeader+int(size)
	var pending []int64 // pages since the last commit
	kept, torn := 0, false
	for rest := b[header:]; len(rest) > 0; rest = rest[frame:] {
		if len(rest) >= 16 && !bytes.Equal(rest[8:16], salt) {
			break // left over from the generation before
		}
		if torn = len(rest) < frame; torn {
			break
		}
		s0, s1 = walSum(order, s0, s1, rest[:8])
		s0, s1 = walSum(order, s0, s1, rest[frameHeader:frame])
		if torn = s0 != binary.BigEndian.Uint32(rest[16:]) || s1 != binary.BigEndian.Uint32(rest[20:]); torn {
			break
		}
		pending = append(pending, int64(binary.BigEndian.Uint32(rest)))
		if pages := int64(binary.BigEndian.Uint32(rest[4:])); pages != 0 {
			l.pages = pages
			for _, p := range pending {
				l.has[p] = true
			}
			kept += len(pending)
			pending = pending[:0]
		}
	}
	if torn || len(pending) > 0 {
		warn(fmt.Sprintf("%s ends inside a transaction, which is dropped; the %d pages before it are kept. After a crash that is as it should be, and nothing reported as stored is lost. If the file was copied or cut, its end is missing",
			path, kept))
	}
	return l, nil
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

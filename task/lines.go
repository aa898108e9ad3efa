package task

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode"
)

// maxRow is the longest row that is read, in bytes. It bounds the memory that
// a damaged file can take.
const maxRow = 8 << 20

// RowError is what is wrong with one row.
type RowError struct {
	Path  string
	Line  int    // from 1; of a Parquet file the row's number
	Field string // "" for the row as a whole
	Err   error
}

func (e *RowError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s:%d: %v", e.Path, e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d: %s: %v", e.Path, e.Line, e.Field, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// fieldError is a RowError before its place is known.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.field + ": " + e.err.Error() }

func bad(field, format string, args ...any) error {
	return &fieldError{field, fmt.Errorf(format, args...)}
}

// errTooLong is the error of rows over maxRow.
var errTooLong = fmt.Errorf("the row is longer than %d MiB", maxRow>>20)

// spot is where a row stands: its line, from 1, and the byte at which it begins,
// -1 in a file that is not lines.
type spot struct {
	line   int
	offset int64
}

// eachRow calls row with every row of a file as a JSON object, and where it
// stands. A row that cannot be read is given as its error. An error of row itself
// ends the reading.
func eachRow(ctx context.Context, path string, row func(at spot, raw []byte, err error) error) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s: is a folder, not a file of rows", path)
	case !info.Mode().IsRegular(): // opening a pipe would wait for a writer
		return fmt.Errorf("%s: is a pipe or a device, which cannot be read twice; write the rows to a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if n, _ := io.ReadFull(f, magic); n == 4 && string(magic) == "PAR1" {
		err = eachParquet(ctx, f, info.Size(), row)
	} else if _, err = f.Seek(0, io.SeekStart); err == nil {
		err = eachLine(ctx, f, row)
	}
	if err != nil && err != errEnough && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// eachLine reads JSON lines, with or without a byte order mark, with either
// line ending. Empty lines count and are passed over.
func eachLine(ctx context.Context, r io.Reader, row func(at spot, raw []byte, err error) error) error {
	source := &counting{Reader: r}
	in := bufio.NewReaderSize(source, 1<<16)
	start, err := in.Peek(1 << 12)
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case bytes.HasPrefix(start, []byte("\ufeff")):
		_, _ = in.Discard(len("\ufeff")) // it was just peeked at
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return errors.New("the file is UTF-16; rows must be UTF-8")
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return errors.New("the file is compressed by gzip; unpack it first")
	case bytes.IndexByte(start, 0) >= 0:
		return errors.New("the file is binary, neither JSON lines nor Parquet")
	}
	for line := 1; ; line++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := spot{line, source.n - int64(in.Buffered())}
		raw, err := readLine(in)
		if err != nil && err != io.EOF && err != errTooLong {
			return err
		}
		last := err == io.EOF
		at.offset += int64(len(raw) - len(bytes.TrimLeftFunc(raw, unicode.IsSpace)))
		if raw = bytes.TrimSpace(raw); err == errTooLong {
			err = row(at, nil, errTooLong)
		} else if err = nil; len(raw) > 0 {
			err = row(at, raw, nil)
		}
		if last || err != nil {
			return err
		}
	}
}

// counting counts what was read.
type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// readLine reads up to the next newline. Of a line over maxRow it keeps
// nothing, and reads on to its end.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxRow; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if long && (err == nil || err == io.EOF) {
			return nil, errTooLong
		}
		return line, err
	}
}

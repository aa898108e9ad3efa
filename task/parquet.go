package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// eachParquet reads the rows of a Parquet file as JSON objects. The decoder
// panics on some damaged files; that is an error here.
func eachParquet(ctx context.Context, f io.ReaderAt, size int64, row func(at spot, raw []byte, err error) error) (err error) {
	inRow := false // a panic there is not the file's fault
	defer func() {
		if inRow {
			return
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("reading Parquet: the file is damaged: %v", p)
		}
	}()
	file, err := parquet.OpenFile(f, size)
	if err != nil {
		return fmt.Errorf("reading Parquet: %w", err)
	}
	in := parquet.NewGenericReader[any](file)
	defer in.Close()
	rows := make([]any, 64)
	for line := 1; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		clear(rows)
		n, err := in.Read(rows)
		for _, r := range rows[:n] {
			raw, encodeErr := json.Marshal(plain(r))
			if encodeErr == nil && len(raw) > maxRow {
				raw, encodeErr = nil, errTooLong
			}
			inRow = true
			if err := row(spot{line, -1}, raw, encodeErr); err != nil {
				return err
			}
			inRow = false
			line++
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading Parquet: row %d: %w", line, err)
		}
		if n == 0 {
			return errors.New("reading Parquet: the file ends before its last row")
		}
	}
}

// plain turns byte strings into text, which is what columns without a logical
// type hold, and leaves the rest.
func plain(v any) any {
	switch v := v.(type) {
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
	case map[string]any:
		for k, x := range v {
			v[k] = plain(x)
		}
	case []any:
		for i, x := range v {
			v[i] = plain(x)
		}
	}
	return v
}

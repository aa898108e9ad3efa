package pawl

import (
	"encoding/json"
	"fmt"
	"io"

	"pawl/atomicfile"
)

// encodeRow writes a row as a JSON line.
func encodeRow(w io.Writer, row any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(row)
}

// WriteRows writes rows as JSON lines.
func WriteRows[T any](w io.Writer, rows []T) error {
	for i := range rows {
		if err := encodeRow(w, rows[i]); err != nil {
			return fmt.Errorf("writing row %d: %w", i+1, err)
		}
	}
	return nil
}

// SaveRows replaces a file by rows as JSON lines, as a whole.
func SaveRows[T any](path string, rows []T) error {
	f, err := CreateRows(path)
	if err != nil {
		return err
	}
	defer f.Drop()
	if err := WriteRows(f.file, rows); err != nil {
		return err
	}
	return f.Save()
}

// RowFile takes rows as they come and writes them as JSON lines to a file that
// is there, whole, once Save has put it in place, and never before.
type RowFile struct{ file *atomicfile.File }

// CreateRows begins a file of rows.
func CreateRows(path string) (*RowFile, error) {
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, input(err)
	}
	return &RowFile{f}, nil
}

// Add writes a row.
func (r *RowFile) Add(row any) error { return encodeRow(r.file, row) }

// Save puts the file in place.
func (r *RowFile) Save() error { return r.file.Commit() }

// Drop takes what was not saved away; after Save it does nothing.
func (r *RowFile) Drop() { r.file.Discard() }

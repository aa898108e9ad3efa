// Package atomicfile writes files that are there as a whole or not at all: a
// crash leaves the old file or the new one, and nobody reads half of either.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// File is a file that is being written beside the one it will replace, under a
// name of its own: two that write the same file do not disturb each other.
type File struct {
	path string
	f    *os.File
	w    *bufio.Writer
}

// buffer suits files of weights; rows are small beside it.
const buffer = 1 << 18

// Create begins to write path. It refuses a path that stands for something
// other than a file, such as a folder or a device, which Commit would replace.
func Create(path string) (*File, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return nil, fmt.Errorf("writing %s: it is no regular file; name another", path)
	}
	dir, name := filepath.Split(path)
	for {
		// Not os.CreateTemp, whose files only their owner may read.
		f, err := os.OpenFile(fmt.Sprintf("%s.%s.%08x.tmp", dir, name, rand.Uint32()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", path, err)
		}
		return &File{path, f, bufio.NewWriterSize(f, buffer)}, nil
	}
}

// Write adds to the file.
func (f *File) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err != nil {
		err = fmt.Errorf("writing %s: %w", f.path, err)
	}
	return n, err
}

// Commit puts the file in place once it is on the disk. After an error nothing
// was replaced, and nothing is left behind.
func (f *File) Commit() error {
	err := f.w.Flush()
	if err == nil {
		err = f.f.Sync()
	}
	err = errors.Join(err, f.f.Close())
	if err == nil {
		err = os.Rename(f.f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.f.Name())
		return fmt.Errorf("writing %s: %w", f.path, err)
	}
	syncDir(filepath.Dir(f.path))
	return nil
}

// Discard leaves the file as it was. After Commit it does nothing.
func (f *File) Discard() {
	if f.f.Close() == nil { // else it was committed, and its name is not ours any more
		os.Remove(f.f.Name())
	}
}

// syncDir makes a new name durable where the file system can; the rename itself
// has worked.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// Write replaces path by what write gives; by nothing where that fails.
func Write(path string, write func(io.Writer) error) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

// WriteFile replaces path by content.
func WriteFile(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

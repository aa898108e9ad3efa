package tokenizer

import (
	"fmt"
	"io"
	"os"
)

const (
	maxJSON  = 256 << 20 // bounds the files of a folder, in bytes
	maxVocab = 1 << 22   // bounds the ids of tokens
)

// readFile reads a file of bounded size. Opening a pipe would wait for a writer.
func readFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err == nil && len(b) > maxJSON {
		err = fmt.Errorf("larger than %d bytes", maxJSON)
	}
	return b, err
}

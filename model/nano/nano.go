// Package nano is pawl-nano: the small model in the binary. It was trained by
// the recipe pretrain-nano from the generators of worlds alone, and answers in
// their compact dialect, in any role. It is mediocre on purpose, so that
// methods which improve a model have room to show it.
package nano

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

//go:embed weights
var files embed.FS

// Bytes is the size of the model in the binary.
func Bytes() (int64, error) {
	var sum int64
	entries, err := files.ReadDir("weights")
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// ErrNone means that the binary was built without weights.
var ErrNone = errors.New("this build holds no model; train one with pawl run pretrain-nano, and use --model run")

// Write puts the model into dir as a Hugging Face folder.
func Write(dir string) error {
	if _, err := files.Open("weights/config.json"); err != nil {
		return ErrNone
	}
	entries, err := files.ReadDir("weights")
	if err != nil {
		return fmt.Errorf("unpacking the embedded model: %w", err)
	}
	for _, e := range entries {
		b, err := files.ReadFile(path.Join("weights", e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, e.Name()), b, 0o666)
		}
		if err != nil {
			return fmt.Errorf("unpacking the embedded model: %w", err)
		}
	}
	return nil
}

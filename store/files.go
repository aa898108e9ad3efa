package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"pawl/core"
)

// fileBlobs keeps each blob in a file of its own, dir/ab/cd/DIGEST.zst. Names
// are of the uncompressed bytes, so compression may change without harm.
type fileBlobs struct {
	root string // of the store, for messages and temporary files
	dir  string
	env  *environment
	wrap func(fileSink) fileSink
	kept *fileBlobs // the checkpoints; nil there
	enc  *zstd.Encoder
	dec  *zstd.Decoder
}

// fileSink is a file being written.
type fileSink interface {
	io.Writer
	Sync() error
	Close() error
}

// temporary is the folder of files that are being written; what a crash leaves
// there is swept at the next opening.
const temporary = "tmp"

// maxBlob bounds what a damaged file may make the decoder allocate.
const maxBlob = 1 << 36

func newFileBlobs(root string, o Options, env *environment) *fileBlobs {
	// With nil streams neither option can fail nor starts goroutines.
	enc, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
	dec, _ := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxBlob), zstd.WithDecoderConcurrency(2))
	b := &fileBlobs{root: root, dir: filepath.Join(root, "blobs"), env: env, wrap: o.wrap, enc: enc, dec: dec}
	kept := *b
	kept.dir = filepath.Join(root, "checkpoints")
	b.kept = &kept
	return b
}

func (b *fileBlobs) checkpoints() blobs { return b.kept }

func (b *fileBlobs) close() error {
	b.dec.Close()
	return b.enc.Close()
}

func (b *fileBlobs) path(d core.Digest) string {
	return filepath.Join(b.dir, string(d[:2]), string(d[2:4]), string(d)+".zst")
}

// put leaves whole content alone and replaces a damaged one. It writes to a
// temporary file, syncs it, and only then gives it its name: a name always
// stands for whole content.
func (b *fileBlobs) put(ctx context.Context, d core.Digest, content []byte) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch _, err := b.get(ctx, d); {
	case err == nil:
		// Another writer may have named it a moment ago and not synced the name.
		return b.explain(syncDir(filepath.Dir(b.path(d))))
	case errors.Is(err, ErrCorrupt):
		b.env.warn(fmt.Sprintf("storing a blob again that was damaged: %v", err))
	case !errors.Is(err, ErrNotFound):
		return err
	}
	tmp := filepath.Join(b.root, temporary)
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return b.explain(err)
	}
	f, err := os.CreateTemp(tmp, d.Short()+"-*")
	if err != nil {
		return b.explain(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			err = b.explain(err)
		}
	}()
	var sink fileSink = f
	if b.wrap != nil {
		sink = b.wrap(f)
	}
	_, err = sink.Write(b.enc.EncodeAll(content, nil))
	if err == nil {
		err = sink.Sync()
	}
	if err = errors.Join(err, sink.Close()); err != nil {
		return err
	}
	b.env.failpoint("blob.written")
	path := b.path(d)
	if err = b.makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	b.env.failpoint("blob.named")
	return syncDir(filepath.Dir(path))
}

// makeDir makes a folder below the store durable, parents included.
func (b *fileBlobs) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil || dir == b.root {
		return err
	}
	if err := b.makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (b *fileBlobs) explain(err error) error {
	if noSpace(err) {
		return fmt.Errorf("no space left where %s is; nothing was stored: free some space and run again: %w", b.root, err)
	}
	return err
}

func (b *fileBlobs) get(ctx context.Context, d core.Digest) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := b.path(d)
	packed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (there is no %s)", ErrNotFound, path)
	}
	if err != nil {
		return nil, err
	}
	content, err := b.dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: unpacking %s: %w; restore that file from a copy, or start over with a fresh run", ErrCorrupt, path, err)
	}
	if got := core.Sum(content); got != d {
		return nil, fmt.Errorf("%w: %s holds other bytes (their digest is %s); restore that file from a copy, or start over with a fresh run", ErrCorrupt, path, got)
	}
	if content == nil {
		content = []byte{}
	}
	return content, nil
}

func (b *fileBlobs) has(_ context.Context, d core.Digest) (bool, error) {
	_, err := os.Stat(b.path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// list yields every blob with its size on disk, in order of the digests.
func (b *fileBlobs) list(ctx context.Context, yield func(core.Digest, int64) error) error {
	err := filepath.WalkDir(b.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		d := core.Digest(strings.TrimSuffix(e.Name(), ".zst"))
		if !d.Valid() || b.path(d) != path {
			return nil // not ours
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		return yield(d, info.Size())
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (b *fileBlobs) drop(_ context.Context, d core.Digest) error {
	err := os.Remove(b.path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweepTemporary removes files that a crash left half-written.
func sweepTemporary(root string) error {
	err := os.RemoveAll(filepath.Join(root, temporary))
	if err != nil {
		return fmt.Errorf("removing temporary files: %w", err)
	}
	return nil
}

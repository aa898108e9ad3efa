package replay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"pawl/core"
	"pawl/model/offline"
)

// client is raised when a recording would be answered from otherwise.
const client = "1"

// Row is one completion of a recording, by where it stands.
type Row struct {
	ID           string
	Asked        core.Digest // what it answers, where the row says so itself; see core.Asked
	Sample       int
	Line         int
	Offset, Size int64
}

// Files reads the files that recordings are made of. Their format is the
// business of whoever knows task files.
type Files struct {
	// Rows calls each with the rows of a recording, in order.
	Rows func(ctx context.Context, path string, each func(Row) error) error
	// Text is what the bytes of a row say, and how the answer ended.
	Text func(raw []byte) (text, finish string, err error)
	// Tasks are those of a file.
	Tasks func(ctx context.Context, path string) ([]core.Task, error)
}

// Recording is where recorded answers are found: a file here; what else keeps
// calls, such as a ledger of them, need only satisfy this.
type Recording interface {
	// Find gives sample index of what r asks. What is not recorded is a
	// *core.UnservedError over a *MissingError.
	Find(ctx context.Context, r core.Request, index int) (offline.Answer, error)
}

// Models are the recordings that this process has opened, by what they hold. It
// is safe for concurrent use.
type Models struct {
	files Files

	mu   sync.Mutex
	open map[core.Digest]Recording // by the model's name
}

// New answers from files.
func New(f Files) *Models { return &Models{files: f, open: map[core.Digest]Recording{}} }

// Resolve opens the recording that a user names as FILE, or as FILE,TASKS where
// rows name tasks.
func (m *Models) Resolve(ctx context.Context, arg, _ string) (core.ModelName, error) {
	return m.ResolveFor(ctx, arg, nil)
}

// ResolveFor is Resolve where the tasks that will be asked are known: ids of rows
// are theirs, unless the user names other tasks.
func (m *Models) ResolveFor(ctx context.Context, arg string, tasks []core.Task) (core.ModelName, error) {
	path := arg
	if file, from, ok := cutTasks(arg); ok {
		var err error
		if tasks, err = m.files.Tasks(ctx, from); err != nil {
			return core.ModelName{}, err
		}
		path = file
	}
	rec, prompts, err := m.index(ctx, path, tasks)
	if err != nil {
		return core.ModelName{}, err
	}
	content, err := fileDigest(path)
	if err != nil {
		return core.ModelName{}, err
	}
	name := core.ModelName{Kind: "replay", Client: client, Name: filepath.Base(path), Files: []core.Digest{content, prompts}}
	m.Keep(name, rec)
	return name, nil
}

// Keep makes a recording known under a name: those of files are by Resolve.
func (m *Models) Keep(name core.ModelName, r Recording) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[core.Sum(name.Bytes())] = r
}

// cutTasks parts FILE,TASKS, unless there is a file of that whole name.
func cutTasks(arg string) (file, tasks string, ok bool) {
	if _, err := os.Stat(arg); err == nil {
		return arg, "", false
	}
	at := strings.LastIndexByte(arg, ',')
	if at < 1 || at == len(arg)-1 {
		return arg, "", false
	}
	return arg[:at], arg[at+1:], true
}

// Actor plays seat from an opened recording.
func (m *Models) Actor(_ context.Context, name core.ModelName, seat string, o core.Options) (core.Actor, error) {
	m.mu.Lock()
	rec := m.open[core.Sum(name.Bytes())]
	m.mu.Unlock()
	if rec == nil {
		return nil, fmt.Errorf("seating %s: the recording %s is known by its content alone, and is not open here; name it as --model replay:FILE, with the tasks it was opened for", seat, name.Name)
	}
	return offline.New(name, seat, o, answers{rec}), nil
}

// answers is a recording as a source.
type answers struct{ Recording }

func (a answers) Answer(ctx context.Context, r core.Request, index int) (offline.Answer, error) {
	return a.Find(ctx, r, index)
}

// Dialect is how the model was asked: recordings are of models that know nothing
// of Pawl.
func (m *Models) Dialect(core.ModelName) string { return "chat" }

// Caveat says what a reader of figures must know.
func (m *Models) Caveat(name core.ModelName) string {
	return "replay:" + name.Name + " answers from a recording: temperature, top-p and length are those it was made with, whatever is asked for; it costs nothing; tokens are estimated from words"
}

func fileDigest(path string) (core.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return core.Digest(hex.EncodeToString(h.Sum(nil))), nil
}

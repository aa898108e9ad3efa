package sim

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"pawl/core"
	"pawl/model/offline"
	"pawl/prompt"
)

// client is raised when a profile would answer otherwise.
const client = "1"

// Models are simulations by profile. It is safe for concurrent use.
type Models struct {
	known *knowledge

	mu       sync.Mutex
	profiles map[core.Digest]*Profile // by the digest of their text
}

// New makes simulations that know what h tells.
func New(h Hidden) *Models {
	return &Models{known: newKnowledge(h), profiles: map[core.Digest]*Profile{}}
}

// Resolve reads the profile of a name, or of a file FILE.yaml.
func (m *Models) Resolve(_ context.Context, arg, _ string) (core.ModelName, error) {
	p, text, err := Load(arg)
	if err != nil {
		return core.ModelName{}, err
	}
	d := core.Sum(text)
	m.mu.Lock()
	m.profiles[d] = p
	m.mu.Unlock()
	return core.ModelName{Kind: "sim", Client: client, Name: filepath.Base(arg), Files: []core.Digest{d}}, nil
}

// Learn opens the hidden channel to tasks.
func (m *Models) Learn(tasks []core.Task) { m.known.learn(tasks) }

// ResolveFor is Resolve, and opens the hidden channel to the tasks that will be
// asked.
func (m *Models) ResolveFor(ctx context.Context, arg string, tasks []core.Task) (core.ModelName, error) {
	m.Learn(tasks)
	return m.Resolve(ctx, arg, "")
}

// Actor plays seat by a profile.
func (m *Models) Actor(ctx context.Context, name core.ModelName, seat string, o core.Options) (core.Actor, error) {
	if len(name.Files) != 1 {
		return nil, fmt.Errorf("seating %s: the name of simulation %s has %d files, not 1", seat, name.Name, len(name.Files))
	}
	m.mu.Lock()
	p := m.profiles[name.Files[0]]
	m.mu.Unlock()
	if p == nil { // named by a run of before: those in the binary are found again
		if _, err := m.Resolve(ctx, name.Name, ""); err != nil {
			return nil, fmt.Errorf("seating %s: %w", seat, err)
		}
		m.mu.Lock()
		p = m.profiles[name.Files[0]]
		m.mu.Unlock()
	}
	if p == nil {
		return nil, fmt.Errorf("seating %s: the profile %s has changed since; name it anew with --model sim:%s", seat, name.Name, name.Name)
	}
	return offline.New(name, seat, o, &source{Profile: p, digest: name.Files[0], known: m.known}), nil
}

// Dialect is English: the compact one is for models that were trained on it.
func (m *Models) Dialect(core.ModelName) string { return prompt.Chat }

// Caveat says what no reader may miss.
func (m *Models) Caveat(name core.ModelName) string {
	return "sim:" + name.Name + " is a SIMULATION for studies and tests, never a model: it is told what is right and errs at the rates of its profile; its figures say nothing about any model; tokens are counted by words, and cost nothing"
}

// source is one profile's answers.
type source struct {
	*Profile
	digest core.Digest
	known  *knowledge
}

// Answer is one alternative.
func (s *source) Answer(ctx context.Context, r core.Request, index int) (offline.Answer, error) {
	text, err := s.say(ctx, r, index)
	if err != nil {
		return offline.Answer{}, err
	}
	a := offline.Answer{Content: text, Finish: "stop", First: s.Latency.First, Each: s.Latency.Token}
	if cut, short := offline.Cut(text, r.Options.MaxTokens); short {
		a.Content, a.Finish = cut, "length"
	}
	return a, nil
}

func (s *source) say(ctx context.Context, r core.Request, index int) (string, error) {
	path := r.Path
	name, d, ok := prompt.Recognise(path)
	for ok && name == prompt.Repair && len(path) > 2 { // it says again what it was to say
		path = path[:len(path)-2]
		name, d, ok = prompt.Recognise(path)
	}
	if !ok {
		name, d = "", prompt.Data{Task: path}
	}
	play, ok := roles[name]
	if !ok {
		return "", unplayed(name)
	}
	text := strings.TrimPrefix(prompt.Transcript(d.Task), reworded)
	seed := r.Seed
	if t := r.Options.Temperature; t != nil && *t == 0 {
		seed, index = 0, 0
	}
	m := &mind{Profile: s.Profile, text: text, r: stream(s.digest, core.Asked(path), seed, index)}
	var found bool
	var err error
	if m.problem, found, err = s.known.find(text); err != nil {
		return "", err
	}
	if !found && name != prompt.Plan && name != prompt.Rephrase && name != prompt.WriteChecklist {
		if name == "" || name == prompt.Solve || name == prompt.AttemptOrAbstain {
			return unknown(), nil
		}
		return "", &core.UnservedError{Err: fmt.Errorf("playing %s: the simulation was told nothing of the task %.60q, and so cannot judge attempts at it; give tasks with answers", name, text)}
	}
	return play(ctx, m, d)
}

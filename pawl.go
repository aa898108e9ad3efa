// Package pawl improves a language-model system in a closed loop and promotes
// nothing until it is proven better. It wires the edges (store, models,
// engine) to the loop; the command line and the server are thin layers over it.
package pawl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"pawl/core"
	"pawl/exec"
	"pawl/model/embedded"
	"pawl/recipe"
	"pawl/recipes"
	"pawl/registry"
	"pawl/sandbox"
	_ "pawl/std" // the standard components
	"pawl/store"
)

// Options of Open.
type Options struct {
	Dir     string               // data directory; "" for .pawl
	Recipes string               // directory of recipes that hide embedded ones; "" for ./recipes
	Warn    func(message string) // told of damage that was survived; nil discards it
	Memory  bool                 // keep nothing: a store that ends with the process
	Sandbox sandbox.Options      // of what runs code of others
	Prices  string               // file of what models of others cost; "" for prices.yaml in Dir, where there is one
}

// DefaultDir is where data lives unless the caller says otherwise.
const DefaultDir = ".pawl"

// Pawl is an open data directory. It is safe for concurrent use.
type Pawl struct {
	dir    string
	store  *store.Store
	engine *embedded.Engine
	models *models // the engine, and all that is served elsewhere
	payer  core.Payer
	till   till
	finder recipe.Finder

	boxes   sync.Mutex // guards what follows
	box     *sandbox.Sandbox
	options sandbox.Options
}

// Open opens or creates the data directory.
func Open(o Options) (*Pawl, error) {
	if o.Dir == "" {
		o.Dir = DefaultDir
	}
	s := store.Memory()
	if at, err := os.Stat(o.Dir); err == nil && !at.IsDir() {
		return nil, inputf("opening the data directory %s: it is a file; name a directory with --dir", o.Dir)
	}
	if !o.Memory {
		var err error
		if s, err = store.Open(o.Dir, store.Options{Warn: o.Warn, Version: Version}); err != nil {
			return nil, err
		}
	}
	engine := embedded.New(s)
	p := &Pawl{dir: o.Dir, store: s, engine: engine, finder: Finder(o.Recipes), options: o.Sandbox}
	p.payer = exec.NewPayer(exec.PayerOptions{Account: func(ctx context.Context) (*exec.Account, error) { return p.till.account(ctx, p) }})
	p.models = &models{Engine: engine, store: s, providers: p.providers(o)}
	return p, nil
}

// Version of this program.
const Version = "0.1.0"

// Finder looks recipes up in dir, then among those in the binary.
func Finder(dir string) recipe.Finder { return recipe.Finder{Dir: dir, Embedded: recipes.FS} }

// Close releases the data directory and the sandbox.
func (p *Pawl) Close() error {
	p.boxes.Lock()
	defer p.boxes.Unlock()
	var err error
	if p.box != nil {
		err = p.box.Close()
		p.box = nil
	}
	return errors.Join(err, p.models.close(), p.till.close(), p.store.Close())
}

// Sandbox is what runs code of others, opened when it is first asked for: most
// runs need none.
func (p *Pawl) Sandbox() (core.Sandbox, error) {
	p.boxes.Lock()
	defer p.boxes.Unlock()
	if p.box == nil {
		box, err := sandbox.Open(p.options)
		if err != nil {
			return nil, err
		}
		p.box = box
	}
	return p.box, nil
}

// Dir is the data directory.
func (p *Pawl) Dir() string { return p.dir }

// Store gives read access to runs, steps and policies.
func (p *Pawl) Store() *store.Store { return p.store }

// Recipe loads a recipe by name or path; with no name, the quickstart.
func (p *Pawl) Recipe(name string) (*recipe.Plan, error) {
	if name == "" {
		name = Quickstart
	}
	return p.finder.Load(registry.Default, name)
}

// Quickstart is the recipe that runs where none is named.
const Quickstart = "quickstart"

// Policy resolves how the command line names a model: pawl-nano as embedded, a
// Hugging Face folder as embedded:DIR, a run's policy in force as run or run:ID;
// and models that others serve, as openai:MODEL, replay:FILE or sim:NAME.
func (p *Pawl) Policy(ctx context.Context, m Model) (core.Policy, error) {
	return p.policyFor(ctx, m, nil)
}

// tasksAsked gives the tasks that a model will be asked.
type tasksAsked func(context.Context) ([]core.Task, error)

// policyFor is Policy where it is known what will be asked.
func (p *Pawl) policyFor(ctx context.Context, m Model, tasks tasksAsked) (core.Policy, error) {
	switch m.Kind {
	case ModelRecipe:
		return p.nano(ctx)
	case ModelFolder:
		return p.engine.Import(ctx, m.Arg)
	case ModelRun:
		policy, err := p.runPolicy(ctx, m.Arg)
		if err != nil {
			return nil, err
		}
		return policy, p.models.introduce(ctx, policy, tasks)
	case ModelOpenAI, ModelReplay, ModelSim:
		return p.models.policy(ctx, m.Kind, m.Arg, m.BaseURL, tasks)
	}
	return nil, fmt.Errorf("resolving model %q: it names no weights; use embedded:DIR or run[:ID]", m)
}

// runPolicy is the first policy of a run in force; id "" is the newest run.
func (p *Pawl) runPolicy(ctx context.Context, id string) (core.Policy, error) {
	r, err := p.FindRun(ctx, id)
	if err != nil {
		return nil, err
	}
	plan, problems := recipe.Parse(registry.Default, r.Recipe, []byte(r.Text))
	if len(problems) > 0 {
		return nil, fmt.Errorf("reading the recipe of run %s: %w", r.ID, problems)
	}
	policy, ok := r.Policies[plan.Policies[0].Name]
	if !ok {
		advice := "resume it with pawl runs resume " + r.ID
		if r.Holder != nil {
			advice = "it is still at work: wait for its first policy"
		}
		return nil, fmt.Errorf("taking the policy of run %s: it has none in force yet (status %s); %s", r.ID, r.Status, advice)
	}
	return policy, nil
}

// FindRun finds a run by its id or the beginning of it; "" is the newest.
func (p *Pawl) FindRun(ctx context.Context, id string) (store.Run, error) {
	if id != "" {
		r, err := p.store.Run(ctx, id)
		if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrCorrupt) {
			err = input(err) // there is none of that name, or there are several
		}
		return r, err
	}
	runs, err := p.store.Runs(ctx)
	if err != nil {
		return store.Run{}, err
	}
	if len(runs) == 0 {
		return store.Run{}, inputf("finding the newest run in %s: there is none; start one with pawl run", p.dir)
	}
	return runs[0], nil
}

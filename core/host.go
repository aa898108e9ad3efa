package core

import (
	"context"
	"time"
)

// Kind is a kind of component.
type Kind string

// The kinds of components.
const (
	KindTasks     Kind = "tasks"
	KindSampler   Kind = "sampler"
	KindVerifier  Kind = "verifier"
	KindSelector  Kind = "selector"
	KindObjective Kind = "objective"
	KindOptimizer Kind = "optimizer"
	KindGate      Kind = "gate"
	KindMetric    Kind = "metric"
	KindEnv       Kind = "env"
	KindPolicy    Kind = "policy" // ways to obtain a first policy: pretrain
)

// Spec is one component as a recipe names it, decoded and defaulted.
type Spec struct {
	Kind   Kind
	Name   string // registered name
	As     string // its name in the recipe; equals Name unless renamed
	Config any    // the registered config struct, by value
	Where  string `json:"-"` // file:line:col, for errors; never part of a key
}

// Label is the component's name in the recipe.
func (s Spec) Label() string {
	if s.As != "" {
		return s.As
	}
	return s.Name
}

// Host is what a component may use, given to it when it is built. Components
// are built anew for each policy version, so nothing holds on to old weights.
type Host interface {
	// Actor is the actor that plays a seat; for model seats, under the policy
	// version in force for this step.
	Actor(seat string) (Actor, error)
	// Build makes a nested component from its own configuration.
	Build(ctx context.Context, s Spec) (any, error)
	// Trainer starts training from p.
	Trainer(ctx context.Context, p Policy) (Trainer, error)
	// NewModel makes an untrained model of the given shape.
	NewModel(ctx context.Context, s ModelShape) (Policy, error)
	// Encoder renders paths to token ids for the policy in training.
	Encoder(ctx context.Context, p Policy) (Encoder, error)
	// Tasks is a task set of the recipe by name.
	Tasks(ctx context.Context, set string) (TaskSource, error)
	// Policies names the policies current within the step, "base" included.
	Policies() map[string]Policy
	// Try plays a candidate on a search set (never on gate or audit).
	Try(ctx context.Context, p Policy, set string) ([]*Episode, error)
	// Wording says how a seat is asked in the role of the named prompt template;
	// without a name it tells the dialect alone.
	// Components call it by way of package prompt.
	Wording(prompt, seat string) (Wording, error)
	// Sandbox runs code that nobody vouches for; an error where there is none that
	// would hold it.
	Sandbox() (Sandbox, error)
	// Blob storage for component state and policy parts.
	Put(ctx context.Context, content []byte) (Digest, error)
	Get(ctx context.Context, d Digest) ([]byte, error)
	// Checkpoints of the step that is running: Keep replaces the last, Kept
	// returns it, nil where there is none.
	Keep(ctx context.Context, state []byte) error
	Kept(ctx context.Context) ([]byte, error)
	// Seed of the step, derived from the run's seed and the step's key parts.
	Seed() uint64
	Now() time.Time
	Progress(p Progress)
}

// Wording is how a seat is asked.
type Wording struct {
	Dialect string // that the seat speaks: "chat" or "compact"
	Text    string // the recipe's own text of the template in it; "" where the built-in one holds
}

// ModelShape describes a model to be trained from scratch.
type ModelShape struct {
	Width, Layers, Heads, KVHeads int
	Hidden                        int      // width of the feed-forward part; 0: 8/3 of Width, rounded up to 16
	Context                       int      // longest sequence
	RopeTheta                     float64  // 0: no positional rotation
	Vocabulary                    []string // tokens; nil: bytes
	Spaced                        bool     // the vocabulary's words stand between spaces
	Seed                          uint64
}

// Vocabularied is the companion of task sources whose texts are made of a
// known list of tokens. Unit is UnitWords where spaces part them, or
// UnitCharacters where they stand side by side.
type Vocabularied interface {
	Vocabulary() []string // nil: any text
	Unit() string
}

// Units of a vocabulary.
const (
	UnitWords      = "word"
	UnitCharacters = "character"
)

// Encoder turns paths into token ids and masks for training. It is safe for
// concurrent use.
type Encoder interface {
	// EncodePath renders a path. Sampled nodes keep their own token ids;
	// loss[i] tells whether token i belongs to an assistant node.
	EncodePath(path []Node) (ids []int32, loss []bool, err error)
}

// Speller is the companion of encoders that tell which of the ids is which part
// of a text.
type Speller interface {
	Encoder
	// SpellPath is EncodePath, and what each token of the last node completes of
	// its content: these are the last len(text) ids. A token that completes
	// nothing, as one in the middle of a character or the end token, has "".
	SpellPath(path []Node) (ids []int32, loss []bool, text []string, err error)
}

package core

import "context"

// Intervention may change the logits of the next token, given all tokens before
// it, the prompt's included. It is a function of these alone, is called from
// several goroutines, and keeps neither slice. A request names those that it
// wants (Options.Interventions), so that its key says what was done.
type Intervention func(path []int32, logits []float32)

// Instrumented is the companion of actors that run in this process and can be
// looked into. What it does beside Act is not in a request's key: callers that
// store results say in their own key what they did.
type Instrumented interface {
	BatchActor
	// ActInstrumented is ActBatch with instruments; observation i, k belongs to
	// node k of request i.
	ActInstrumented(ctx context.Context, rs []Request, in Instruments) ([][]Node, [][]Observation, error)
	// Tokens are the ids that a continuation of path follows.
	Tokens(path []Node) ([]int32, error)
	// HiddenGradient is a loss over the next-token distributions of a text, and
	// its gradient with respect to each of shifts, in the shape of its Add. Row i
	// of the loss is the distribution of token from+i given those before it; the
	// last row is that of the token that would follow. The loss writes its
	// derivatives to dlogp, which arrives zeroed.
	HiddenGradient(ctx context.Context, tokens []int32, from int, shifts []Shift, loss func(logp, dlogp [][]float32) float64) (float64, [][]float32, error)
}

// Instruments is what to do to samples and what to tell of them. Functions are
// called from several goroutines and keep no slice; request is the index in the
// call, sample the sample index.
type Instruments struct {
	Observe Observe
	Logits  func(request, sample int, path []int32, logits []float32)      // as an Intervention, after the named ones
	Hidden  func(request, sample int, path []int32, hidden []float32) bool // may change the head's input; tells whether it did
	Shifts  []Shift
	Token   func(request, sample int, token int32, text string, logprob float32) // each token as it is drawn; text is what it completes
}

// Shift adds vectors to hidden states: to what layer Layer reads (0 is the
// embeddings), or, where Layer is the number of layers, to what the head reads.
// Rows of the model's width go to the positions from At on; with Repeat, the
// single row goes to all of them.
type Shift struct {
	Layer  int
	At     int
	Add    []float32
	Repeat bool
}

// Observe names what to tell. All of it is about the model's own distribution,
// at temperature 1, before truncation, bias, constraint and intervention.
type Observe struct {
	Top     int // so many likeliest alternatives of each token
	Entropy bool
	Full    bool // log-probabilities of the whole vocabulary
	Hidden  bool // the states that tokens were drawn from
	Prompt  bool // log-probabilities of the prompt's tokens
}

// Observation is what was asked for, by sampled token unless said otherwise.
type Observation struct {
	Raw     []float32 // log-probabilities of the drawn tokens; always there
	Top     [][]Alternative
	Entropy []float32 // in nats
	Full    [][]float32
	Hidden  [][]float32
	Prompt  []float32 // by token of the prompt; 0 for the first

	// Of a Reading alone.
	Reduced []float32 // what Reduce made of each token's distribution
	Text    []string  // what each token completes of the text; always there
}

// Alternative is a token with its log-probability.
type Alternative struct {
	Token   int32
	Logprob float32
}

// Reader is the companion of actors that tell how they read a given text.
type Reader interface {
	Actor
	// Read gives, of each path, what r asks for by token of its last node, as if
	// that had been drawn after the nodes before it. Texts too long for the actor
	// are a TooLongError.
	Read(ctx context.Context, paths [][]Node, r Reading) ([]Observation, error)
}

// Valuer is the companion of actors that value given texts with their policy's
// reward head (PartRewardHead).
type Valuer interface {
	Actor
	// Values gives what the head makes of the end of each path, as encoded for
	// training, whatever else is in the call. The scale is that of the loss that
	// the head learnt from; log-odds of a path being right, of verifiers. A policy
	// without a head is a NoHeadError, texts too long for the actor a TooLongError.
	Values(ctx context.Context, paths [][]Node) ([]float64, error)
}

// TokenValuer is the companion of valuers that value a text as it grows.
type TokenValuer interface {
	Valuer
	// TokenValues gives, of each path, what the head makes of it up to each token
	// of its last node, that token included. The last is what Values gives.
	TokenValues(ctx context.Context, paths [][]Node) ([]TokenValues, error)
}

// TokenValues are the values of one path, by token of its last node.
type TokenValues struct {
	Values []float64
	Text   []string // what each token completes of the text
}

// NoHeadError says that a policy has no reward head to value texts with.
type NoHeadError struct{ Seat string }

func (e *NoHeadError) Error() string {
	return "valuing as " + e.Seat + ": its policy has no reward head; train one with the optimizer train_verifier"
}

// Reading says how to read, and what to tell of it; Observe.Prompt and Hidden are
// not of this.
type Reading struct {
	Observe
	// Reduce makes a number of a distribution, given the log-probabilities of all
	// tokens: how to learn of distributions without holding them all, as Full
	// does. It is called from several goroutines and keeps nothing.
	Reduce  func(logp []float32) float32
	Dropout float64 // share of the hidden units that a reading goes without, in [0, 1); 0 for none
	Seed    uint64  // which: one seed is one thinned model, for all paths and calls
}

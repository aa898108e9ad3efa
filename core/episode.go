package core

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// Ref points at a node of an episode: its index plus one. The zero Ref is none.
type Ref int

// Roles of nodes.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
	RoleTool      = "tool"
)

// Node is one turn or step; parent links make chats, branches and search trees
// one shape.
type Node struct {
	Parent   Ref             `json:"parent,omitempty"`
	Actor    string          `json:"actor,omitempty"`  // seat: "solver", "judge", "tool"
	To       []string        `json:"to,omitempty"`     // seats that may read it; nil means all
	Policy   Digest          `json:"policy,omitempty"` // version that sampled it
	Role     string          `json:"role,omitempty"`
	Content  string          `json:"content"`
	Prefix   Digest          `json:"prefix,omitempty"`    // the rendered token ids it was sampled after
	TokenIDs []int32         `json:"token_ids,omitempty"` // as sampled, end token included; never re-encoded
	Logprobs []float32       `json:"logprobs,omitempty"`  // of the behaviour policy, one per token id, or per token where a server tells no ids; nil if not sampled
	Finish   string          `json:"finish,omitempty"`    // "stop", "length", "tool_calls"; "" where it does not apply
	Data     json.RawMessage `json:"data,omitempty"`      // tool calls, environment state
}

// TokensDigest names a list of token ids, as Node.Prefix does.
func TokensDigest(ids []int32) Digest {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return Sum(b)
}

// Usage counts what an episode or a step used.
type Usage struct {
	Calls            int   `json:"calls,omitempty"`
	PromptTokens     int64 `json:"prompt_tokens,omitempty"`
	CompletionTokens int64 `json:"completion_tokens,omitempty"`
	MicroUSD         int64 `json:"micro_usd,omitempty"` // millionths of a dollar
}

// Add adds v to u.
func (u *Usage) Add(v Usage) {
	u.Calls += v.Calls
	u.PromptTokens += v.PromptTokens
	u.CompletionTokens += v.CompletionTokens
	u.MicroUSD += v.MicroUSD
}

// Sub takes v from u.
func (u *Usage) Sub(v Usage) {
	u.Add(Usage{-v.Calls, -v.PromptTokens, -v.CompletionTokens, -v.MicroUSD})
}

// Tokens is prompt and completion tokens together.
func (u Usage) Tokens() int64 { return u.PromptTokens + u.CompletionTokens }

// Episode is all that one sampler did on one task: an append-only forest and
// its judgements. The task's prompt nodes come first, in order, each the
// parent of the next; attempts hang below the last of them. Nodes and scores
// are appended in request order, never in completion order.
type Episode struct {
	Task   Task    `json:"task"`
	Nodes  []Node  `json:"nodes"`
	Scores []Score `json:"scores,omitempty"`
	Answer Ref     `json:"answer,omitempty"` // none abstains
	Seed   uint64  `json:"seed,omitempty"`
	Usage  Usage   `json:"usage,omitzero"`
	Err    string  `json:"err,omitempty"` // a failed episode is data, not a crash
}

// NewEpisode starts an episode whose first nodes are the task's prompt.
func NewEpisode(t Task, seed uint64) *Episode {
	ep := &Episode{Task: t, Seed: seed}
	var parent Ref
	for _, n := range t.Prompt {
		n.Parent = parent
		parent = ep.Append(n)
	}
	return ep
}

// Append adds a node and returns its reference.
func (ep *Episode) Append(n Node) Ref {
	ep.Nodes = append(ep.Nodes, n)
	return Ref(len(ep.Nodes))
}

// Node returns the node that r points at. It panics on a reference that is not
// of this episode: such a reference is a bug of the caller.
func (ep *Episode) Node(r Ref) *Node {
	if r < 1 || int(r) > len(ep.Nodes) {
		panic(fmt.Sprintf("core: reference %d outside an episode of %d nodes", r, len(ep.Nodes)))
	}
	return &ep.Nodes[r-1]
}

// Root is the last prompt node, below which attempts hang.
func (ep *Episode) Root() Ref { return Ref(len(ep.Task.Prompt)) }

// Path lists the references from a root to r, r included.
func (ep *Episode) Path(r Ref) []Ref {
	var path []Ref
	for ; r != 0; r = ep.Node(r).Parent {
		path = append(path, r)
		if len(path) > len(ep.Nodes) {
			panic("core: parent links form a cycle")
		}
	}
	slices.Reverse(path)
	return path
}

// PathNodes is Path as copies of the nodes, parents rewritten to path
// positions, as a Request wants them.
func (ep *Episode) PathNodes(r Ref) []Node {
	refs := ep.Path(r)
	nodes := make([]Node, len(refs))
	for i, ref := range refs {
		nodes[i] = *ep.Node(ref)
		nodes[i].Parent = Ref(i)
	}
	return nodes
}

// Leaves lists the attempts: sampled or environment nodes without children,
// in order of appending. Judges' own nodes (below which a Score's Via points)
// are not attempts.
func (ep *Episode) Leaves() []Ref {
	inner := make([]bool, len(ep.Nodes)+1)
	for _, n := range ep.Nodes {
		inner[n.Parent] = true
	}
	for _, s := range ep.Scores {
		inner[s.Via] = true
	}
	var leaves []Ref
	for i := len(ep.Task.Prompt) + 1; i <= len(ep.Nodes); i++ {
		if !inner[i] {
			leaves = append(leaves, Ref(i))
		}
	}
	return leaves
}

// Score judges a leaf, a step, a pair or tokens; it may abstain, and it says why.
type Score struct {
	By         string    `json:"by"`                   // the verifier's name in the recipe
	Nodes      []Ref     `json:"nodes,omitempty"`      // one; two for a pair; nil = the episode
	Value      float64   `json:"value"`                // reward, or P(first beats second)
	Dense      []float32 `json:"dense,omitempty"`      // per token
	Confidence float64   `json:"confidence,omitempty"` // probability that Value is right, where known
	Abstain    bool      `json:"abstain,omitempty"`
	Unjudged   bool      `json:"unjudged,omitempty"` // abstains since the verifier failed, and may do better when asked again
	Rationale  string    `json:"rationale,omitempty"`
	Via        Ref       `json:"via,omitempty"` // the judge's own node
}

// ScoreOf finds the last score by the named verifier on exactly node r.
func (ep *Episode) ScoreOf(by string, r Ref) (Score, bool) {
	for i := len(ep.Scores) - 1; i >= 0; i-- {
		s := ep.Scores[i]
		if s.By == by && len(s.Nodes) == 1 && s.Nodes[0] == r {
			return s, true
		}
	}
	return Score{}, false
}

// Best is the attempt that the named verifier values most, the earlier of
// equals, with its score; ok is false where it abstains on all or judged none.
func (ep *Episode) Best(by string) (best Ref, score Score, ok bool) {
	for _, leaf := range ep.Leaves() {
		s, judged := ep.ScoreOf(by, leaf)
		if judged && !s.Abstain && (!ok || s.Value > score.Value) {
			best, score, ok = leaf, s, true
		}
	}
	return best, score, ok
}

// Judgement is what a verifier returns: scores, and a judge's own nodes. The
// owner of the episode appends them; Via of a score counts from the episode's
// node count before the append, so that Ref(len(Nodes))+1 is the first new node.
type Judgement struct {
	Scores []Score
	Nodes  []Node
	Usage  Usage
}

// Example is one training unit: one path is a demonstration, two a preference,
// k an RL group.
type Example struct {
	Episode *Episode // may be derived: recast nodes keep TokenIDs and lose Logprobs
	Leaves  []Ref
	Labels  []float64
	Signals map[string][][]float32 // per path and token, or one value per node: weights, advantages, teacher log-probs
}

package pawl

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/world"
)

// Backtracked is a greedy attempt at a task, and what becomes of it where it is
// taken up again from some of its steps.
type Backtracked struct {
	Task       string         `json:"task"`
	Right      bool           `json:"right"`
	Tokens     int            `json:"tokens"`
	Steps      int            `json:"steps"`
	FirstWrong int            `json:"first_wrong"` // from 1; one more than Steps where one is missing; 0 of a right attempt
	Own        int            `json:"own"`         // where the policy itself says, 0 for nowhere; -1 if it cannot be read
	OwnTokens  int            `json:"own_tokens"`  // of asking it
	From       map[int]Redone `json:"from"`        // by step
}

// Redone is an attempt taken up again at a step.
type Redone struct {
	Right  bool `json:"right"`
	Tokens int  `json:"tokens"` // drawn for it
	Same   bool `json:"same"`   // no other step was found, and the attempt stays as it was
}

// BacktrackOptions say where to take attempts up again.
type BacktrackOptions struct {
	EnvironmentOptions
	Tries int                       // samples of the step
	At    func(a Backtracked) []int // steps of a, from 1
}

// Backtrack measures backtracking (Tyen et al., "LLMs cannot find reasoning errors,
// but can correct them!", 2023) in one world, whose attempts have steps: after the
// steps before the one named, that step is sampled anew at temperature 1; the first
// sample that differs from what stood there takes its place, and the attempt goes on
// greedily from it. Without one the attempt stays as it was.
func (p *Pawl) Backtrack(ctx context.Context, policy core.Policy, name string, o BacktrackOptions) ([]Backtracked, error) {
	if err := o.check([]string{name}); err != nil {
		return nil, err
	}
	actor, err := p.models.Actor(ctx, policy, "solver", core.Options{})
	if err != nil {
		return nil, err
	}
	model, ok := actor.(player)
	if !ok {
		return nil, fmt.Errorf("backtracking in world %s: the model takes no batches", name)
	}
	b := backtracking{visit: visit{model: model, o: o.EnvironmentOptions, name: name, level: o.Worlds[name], of: 1}, tries: o.Tries}
	if err := b.draw(); err != nil {
		return nil, err
	}
	if b.rules.Steps == nil || b.rules.Play != nil {
		return nil, inputf("backtracking in world %s: its attempts are no texts of steps", name)
	}
	if err := b.first(ctx); err != nil {
		return nil, fmt.Errorf("backtracking in world %s: %w", name, err)
	}
	for from := 0; from < len(b.tasks); from += batchTasks {
		if err := b.again(ctx, from, min(from+batchTasks, len(b.tasks)), o.At); err != nil {
			return nil, fmt.Errorf("backtracking in world %s: %w", name, err)
		}
		b.told("backtracking", min(from+batchTasks, len(b.tasks)))
	}
	return b.out, nil
}

// backtracking is the measurement of one world.
type backtracking struct {
	visit
	tries  int
	out    []Backtracked
	steps  [][]string // of the greedy attempts
	judges []world.Judge
}

// first makes the greedy attempts, and asks the policy where they go wrong.
func (b *backtracking) first(ctx context.Context) error {
	greedy, err := b.attempts(ctx, "greedy", 1, 0)
	if err != nil {
		return err
	}
	ask, err := prompt.Get(prompt.Locate)
	if err != nil {
		return err
	}
	var paths [][]core.Node
	for i, t := range b.tasks {
		a := greedy[i][0]
		judge, err := world.Oracle(t)
		if err != nil {
			return err
		}
		done := Backtracked{Task: t.ID, Right: a.right, Tokens: a.tokens, From: map[int]Redone{}}
		steps := b.rules.Steps(a.text)
		done.Steps = len(steps)
		if !a.right {
			done.FirstWrong = min(max(judge(a.text).FirstWrong, 1), len(steps)+1)
		}
		path, err := ask.Render(prompt.Compact, prompt.Data{Task: t.Prompt, Attempt: oneLine(a.text), World: b.name, Level: b.level})
		if err != nil {
			return err
		}
		b.out, b.steps, b.judges, paths = append(b.out, done), append(b.steps, steps), append(b.judges, judge), append(paths, path)
	}
	for from := 0; from < len(paths); from += batchTasks {
		var rs []core.Request
		for i := from; i < min(from+batchTasks, len(paths)); i++ {
			rs = append(rs, b.request(paths[i], i, 1, 0))
		}
		replies, long, err := act(ctx, b.model, rs)
		if err != nil {
			return err
		}
		for k := range rs {
			done := &b.out[from+k]
			done.Own = -1
			if long[k] {
				continue
			}
			done.OwnTokens = len(replies[k][0].TokenIDs)
			if step, ok := prompt.ParseStep(prompt.Compact, replies[k][0].Content, done.Steps+1); ok {
				done.Own = step
			}
		}
	}
	return nil
}

// redoing is one attempt that is taken up again.
type redoing struct {
	task, step int
	before     string // the steps that are kept
	tokens     int
}

// again takes attempts from..to up again where at says.
func (b *backtracking) again(ctx context.Context, from, to int, at func(Backtracked) []int) error {
	var work []redoing
	var rs []core.Request
	for i := from; i < to; i++ {
		wanted := map[int]bool{}
		for _, step := range at(b.out[i]) {
			wanted[step] = true
		}
		for _, step := range slices.Sorted(maps.Keys(wanted)) {
			w := redoing{task: i, step: step, before: strings.Join(b.steps[i][:step-1], "")}
			r := b.continuing(w, w.before, b.tries, 1)
			r.Options.MaxTokens = len(b.stood(w)) + spareStep
			work, rs = append(work, w), append(rs, r)
		}
	}
	drawn, long, err := act(ctx, b.model, rs)
	if err != nil {
		return err
	}
	var on []redoing
	var further []core.Request
	for k, w := range work {
		step, whole := "", false
		if !long[k] {
			step, whole = b.other(&w, drawn[k])
		}
		switch done := &b.out[w.task]; {
		case step == "":
			done.From[w.step] = Redone{Right: done.Right, Tokens: w.tokens, Same: true}
		case whole:
			done.From[w.step] = Redone{Right: b.judges[w.task](w.before + step).Right, Tokens: w.tokens}
		default:
			w.before += step
			on, further = append(on, w), append(further, b.continuing(w, w.before, 1, 0))
		}
	}
	ends, long, err := act(ctx, b.model, further)
	if err != nil {
		return err
	}
	for k, w := range on {
		text := w.before
		if !long[k] {
			text += ends[k][0].Content
			w.tokens += len(ends[k][0].TokenIDs)
		}
		b.out[w.task].From[w.step] = Redone{Right: b.judges[w.task](text).Right, Tokens: w.tokens}
	}
	return nil
}

// spareStep is by how many tokens a new step may be longer than the old one: a
// character is a token of the models that know worlds.
const spareStep = 8

// stood is the step that w is to replace, "" where it is missing.
func (b *backtracking) stood(w redoing) string {
	if w.step > len(b.steps[w.task]) {
		return ""
	}
	return b.steps[w.task][w.step-1]
}

// continuing asks for what follows text in an attempt. The turn comes without token
// ids, so that the actor leaves it open.
func (b *backtracking) continuing(w redoing, text string, n int, temperature float64) core.Request {
	path := b.tasks[w.task].Prompt
	if text != "" {
		path = append(slices.Clip(path), core.Node{Parent: core.Ref(len(path)), Role: core.RoleAssistant, Content: text})
	}
	r := b.request(path, w.task, n, temperature)
	r.Seed = core.NewHasher("backtrack").String(b.name).Uint(b.o.Seed).String(b.tasks[w.task].ID).Uint(uint64(w.step)).String(text).Seed()
	return r
}

// other is the first whole step among the samples that is not the one that stood
// there, "" if there is none; whole tells that the attempt ends with it.
func (b *backtracking) other(w *redoing, drawn []core.Node) (step string, whole bool) {
	for _, n := range drawn {
		w.tokens += len(n.TokenIDs)
	}
	for _, n := range drawn {
		steps := b.rules.Steps(w.before + n.Content)
		if len(steps) < w.step || strings.Join(steps[:w.step-1], "") != w.before {
			continue
		}
		last := len(steps) == w.step
		cut := last && n.Finish == "length" // perhaps not all of the step
		if s := steps[w.step-1]; !cut && s != b.stood(*w) {
			return s, last
		}
	}
	return "", false
}

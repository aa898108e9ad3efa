package pawl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"

	"pawl/core"
	"pawl/loop"
	"pawl/model/offline"
	"pawl/model/sim"
	"pawl/prompt"
	"pawl/recipe"
	"pawl/world"
)

// Forecast is what a command would come to, and what that rests on. Nothing was
// asked, written or paid for it.
type Forecast struct {
	Model            string         `json:"model"`
	Recipe           string         `json:"recipe"`
	Parts            []ForecastPart `json:"parts"`
	Calls            int64          `json:"calls"`
	PromptTokens     int64          `json:"prompt_tokens"`
	CompletionTokens int64          `json:"completion_tokens"`
	Most             int64          `json:"most_completion_tokens"` // if every answer were as long as it may be; 0 where one has no limit
	USD              *float64       `json:"usd"`                    // null where prices are not known
	MostUSD          *float64       `json:"most_usd,omitempty"`
	Seconds          *float64       `json:"seconds"` // null where nothing tells
	Assumes          []string       `json:"assumes"`
}

// ForecastPart is one kind of work.
type ForecastPart struct {
	What             string  `json:"what"`
	Tasks            int     `json:"tasks"` // times that a task is taken up
	CallsPerTask     float64 `json:"calls_per_task"`
	Calls            int64   `json:"calls"`
	PromptTokens     int64   `json:"prompt_tokens"`
	CompletionTokens int64   `json:"completion_tokens"`
	Most             int64   `json:"most_completion_tokens"`
}

// priced is the companion of providers that know what tokens cost, in dollars a
// million.
type priced interface {
	Price(m core.ModelName) (prompt, completion float64, known bool)
}

// probed is how many tasks calls are counted on.
const probed = 20

// usualTokens is how long an attempt is taken to be where no worked solution tells.
const usualTokens = 150

// stage is a sampler with its verifiers, as a part of a forecast.
type stage struct {
	what   string
	sample core.Spec
	verify []core.Spec
	tasks  []core.Task // from which those to count on are taken
	times  int         // that a task is taken up
}

// forecast counts calls by playing some tasks with a stand-in that reads and words
// prompts as package sim does, but knows nothing of what is right.
func (p *Pawl) forecast(ctx context.Context, plan *recipe.Plan, model Model, policy core.Policy, parts []stage) (*Forecast, error) {
	f := &Forecast{Model: model.String(), Recipe: plan.Name, Parts: []ForecastPart{}}
	for _, s := range parts {
		part, err := p.count(ctx, plan, s)
		if err != nil {
			return nil, fmt.Errorf("forecasting %s: %w", s.what, err)
		}
		f.Parts = append(f.Parts, *part)
		f.Calls += part.Calls
		f.PromptTokens += part.PromptTokens
		f.CompletionTokens += part.CompletionTokens
		f.Most += part.Most
	}
	for _, part := range f.Parts {
		if part.Calls > 0 && part.Most == 0 {
			f.Most = 0
		}
	}
	f.Assumes = []string{
		fmt.Sprintf("calls are counted on up to %d of the tasks, played with a stand-in in place of the model: strategies that stop early, repair or abstain depend on what the model really says", probed),
		fmt.Sprintf("tokens are counted by words; an attempt is as long as the task's worked solution, or %d tokens where it has none; the most is what the token limits allow", usualTokens),
		"a prompt is counted once a call, however many samples the call asks for; calls that fail and are made again are not counted",
	}
	return f, p.priceAndTime(ctx, f, policy)
}

// What a served model is taken to need, where nobody has measured it.
const (
	assumedFirst = 1.0  // seconds to the first token
	assumedPace  = 50.0 // tokens a second afterwards
)

// priceAndTime adds what the tokens cost and how long they take.
func (p *Pawl) priceAndTime(ctx context.Context, f *Forecast, policy core.Policy) error {
	name, by, served, err := p.models.served(ctx, policy)
	if err != nil {
		return err
	}
	if !served {
		f.Assumes = append(f.Assumes, "the model runs on this machine: it costs nothing, and `pawl bench` measures its pace; training is not in these figures")
		f.USD = new(float64)
		return nil
	}
	var in, out float64
	known := name.Kind != string(ModelOpenAI) // others ask nobody
	if prices, ok := by.(priced); ok {
		in, out, known = prices.Price(name)
	}
	if known {
		cost := func(completion int64) *float64 {
			usd := (float64(f.PromptTokens)*in + float64(completion)*out) / 1e6
			return &usd
		}
		f.USD = cost(f.CompletionTokens)
		if f.Most > 0 {
			f.MostUSD = cost(f.Most)
		}
	} else {
		f.Assumes = append(f.Assumes, "what it costs is not forecast: nobody has said what tokens of this model cost")
	}
	if name.Kind != string(ModelOpenAI) {
		f.Seconds = new(float64)
		f.Assumes = append(f.Assumes, "answers of a recording or a simulation come at once")
		return nil
	}
	seconds := (float64(f.Calls)*assumedFirst + float64(f.CompletionTokens)/assumedPace) / besideServed
	f.Seconds = &seconds
	f.Assumes = append(f.Assumes, fmt.Sprintf("time: %g s to the first token, %g tokens a second, %d calls at a time; servers differ by far", assumedFirst, assumedPace, besideServed))
	return nil
}

// count plays some tasks of a part.
func (p *Pawl) count(ctx context.Context, plan *recipe.Plan, s stage) (*ForecastPart, error) {
	part := &ForecastPart{What: s.what, Tasks: s.times}
	if s.times == 0 || len(s.tasks) == 0 {
		return part, nil
	}
	if world.Played(s.tasks[0]) {
		return nil, fmt.Errorf("%s is played turn by turn, and how many turns depends on the moves; try a few tasks", s.tasks[0].ID)
	}
	var some []core.Task // spread over all
	n := min(probed, len(s.tasks))
	for i := range n {
		some = append(some, s.tasks[i*len(s.tasks)/n])
	}
	stand := newStandIn(p.models, some)
	player := p.player(plan, 1, nil)
	player.Models = stand
	team := map[string]core.Policy{}
	for _, lane := range plan.Policies {
		team[lane.Name] = core.Policy{}
	}
	err := player.AttemptEach(ctx, team, s.sample, s.verify, some, func(_ *core.Episode, err error) error { return err })
	if err != nil {
		return nil, err
	}
	// From some to all: in proportion to what tells how large a task is.
	all := func(counted int64, size func(core.Task) int) int64 {
		total := func(tasks []core.Task) (sum float64) {
			for _, t := range tasks {
				sum += float64(max(size(t), 1))
			}
			return sum
		}
		return int64(float64(counted)*total(s.tasks)/total(some)*float64(s.times)/float64(len(s.tasks)) + 0.5)
	}
	alike := func(core.Task) int { return 1 }
	part.CallsPerTask = float64(stand.calls) / float64(n)
	part.Calls = all(stand.calls, alike)
	part.PromptTokens = all(stand.in, func(t core.Task) int { return offline.Tokens(t.Text()) })
	part.CompletionTokens = all(stand.out, lengthOf)
	if !stand.endless {
		part.Most = all(stand.most, alike)
	}
	return part, nil
}

// lengthOf is how long an attempt at a task is taken to be.
func lengthOf(t core.Task) int {
	if solution := t.Ref().Solution; solution != "" {
		return offline.Tokens(solution)
	}
	return usualTokens
}

// standIn is loop.Models with nobody behind it. It counts.
type standIn struct {
	*models
	sims *sim.Models

	mu                   sync.Mutex
	calls, in, out, most int64
	endless              bool // some call has no token limit
}

var _ loop.Models = (*standIn)(nil)

func newStandIn(m *models, tasks []core.Task) *standIn {
	hidden := sim.Hidden{Problem: func(t core.Task) (sim.Problem, error) {
		words := lengthOf(t)
		return sim.Problem{
			Level: world.StandardLevel, Alone: true,
			Write: func(_ context.Context, r *rand.Rand, right, _ bool) (string, error) {
				answer := "1"
				if !right {
					answer = fmt.Sprint(2 + r.IntN(3))
				}
				return strings.Repeat("word ", max(words-5, 0)) + "\n#### " + answer, nil
			},
			Right: func(_ context.Context, attempt string) (bool, error) { return sim.Final(attempt) == "1", nil },
		}, nil
	}}
	s := &standIn{models: m, sims: sim.New(hidden)}
	s.sims.Learn(tasks)
	return s
}

// Dialect is English, as models that others serve are asked.
func (s *standIn) Dialect(context.Context, core.Policy) (string, error) { return prompt.Chat, nil }

func (s *standIn) Actor(ctx context.Context, _ core.Policy, seat string, o core.Options) (core.Actor, error) {
	name, err := s.sims.Resolve(ctx, "default", "")
	if err != nil {
		return nil, err
	}
	a, err := s.sims.Actor(ctx, name, seat, core.Options{})
	return &counted{a, s, o}, err
}

// counted is a seat of the stand-in. What it cannot play it counts all the same.
type counted struct {
	core.Actor
	in      *standIn
	options core.Options
}

func (c *counted) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	o := c.options.Merge(r.Options)
	plain := r
	plain.Options = core.Options{Temperature: o.Temperature, MaxTokens: o.MaxTokens, Stop: o.Stop}
	nodes, err := c.Actor.Act(ctx, plain)
	if unserved := (*core.UnservedError)(nil); errors.As(err, &unserved) {
		nodes, err = make([]core.Node, r.N), nil
		for i := range nodes {
			nodes[i] = core.Node{Role: core.RoleAssistant, Content: strings.Repeat("word ", usualTokens)}
		}
	}
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	c.in.calls++
	for _, n := range r.Path {
		c.in.in += int64(offline.Tokens(n.Content))
	}
	for _, n := range nodes {
		c.in.out += int64(offline.Tokens(n.Content))
	}
	c.in.most += int64(r.N * o.MaxTokens)
	c.in.endless = c.in.endless || o.MaxTokens == 0
	return nodes, err
}

// ForecastSolve forecasts Solve or SolveFile.
func (p *Pawl) ForecastSolve(ctx context.Context, tasks []core.Task, o SolveOptions, out string) (*Forecast, error) {
	s, err := p.solving(ctx, tasks, o)
	if err != nil {
		return nil, err
	}
	rest := tasks
	if out != "" {
		if rest, err = s.missing(tasks, out); err != nil {
			return nil, input(err)
		}
	}
	f, err := p.forecast(ctx, s.plan, p.defaultModel(ctx, o.Model, o.Recipe), s.policy, []stage{{"answering", s.plan.Sample, s.plan.Inference(), rest, len(rest)}})
	if f != nil && len(rest) < len(tasks) {
		f.Assumes = append(f.Assumes, fmt.Sprintf("%s holds %d of the %d tasks already", out, len(tasks)-len(rest), len(tasks)))
	}
	return f, input(err)
}

// missing gives the tasks that a file does not hold, and leaves it as it is.
func (s *solving) missing(tasks []core.Task, path string) ([]core.Task, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return tasks, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	_, rest, err := s.held(file, path, tasks)
	return rest, err
}

// ForecastRun forecasts Run.
func (p *Pawl) ForecastRun(ctx context.Context, o RunOptions) (*Forecast, error) {
	j, err := p.prepare(ctx, o)
	if err == nil {
		j.initial, err = p.initial(ctx, j.plan, o.Model, j.sets)
	}
	if err != nil {
		return nil, given(ctx, err)
	}
	player := p.player(j.plan, 1, nil)
	player.Sets = j.sets.sources
	train, err := player.Draw(ctx, "train")
	if err != nil {
		return nil, given(ctx, err)
	}
	policy := j.initial[j.plan.Policies[0].Name]
	_, _, served, err := p.models.served(ctx, policy)
	if err != nil {
		return nil, err
	}
	var parts []stage
	add := func(what string, sample core.Spec, verify []core.Spec, tasks []core.Task, times int) {
		parts = append(parts, stage{what, sample, verify, tasks, times * len(tasks)})
	}
	rounds := j.plan.Rounds
	if served {
		rounds = 1
	}
	for i, s := range j.plan.StagesFor("") {
		passes := max(s.Steps, 1) * rounds
		if served && i > 0 {
			break
		} else if served {
			passes = 1
		}
		add("sampling", s.Sample, s.Verify, train, passes)
	}
	if !served {
		for _, set := range []struct {
			name  string
			times int
		}{{"gate", rounds + 1}, {"audit", 2}} {
			tasks, err := player.TaskList(ctx, set.name)
			if err != nil {
				return nil, given(ctx, err)
			}
			add(set.name, j.plan.Measure.Sample, j.plan.Measure.Verify, tasks, set.times*(1+len(j.Controls)))
		}
		for _, name := range j.Controls {
			for _, s := range j.plan.StagesFor(name) {
				if !slices.ContainsFunc(s.Updates, func(u recipe.Update) bool { return u.Select.Name != "demonstrations" }) {
					continue // it looks at no samples
				}
				add("control "+name, s.Sample, s.Verify, train, max(s.Steps, 1)*rounds)
			}
		}
	}
	f, err := p.forecast(ctx, j.plan, o.Model, policy, parts)
	if f != nil && served {
		f.Assumes = append(f.Assumes, "others serve the model, so there is nothing to train: the run stops after its first selection")
	} else if f != nil {
		f.Assumes = append(f.Assumes, "arms share what they sample alike, and finished steps of an earlier run are not done again: it may come to less")
	}
	return f, input(err)
}

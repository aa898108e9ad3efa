package lesson

import (
	"cmp"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/world"
)

// Roles are the names of the roles, which are those of their templates.
var Roles = []string{
	"solve", "verify", "locate", "revise", "compare", "grade", "aggregate", "plan", "propose", "attempt_or_abstain",
}

// Further roles are learnt where they are named.
var Further = []string{"recover"}

// errUnfit means that a task cannot become a lesson of the role asked for: the
// world has no plan, no flaw, or the draw was unlucky.
var errUnfit = errors.New("unfit")

// draft is a lesson before it is worded.
type draft struct {
	data   prompt.Data
	reply  string
	before string      // of a revision: the steps that are kept
	turns  []core.Node // of a play: what was said before the reply
}

// pupil is a task of a world with what is needed to make a lesson of it.
type pupil struct {
	name  string
	rules world.Rules
	task  core.Task
	judge world.Judge
	level int
	easy  bool // at most the level that the model is meant for
	r     *rand.Rand
}

// drafts make lessons by role.
var drafts = map[string]func(*pupil) (draft, error){
	"solve":              (*pupil).solve,
	"verify":             (*pupil).verify,
	"locate":             (*pupil).locate,
	"revise":             (*pupil).revise,
	"compare":            (*pupil).compare,
	"grade":              (*pupil).grade,
	"aggregate":          (*pupil).aggregate,
	"plan":               (*pupil).plan,
	"propose":            (*pupil).propose,
	"attempt_or_abstain": (*pupil).abstain,
	"recover":            (*pupil).recover,
}

func (p *pupil) data() prompt.Data {
	return prompt.Data{Task: p.task.Prompt, Level: p.level, World: p.name}
}

// played tells that the world is played turn by turn. What is judged there is a
// transcript, and only roles that judge make sense beside playing: nobody else
// knows what the environment will say.
func (p *pupil) played() bool { return p.rules.Play != nil }

// transcript shows moves with what the environment said to them.
func (p *pupil) transcript(moves []string) (string, error) {
	next, err := p.rules.Play(p.task.Reference)
	if err != nil {
		return "", err
	}
	return world.Transcript(next, moves), nil
}

// right is a right completion, any of those that there are.
func (p *pupil) right() (string, error) {
	if p.played() {
		if p.judge == nil {
			return "", errUnfit
		}
		moves, err := p.expert()
		if err != nil {
			return "", err
		}
		return p.transcript(moves)
	}
	if p.rules.Variant != nil && p.r.IntN(2) == 0 {
		return p.rules.Variant(p.task.Reference, p.r)
	}
	if s := p.task.Ref().Solution; s != "" {
		return s, nil
	}
	return "", errUnfit
}

// wrong is a completion that the oracle rejects, with its verdict: most have one
// mistake that all the rest is carried on from, others a slip of the pen, as
// samples have.
func (p *pupil) wrong() (string, world.Verdict, error) {
	if p.rules.Flaw == nil || p.judge == nil {
		return "", world.Verdict{}, errUnfit
	}
	if p.r.IntN(3) == 0 {
		s, v, err := p.slip()
		if err == nil && v.Right {
			err = errUnfit
		}
		return s, v, err
	}
	s, err := p.rules.Flaw(p.task.Reference, p.r)
	if err != nil {
		return "", world.Verdict{}, errUnfit
	}
	v := p.judge(s)
	if v.Right {
		return "", v, errUnfit
	}
	if p.played() {
		if p.rules.Steps == nil {
			return "", v, errUnfit
		}
		s, err = p.transcript(world.ReadMoves(world.Compact, s))
	}
	return s, v, err
}

// slip is a right completion but for one character, which is left out, written
// twice, or another one of those in the task or the completion. It may still be
// right.
func (p *pupil) slip() (string, world.Verdict, error) {
	if p.played() {
		return p.stray()
	}
	s, err := p.right()
	if err != nil || s == "" {
		return "", world.Verdict{}, cmp.Or(err, errUnfit)
	}
	i := p.r.IntN(len(s))
	before, after := s[:i], s[i+1:]
	switch p.r.IntN(4) {
	case 0:
		s = before + after
	case 1:
		s = s[:i+1] + s[i:]
	default:
		from := p.task.Text() + s
		s = before + string(from[p.r.IntN(len(from))]) + after
	}
	if s == "" {
		return "", world.Verdict{}, errUnfit
	}
	return s, p.judge(s), nil
}

// stray is a play of the expert in which some moves are others of the same play,
// whatever has been said since: up to all of them, as a beginner moves.
func (p *pupil) stray() (string, world.Verdict, error) {
	if p.judge == nil || p.rules.Steps == nil {
		return "", world.Verdict{}, errUnfit
	}
	moves, err := p.expert()
	if err != nil || len(moves) == 0 {
		return "", world.Verdict{}, cmp.Or(err, errUnfit)
	}
	moves = slices.Clone(moves)
	for range 1 + p.r.IntN(len(moves)) {
		moves[p.r.IntN(len(moves))] = moves[p.r.IntN(len(moves))]
	}
	v := p.judge(world.WriteMoves(world.Compact, moves))
	s, err := p.transcript(moves)
	return s, v, err
}

// attempt is right or wrong with even chances; of the wrong ones a third are
// slips. Slips that happen to be right stand for a few of the right ones.
func (p *pupil) attempt() (string, world.Verdict, error) {
	if p.r.IntN(2) == 0 {
		return p.wrong()
	}
	if p.played() && p.r.IntN(3) == 0 {
		if s, v, err := p.slip(); err == nil && v.Right {
			return s, v, nil
		}
	}
	s, err := p.right()
	return s, world.Verdict{Right: true, Valid: true}, err
}

func (p *pupil) solve() (draft, error) {
	if p.played() {
		return p.play()
	}
	s, err := p.right()
	return draft{data: p.data(), reply: s}, err
}

// play is an expert's whole play: each of its moves is learnt.
func (p *pupil) play() (draft, error) {
	moves, err := p.expert()
	if err != nil {
		return draft{}, err
	}
	next, err := p.rules.Play(p.task.Reference)
	if err != nil {
		return draft{}, err
	}
	d := draft{data: p.data()}
	t := next(nil)
	for i, move := range moves {
		if t.Done {
			break
		}
		if i > 0 {
			d.turns = append(d.turns, core.Node{Role: core.RoleAssistant, Content: d.reply})
		}
		if t.Text != "" {
			d.turns = append(d.turns, core.Node{Role: core.RoleUser, Content: t.Text})
		}
		d.reply = move
		t = next(moves[:i+1])
	}
	if d.reply == "" {
		return d, errUnfit
	}
	return d, nil
}

// expert is the moves of the worked solution, where there is one: they show
// their work as wrong ones do. Else those of the expert.
func (p *pupil) expert() ([]string, error) {
	if s := p.task.Ref().Solution; s != "" && p.rules.Steps != nil {
		return world.ReadMoves(world.Compact, s), nil
	}
	if p.rules.Demonstrate == nil {
		return nil, errUnfit
	}
	return p.rules.Demonstrate(p.task.Reference, p.r)
}

func (p *pupil) verify() (draft, error) {
	s, v, err := p.attempt()
	d := draft{data: p.data(), reply: prompt.SayYesNo(prompt.Compact, v.Right)}
	d.data.Attempt = s
	return d, err
}

func (p *pupil) locate() (draft, error) {
	s, v, err := p.attempt()
	if err == nil && !v.Right && v.FirstWrong == 0 {
		err = errUnfit
	}
	d := draft{data: p.data(), reply: prompt.SayStep(prompt.Compact, v.FirstWrong)}
	d.data.Attempt = s
	return d, err
}

// revise keeps the steps before the first wrong one. Only attempts that go on as
// the demonstration up to there can be continued by it.
func (p *pupil) revise() (draft, error) {
	s, v, err := p.wrong()
	if err != nil {
		return draft{}, err
	}
	if p.played() || p.rules.Steps == nil || v.FirstWrong < 1 {
		return draft{}, errUnfit
	}
	had, should := p.rules.Steps(s), p.rules.Steps(p.task.Ref().Solution)
	kept := v.FirstWrong - 1
	if kept > len(had) || kept >= len(should) || !slices.Equal(had[:kept], should[:kept]) {
		return draft{}, errUnfit
	}
	d := draft{data: p.data(), before: strings.Join(had[:kept], ""), reply: strings.Join(should[kept:], "")}
	d.data.Attempt, d.data.Step = s, v.FirstWrong
	return d, nil
}

func (p *pupil) compare() (draft, error) {
	good, err := p.right()
	if err != nil {
		return draft{}, err
	}
	bad, _, err := p.wrong()
	if err != nil {
		return draft{}, err
	}
	first := p.r.IntN(2)
	d := draft{data: p.data(), reply: prompt.SayChoice(prompt.Compact, first)}
	d.data.Attempts = []string{bad, bad}
	d.data.Attempts[first] = good
	return d, nil
}

// grade is the share of the steps before the first wrong one, in fifths.
func (p *pupil) grade() (draft, error) {
	s, v, err := p.attempt()
	if err != nil {
		return draft{}, err
	}
	grade := prompt.TopGrade
	if !v.Right {
		if p.rules.Steps == nil || v.FirstWrong == 0 {
			return draft{}, errUnfit
		}
		steps := max(p.steps(s), v.FirstWrong)
		grade = min(prompt.TopGrade-1, prompt.TopGrade*(v.FirstWrong-1)/steps)
	}
	d := draft{data: p.data(), reply: prompt.SayGrade(prompt.Compact, grade)}
	d.data.Attempt = s
	return d, nil
}

// steps is how many there are in an attempt.
func (p *pupil) steps(s string) int {
	if p.played() {
		return strings.Count(s, ";")
	}
	return len(p.rules.Steps(s))
}

// aggregate gives three final answers, one or two of them right, and wants a
// whole solution.
func (p *pupil) aggregate() (draft, error) {
	if p.played() || p.judge == nil {
		return draft{}, errUnfit
	}
	var answers []string
	right := 1 + p.r.IntN(2)
	for i := range 3 {
		if i < right {
			s, err := p.right()
			if err != nil {
				return draft{}, err
			}
			answers = append(answers, p.judge(s).Answer)
			continue
		}
		_, v, err := p.wrong()
		if err != nil {
			return draft{}, err
		}
		answers = append(answers, v.Answer)
	}
	if slices.Contains(answers, "") {
		return draft{}, errUnfit
	}
	p.r.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	d := draft{data: p.data(), reply: p.task.Ref().Solution}
	d.data.Attempts = answers
	return d, nil
}

func (p *pupil) plan() (draft, error) {
	if p.played() || p.rules.Plan == nil {
		return draft{}, errUnfit
	}
	s, err := p.rules.Plan(p.task.Reference)
	if err == nil && s == "" {
		err = errUnfit
	}
	return draft{data: p.data(), reply: s}, err
}

func (p *pupil) propose() (draft, error) {
	if p.rules.Read == nil {
		return draft{}, errUnfit
	}
	return draft{data: prompt.Data{Level: p.level, World: p.name}, reply: p.task.Text()}, nil
}

// abstain wants a solution up to the level that the model is meant for, and
// none beyond.
func (p *pupil) abstain() (draft, error) {
	if p.played() {
		return draft{}, errUnfit
	}
	if !p.easy {
		return draft{data: p.data(), reply: prompt.Abstention}, nil
	}
	s, err := p.right()
	return draft{data: p.data(), reply: s}, err
}

// recover wants a number of the task that is hidden, given the right answer: backward
// reasoning, as FOBAR asks for it (Jiang et al., 2023).
func (p *pupil) recover() (draft, error) {
	if p.rules.Recover == nil {
		return draft{}, errUnfit
	}
	masked, text, err := p.rules.Recover(p.task.Reference, p.r)
	d := draft{data: p.data(), reply: text}
	d.data.Task, d.data.Answer = prompt.Turns(masked), p.task.Ref().Answer
	return d, err
}

// reference is that of a lesson: the task's own, and what the role was asked.
type reference struct {
	core.Reference
	Role   string          `json:"role"`
	Of     string          `json:"of"`               // the world
	Inner  json.RawMessage `json:"inner"`            // the reference of its task
	Before string          `json:"before,omitempty"` // of a revision: the steps that are kept
	Steps  int             `json:"steps,omitempty"`  // of an attempt to locate an error in
}

package pawl

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/world"
)

// longestAnswer bounds the tokens of an answer, and mostTurns the turns of a play.
const (
	longestAnswer = 200
	mostTurns     = 64
)

// attempts draws n attempts at every task, for a part of the measurement.
func (v *visit) attempts(ctx context.Context, part string, n int, temperature float64) ([][]outcome, error) {
	all := make([][]outcome, len(v.tasks))
	for from := 0; from < len(v.tasks); from += batchTasks {
		to := min(from+batchTasks, len(v.tasks))
		var err error
		if v.rules.Play != nil {
			err = v.plays(ctx, from, to, n, temperature, all)
		} else {
			err = v.answers(ctx, from, to, n, temperature, all)
		}
		if err != nil {
			return nil, err
		}
		v.told(part, to)
	}
	return all, nil
}

func (v *visit) request(path []core.Node, i, n int, temperature float64) core.Request {
	return core.Request{
		Path: path, N: n,
		Seed:    core.NewHasher("environment").String(v.name).Uint(v.o.Seed).Uint(uint64(i)).Uint(uint64(len(path))).Seed(),
		Options: core.Options{Temperature: &temperature, MaxTokens: longestAnswer},
	}
}

func (v *visit) answers(ctx context.Context, from, to, n int, temperature float64, all [][]outcome) error {
	var rs []core.Request
	for i := from; i < to; i++ {
		rs = append(rs, v.request(v.tasks[i].Prompt, i, n, temperature))
	}
	nodes, long, err := act(ctx, v.model, rs)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		for range n {
			if long[i-from] {
				all[i] = append(all[i], outcome{})
			}
		}
		judge, err := world.Oracle(v.tasks[i])
		if err != nil {
			return err
		}
		for _, node := range nodes[i-from] {
			verdict := judge(node.Content)
			all[i] = append(all[i], outcome{
				text: node.Content, answer: verdict.Answer, value: b2f(verdict.Right), right: verdict.Right, tokens: len(node.TokenIDs), node: node,
			})
		}
	}
	return nil
}

// act answers requests. What a model's context cannot hold it cannot answer,
// which ends nothing else: those are marked as too long.
func act(ctx context.Context, m core.BatchActor, rs []core.Request) (nodes [][]core.Node, long []bool, err error) {
	return core.Fitting(rs, func(rs []core.Request) ([][]core.Node, error) { return m.ActBatch(ctx, rs) })
}

// play is one play under way.
type play struct {
	task, at int
	next     world.Player
	path     []core.Node
	moves    []string
	turn     world.Turn
	tokens   int
}

// plays plays every task n times, all plays side by side.
func (v *visit) plays(ctx context.Context, from, to, n int, temperature float64, all [][]outcome) error {
	random, oracle := v.rules.Scale(v.level, v.tasks[from].Reference)
	var plays []*play
	for i := from; i < to; i++ {
		next, err := v.rules.Play(v.tasks[i].Reference)
		if err != nil {
			return err
		}
		for at := range n {
			p := &play{task: i, at: at, next: next, path: append([]core.Node(nil), v.tasks[i].Prompt...)}
			p.turn = next(nil)
			p.tell()
			plays = append(plays, p)
		}
	}
	for range mostTurns {
		var rs []core.Request
		var on []*play
		for _, p := range plays {
			if !p.turn.Done {
				r := v.request(p.path, p.task, 1, temperature)
				r.First = p.at
				rs, on = append(rs, r), append(on, p)
			}
		}
		if len(on) == 0 {
			break
		}
		nodes, long, err := act(ctx, v.model, rs)
		if err != nil {
			return err
		}
		for i, p := range on {
			if long[i] { // the play cannot go on, and so is not finished
				p.turn.Done = true
				continue
			}
			node := nodes[i][0]
			p.tokens += len(node.TokenIDs)
			p.path = append(p.path, node)
			p.moves = append(p.moves, node.Content)
			p.turn = p.next(p.moves)
			p.tell()
		}
	}
	for _, p := range plays {
		turn, ended := world.Replay(p.next, p.moves) // one that is not finished loses
		if !ended {
			return fmt.Errorf("playing task %s: the play does not end", v.tasks[p.task].ID)
		}
		o := outcome{text: oneLine(world.Transcript(p.next, p.moves)), value: (turn.Return - random) / (oracle - random), tokens: p.tokens}
		o.answer = o.text
		if v.rules.Judge != nil {
			judge, err := v.rules.Judge(v.tasks[p.task].Reference)
			if err != nil {
				return err
			}
			o.right = judge(world.WriteMoves(world.Compact, p.moves)).Right
		}
		all[p.task] = append(all[p.task], o)
	}
	return nil
}

// tell puts what the environment says on the path.
func (p *play) tell() {
	if p.turn.Text != "" && !p.turn.Done {
		p.path = append(p.path, core.Node{Role: core.RoleUser, Content: p.turn.Text})
	}
}

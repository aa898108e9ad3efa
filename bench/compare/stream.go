package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	"pawl/stats/rank"
)

// streamed are the episodes of a stream: a tenth of them first, to see whether
// memory grows with their number.
const streamed = 1_000_000

// streamRan is what a process that judged a stream found.
type streamRan struct {
	peak
	Rate float64 // episodes/s
}

// streamSpeed judges streams in fresh processes, a short and a long one.
func streamSpeed(ctx context.Context, o *options, rep *reporter, what string) error {
	name := map[string]string{
		"votes": "episodes of eight attempts, majority_vote",
		"pairs": "episodes of two attempts, compare with a judge that answers at once, tallied",
	}[what]
	if !o.wants(name) {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ran [2]streamRan
	for i, n := range []int{streamed / 10, streamed} {
		out, err := exec.CommandContext(ctx, self, "stream", what, strconv.Itoa(n)).Output()
		if err != nil {
			return fmt.Errorf("%s: in another process: %w", name, err)
		}
		if err := json.Unmarshal(out, &ran[i]); err != nil {
			return err
		}
	}
	rep.add(fmt.Sprintf("%s, of a stream of %d", name, streamed), "episodes/s", ran[1].Rate, 0)
	for i, n := range []int{streamed / 10, streamed} {
		rep.add(fmt.Sprintf("memory for %d, above the idle process", n), "MB", ran[i].All-ran[i].Idle, 0)
	}
	return nil
}

// streamHere is that process.
func streamHere(args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	idle, err := status("VmRSS")
	if err != nil {
		return err
	}
	ctx, start := context.Background(), time.Now()
	switch args[0] {
	case "votes":
		err = voteStream(ctx, n)
	case "pairs":
		err = pairStream(ctx, n)
	default:
		err = fmt.Errorf("judging a stream: there are votes and pairs, not %q", args[0])
	}
	if err != nil {
		return err
	}
	rate := float64(n) / time.Since(start).Seconds()
	all, err := status("VmHWM")
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(streamRan{peak{idle, all}, rate})
}

// drawn is one episode of a stream: attempts that give one of four answers, the
// first more often.
func drawn(r *rand.Rand, i, attempts int) *core.Episode {
	ep := core.NewEpisode(core.Task{ID: strconv.Itoa(i), Prompt: []core.Node{{Role: core.RoleUser, Content: "What is it?"}}}, uint64(i))
	for range attempts {
		ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: "So it is.\n#### " + strconv.Itoa(r.IntN(4)*r.IntN(2))})
	}
	return ep
}

// streamVerifier builds a verifier whose seats are played by one actor.
func streamVerifier(ctx context.Context, name string, a core.Actor) (core.Verifier, error) {
	h := coretest.NewHost(a)
	spec, problems := registry.Default.Decode(core.KindVerifier, registry.Scalar(name), "verifier")
	if len(problems) > 0 {
		return nil, registry.Problems(problems)
	}
	return registry.Make[core.Verifier](ctx, registry.Default, h, spec)
}

func voteStream(ctx context.Context, n int) error {
	v, err := streamVerifier(ctx, "majority_vote", nil)
	if err != nil {
		return err
	}
	r, kept := rand.New(rand.NewPCG(1, 1)), 0
	for i := range n {
		j, err := v.Verify(ctx, drawn(r, i, 8), nil)
		if err != nil {
			return err
		}
		for _, s := range j.Scores {
			if !s.Abstain && s.Value >= 0.5 {
				kept++
			}
		}
	}
	if kept == 0 {
		return fmt.Errorf("no answer has half of the votes in %d episodes", n)
	}
	return nil
}

// judgeOfTwo prefers the attempt whose answer is the smaller number; the shown
// attempts are the last two answers of the question.
type judgeOfTwo struct{}

func (judgeOfTwo) Act(_ context.Context, r core.Request) ([]core.Node, error) {
	parts := strings.Split(r.Path[len(r.Path)-1].Content, "So it is.\n#### ")
	verdict := "#### B"
	if len(parts) > 2 && parts[1][:1] < parts[2][:1] {
		verdict = "#### A"
	}
	return []core.Node{{Role: core.RoleAssistant, Content: verdict, Finish: "stop"}}, nil
}

// pairStream compares the two attempts of every episode, which two of eight
// policies are taken to have made, in both orders, and counts who won.
func pairStream(ctx context.Context, n int) error {
	v, err := streamVerifier(ctx, "compare", judgeOfTwo{})
	if err != nil {
		return err
	}
	batch, ok := v.(core.BatchVerifier)
	if !ok {
		return fmt.Errorf("compare takes no batches")
	}
	r := rand.New(rand.NewPCG(1, 1))
	var failed error
	table, err := rank.Tally(8, func(yield func(rank.Outcome) bool) {
		const together = 64
		for from := 0; from < n; from += together {
			var eps []*core.Episode
			for i := from; i < min(n, from+together); i++ {
				eps = append(eps, drawn(r, i, 2))
			}
			js, err := batch.VerifyBatch(ctx, eps)
			if err != nil {
				failed = err
				return
			}
			for i, j := range js {
				first := core.Ref(2) // the attempts follow the task
				for _, s := range j.Scores {
					if len(s.Nodes) == 1 && s.Nodes[0] == first && !s.Abstain {
						made := from + i
						if !yield(rank.Outcome{First: made % 8, Second: (made + 1 + made/8%7) % 8, Value: s.Value}) {
							return
						}
					}
				}
			}
		}
	})
	if failed == nil {
		failed = err
	}
	if failed != nil {
		return failed
	}
	_, err = table.BradleyTerry(rank.BradleyTerry{})
	return err
}

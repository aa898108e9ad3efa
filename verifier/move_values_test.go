package verifier

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/world"
	"pawl/world/tictactoe"
)

// board plays the world of the task, as the environment world does.
type board struct{}

func (board) Environment() {}

func (board) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	play, err := world.Start(r.Hidden)
	if err != nil {
		return nil, err
	}
	t := play(world.MovesOf(r.Path[1:]))
	return []core.Node{{Role: core.RoleUser, Content: t.Text, Data: core.Outcome{Done: t.Done, Return: t.Return, Reason: t.Reason}.Raw()}}, ctx.Err()
}

const cells = 9

// every is a player of whom play k takes the cells that the digits of k name, in
// base 9: over 81 plays of two more moves each order of cells is taken as often, so
// that their mean is the expectation under cells drawn alike, taken ones included.
func every() *coretest.Batch {
	return &coretest.Batch{Scripted: &coretest.Scripted{Reply: func(r core.Request, k int) (string, error) {
		for range len(world.MovesOf(r.Path[1:])) - 1 {
			k /= cells
		}
		return strconv.Itoa(k%cells + 1), nil
	}}}
}

// expected is the mean return of cells drawn alike after these moves, by brute
// force over all of them.
func expected(play world.Player, moves []string) (sum float64) {
	turn := play(moves)
	if turn.Done {
		return turn.Return
	}
	for c := range cells {
		sum += expected(play, append(moves[:len(moves):len(moves)], strconv.Itoa(c+1))) / cells
	}
	return sum
}

const ticLevel = 2 // at most three moves are left to the solver

func tic(t *testing.T, opponent string, n int) []core.Task {
	t.Helper()
	w, err := tictactoe.New(tictactoe.Config{Level: ticLevel, Opponent: opponent, N: n})
	if err != nil {
		t.Fatal(err)
	}
	var tasks []core.Task
	for i := range n {
		tasks = append(tasks, w.Task(i))
	}
	return tasks
}

func movesBy(t *testing.T, actor core.Actor, c MoveValuesConfig) core.Verifier {
	t.Helper()
	h := coretest.NewHost(actor)
	h.Actors["board"] = board{}
	c.Env, c.Level = "board", ticLevel
	v, err := newMoveValues(t.Context(), h, c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every move has the value that brute force gives it, an expert's, one that takes
// any cell, and one that is illegal.
func TestMoveValuesAreExpectedReturns(t *testing.T) {
	rules, _ := world.RulesOf(tictactoe.Name)
	actor := every()
	v := movesBy(t, actor, MoveValuesConfig{Plays: cells * cells, Turns: 20})
	worse, moved := 0, 0
	for _, opponent := range []string{"perfect", "random"} {
		for _, task := range tic(t, opponent, 3) {
			play, err := world.Start(task.Reference)
			if err != nil {
				t.Fatal(err)
			}
			best, err := rules.Demonstrate(task.Reference, rand.New(rand.NewPCG(1, 1)))
			if err != nil {
				t.Fatal(err)
			}
			any := []string{}
			for c := 1; !play(any).Done; c++ {
				if next := append(any[:len(any):len(any)], strconv.Itoa(c)); !play(next).Done || play(next).Return > -1 {
					any = next
				} else if c == cells {
					any = next
				}
			}
			lines := [][]string{best, any, {"10"}}
			ep := playing(task, core.Outcome{Done: true}, lines...)
			j, err := v.Verify(t.Context(), ep, nil)
			if err != nil {
				t.Fatal(err)
			}
			scores := byAttempt(j)
			random, oracle := rules.Scale(ticLevel, task.Reference)
			for i, leaf := range ep.Leaves() {
				mean := 0.0
				for k := range lines[i] {
					want := (expected(play, lines[i][:k+1]) - random) / (oracle - random)
					mean += want / float64(len(lines[i]))
					if k+1 == len(lines[i]) {
						continue // the leaf has the attempt's
					}
					at := leaf
					for range 2 * (len(lines[i]) - 1 - k) { // a reply stands between moves
						at = ep.Node(at).Parent
					}
					moved++
					if got := scores[at].Value; math.Abs(got-want) > 1e-9 {
						t.Errorf("%s, move %d of %v is worth %v, not %v", task.Text(), k+1, lines[i], got, want)
					}
				}
				if got := scores[leaf].Value; math.Abs(got-mean) > 1e-9 || scores[leaf].Abstain {
					t.Errorf("%s, %v is worth %v, not %v", task.Text(), lines[i], got, mean)
				}
			}
			if a, b := expected(play, best[:1]), expected(play, []string{"10"}); a > b {
				worse++
			}
		}
	}
	if moved < 6 || worse < 4 {
		t.Errorf("%d moves before the last, and %d illegal ones that are worse than an expert's: too few to tell anything", moved, worse)
	}
}

// Moves that plays share are played on from once, and who comes first pays.
func TestMoveValuesShareStates(t *testing.T) {
	task := tic(t, "perfect", 1)[0]
	rules, _ := world.RulesOf(tictactoe.Name)
	best, err := rules.Demonstrate(task.Reference, rand.New(rand.NewPCG(1, 1)))
	if err != nil || len(best) < 2 {
		t.Fatal(best, err)
	}
	once, twice := every(), every()
	one, err := movesBy(t, once, MoveValuesConfig{Plays: 4}).Verify(t.Context(), playing(task, core.Outcome{Done: true}, best), nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := movesBy(t, twice, MoveValuesConfig{Plays: 4}).Verify(t.Context(), playing(task, core.Outcome{Done: true}, best, best), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(once.Requests()); n == 0 || len(twice.Requests()) != n || one.Usage.Calls != two.Usage.Calls {
		t.Errorf("%d requests and %+v, then %d and %+v", n, one.Usage, len(twice.Requests()), two.Usage)
	}
}

// A play that is cut off returns what an illegal move would, and what is no play is
// abstained on.
func TestMoveValuesOfWhatIsNotOver(t *testing.T) {
	task := tic(t, "perfect", 1)[0]
	ep := playing(task, core.Outcome{}, []string{"10"})
	ep.Append(core.Node{Parent: ep.Root(), Actor: "judge", Role: core.RoleAssistant, Content: "5"})
	free := strings.IndexByte(task.Text()[strings.LastIndexByte(strings.TrimSpace(task.Text()[:len(task.Text())-2]), ' ')+1:], '.') + 1
	at := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: strconv.Itoa(free)})
	j, err := movesBy(t, every(), MoveValuesConfig{Plays: 1, Turns: 1}).Verify(t.Context(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	scores := byAttempt(j)
	rules, _ := world.RulesOf(tictactoe.Name)
	random, oracle := rules.Scale(ticLevel, task.Reference)
	illegal := (-1 - random) / (oracle - random)
	play, _ := world.Start(task.Reference)
	if turn := play([]string{strconv.Itoa(free)}); turn.Done {
		t.Fatalf("%s: %d ends the play", task.Text(), free)
	}
	if s := scores[at]; math.Abs(s.Value-illegal) > 1e-9 || s.Abstain {
		t.Errorf("cut off: %+v, want %v", s, illegal)
	}
	if s := scores[ep.Root()+2]; !s.Abstain || !strings.Contains(s.Rationale, "no play of solver") {
		t.Errorf("another's: %+v", s)
	}
	h := coretest.NewHost(every())
	if _, err := newMoveValues(t.Context(), h, MoveValuesConfig{Env: "solver"}); err == nil || !strings.Contains(err.Error(), "no environment") {
		t.Errorf("a model as environment: %v", err)
	}
}

func TestMoveValuesConforms(t *testing.T) {
	task := tic(t, "perfect", 1)[0]
	rules, _ := world.RulesOf(tictactoe.Name)
	best, err := rules.Demonstrate(task.Reference, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	coretest.Verifier(t, func(h *coretest.Host) (core.Verifier, error) {
		h.Actors["solver"], h.Actors["board"] = every(), board{}
		return newMoveValues(t.Context(), h, MoveValuesConfig{Env: "board", Level: ticLevel, Plays: 2})
	}, playing(task, core.Outcome{Done: true}, best, best[:1]))
}

package study

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/report"
)

// SelfImproving is what experiments/selfimproving finds: how long the problems
// are that a model solves, round by round, when it learns from its own answers
// to longer and longer ones.
type SelfImproving struct {
	Kind    string        `json:"kind"` // KindSelfImproving
	Where   Where         `json:"where"`
	Studies []LengthStudy `json:"studies"`
}

// KindSelfImproving marks the file.
const KindSelfImproving = "selfimproving"

const selfImproving = "self-improving-transformer"

// solved is the accuracy from which on a length counts as solved.
const solved = 0.98

// LengthStudy is one task over several seeds.
type LengthStudy struct {
	Task   string            `json:"task"`
	Set    map[string]string `json:"set,omitempty"` // overrides of the recipe
	Trials []LengthTrial     `json:"trials"`
}

// LengthTrial is one run.
type LengthTrial struct {
	Seed    uint64      `json:"seed"`
	Run     string      `json:"run"`
	Seconds float64     `json:"seconds"` // of the rounds of all arms
	Arms    []LengthArm `json:"arms"`    // base, final, then the controls in the recipe's order
}

// LengthArm is one arm.
type LengthArm struct {
	Name   string        `json:"name"`
	Rounds []LengthRound `json:"rounds,omitempty"` // of final: the candidates of the real arm
	Audit  []Length      `json:"audit"`            // of the last policy
}

// LengthRound is one candidate on the gate tasks.
type LengthRound struct {
	Round   int      `json:"round"`
	Kept    int      `json:"kept"`
	Sampled int      `json:"sampled"`
	Labels  *float64 `json:"label_accuracy"` // of what was kept; never used for training
	Verdict string   `json:"verdict"`
	Gate    []Length `json:"gate"`
}

// Length is the accuracy on problems of one length.
type Length struct {
	Length int     `json:"length"`
	Right  float64 `json:"right"`
	N      int     `json:"n"`
}

// SelfImprovingTasks are the tasks that the recipe is run on, and what is
// changed of it: by itself it adds numbers.
var SelfImprovingTasks = map[string]map[string]string{
	"addition": {},
	"copy": { // learnt sooner than sums, and followed for four rounds
		"rounds":                    "4",
		"policies.a.pretrain.steps": "4000",
		"policies.b.pretrain.steps": "4000",
		"policies.c.pretrain.steps": "4000",
		"tasks.labelled":            "{curriculum: {vary: length, from: 3, to: 8, of: [{copy: {split: labelled, n: 2000, symbols: 20}}]}}",
		"tasks.rehearsed":           "{curriculum: {vary: length, from: 3, to: 8, of: [{copy: {split: labelled, n: 350, symbols: 20}}]}}",
		"tasks.train":               "{curriculum: {vary: length, from: 9, to: 16, of: [{copy: {split: train, n: 5000, symbols: 20}}]}, take: 1000}",
		"tasks.gate":                "{curriculum: {vary: length, from: 8, to: 16, of: [{copy: {split: gate, n: 100, symbols: 20}}]}}",
		"tasks.audit":               "{curriculum: {vary: length, from: 8, to: 16, of: [{copy: {split: audit, n: 200, symbols: 20}}]}}",
	},
}

// RunSelfImproving does the experiment; say is told of progress.
func RunSelfImproving(ctx context.Context, p *pawl.Pawl, tasks []string, seeds []uint64, set map[string]string, say func(string)) (*SelfImproving, error) {
	out := &SelfImproving{Kind: KindSelfImproving, Where: Here()}
	for _, name := range tasks {
		own, ok := SelfImprovingTasks[name]
		if !ok {
			return nil, fmt.Errorf("running %s: no task named %q; there are %s", selfImproving, name, strings.Join(slices.Sorted(maps.Keys(SelfImprovingTasks)), ", "))
		}
		s := LengthStudy{Task: name, Set: maps.Clone(own)}
		maps.Copy(s.Set, set)
		for _, seed := range seeds {
			t, err := lengthTrial(ctx, p, Setup{Recipe: selfImproving, Set: s.Set, Observe: Lines(name, say)}, seed)
			if err != nil {
				return nil, err
			}
			s.Trials = append(s.Trials, *t)
		}
		out.Studies = append(out.Studies, s)
	}
	return out, nil
}

// lengthTrial runs the recipe with one seed. It improves several policies at
// once, so that what Trial does, which follows a single one, does not apply.
func lengthTrial(ctx context.Context, p *pawl.Pawl, s Setup, seed uint64) (*LengthTrial, error) {
	plan, err := s.Plan(p)
	if err != nil {
		return nil, err
	}
	result, err := p.Run(ctx, pawl.RunOptions{Recipe: s.Recipe, Seed: seed, Set: s.Set, Observe: s.Observe})
	if err != nil {
		return nil, fmt.Errorf("running %s with seed %d: %w", s.Recipe, seed, err)
	}
	r := result.Report
	t := &LengthTrial{Seed: seed, Run: result.Run.ID}
	names := []string{"base", "final"}
	for _, c := range plan.Controls {
		names = append(names, c.Name)
	}
	lengths := func(d core.Digest) ([]Length, error) {
		items, err := readItems(ctx, p.Store(), d)
		if err != nil {
			return nil, fmt.Errorf("reading run %s: %w", t.Run, err)
		}
		return byLength(items), nil
	}
	for _, name := range names {
		a := LengthArm{Name: name}
		if a.Audit, err = lengths(r.Audit[name].Items); err != nil {
			return nil, err
		}
		var rows []loop.Round
		switch name {
		case "base":
		case "final":
			rows = r.Rounds
		default:
			rows = r.Controls[name].Rounds
		}
		for _, row := range rows {
			round := LengthRound{Round: row.Round, Kept: row.Kept, Sampled: row.Sampled, Labels: row.Labels, Verdict: row.Gate.Outcome}
			if round.Gate, err = lengths(row.GateItems); err != nil {
				return nil, err
			}
			a.Rounds = append(a.Rounds, round)
			t.Seconds += row.Seconds
		}
		t.Arms = append(t.Arms, a)
	}
	return t, nil
}

// byLength sorts results by the length of the problem, which the worlds tell in
// a task's name: addition/gate/123+456 has numbers of 3 digits, copy/gate/k3fa a
// string of 4 characters.
func byLength(items []item) []Length {
	at := map[int]*Length{}
	for _, it := range items {
		problem := it.ID[strings.LastIndex(it.ID, "/")+1:]
		first, _, _ := strings.Cut(problem, "+")
		n := utf8.RuneCountInString(first)
		if at[n] == nil {
			at[n] = &Length{Length: n}
		}
		at[n].Right += it.Value
		at[n].N++
	}
	var all []Length
	for _, n := range slices.Sorted(maps.Keys(at)) {
		all = append(all, *at[n])
	}
	return all
}

// Accuracy is the share of right answers.
func (l Length) Accuracy() float64 { return l.Right / float64(l.N) }

// longestSolved is the length up to which every one measured is solved; 0 if
// the shortest is not.
func longestSolved(all []Length) int {
	longest := 0
	for _, l := range all {
		if l.Accuracy() < solved {
			break
		}
		longest = l.Length
	}
	return longest
}

// Markdown is the experiment as tables.
func (s *SelfImproving) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.Where)
	for i := range s.Studies {
		st := &s.Studies[i]
		for j := range st.Trials {
			st.Trials[j].markdown(&b, st.Task)
		}
	}
	return b.String()
}

func (t *LengthTrial) markdown(b *strings.Builder, task string) {
	fmt.Fprintf(b, "\n### %s, seed %d\n\nAccuracy on the sealed tasks, by length, and the longest up to which all are right in %.0f%%:\n\n| arm |", strings.ToUpper(task[:1])+task[1:], t.Seed, 100*solved)
	for _, l := range t.Arms[0].Audit {
		fmt.Fprintf(b, " %d |", l.Length)
	}
	fmt.Fprintf(b, " longest |\n|-|%s-|\n", strings.Repeat("-|", len(t.Arms[0].Audit)))
	for _, a := range t.Arms {
		fmt.Fprintf(b, "| %s |", a.Name)
		for _, l := range a.Audit {
			fmt.Fprintf(b, " %.3f |", report.Round3(l.Accuracy()))
		}
		fmt.Fprintf(b, " %s |\n", lengthOr(longestSolved(a.Audit)))
	}
	most := 0
	for _, a := range t.Arms {
		most = max(most, len(a.Rounds))
	}
	b.WriteString("\nRound by round, on the gate tasks: the longest length of each candidate, and its labels right (of how many kept):\n\n| arm |")
	for r := range most {
		fmt.Fprintf(b, " %d |", r+1)
	}
	fmt.Fprintf(b, "\n|-|%s\n", strings.Repeat("-|", most))
	for _, a := range t.Arms {
		if len(a.Rounds) == 0 {
			continue
		}
		fmt.Fprintf(b, "| %s |", a.Name)
		for _, r := range a.Rounds {
			labels := "–"
			if r.Labels != nil {
				labels = fmt.Sprintf("%.1f%%", 100**r.Labels)
			}
			fmt.Fprintf(b, " %s; %s of %d |", lengthOr(longestSolved(r.Gate)), labels, r.Kept)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "\nThe rounds of all arms took %.0f s.\n", t.Seconds)
}

func lengthOr(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

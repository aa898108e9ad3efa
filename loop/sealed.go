package loop

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"pawl/core"
)

// CheckSets refuses task sets by which nothing could be proven: a gate or an
// audit that is empty or endless, that something learns from, or that has a
// prompt of another set. What is only drawn from is read as far as the run does.
func (r *Run) CheckSets(ctx context.Context) error {
	whole := r.readWhole()
	learnt := whole
	if len(r.Plan.Stages) > 0 && !slices.Contains(whole, trainSet) {
		learnt = append([]string{trainSet}, whole...)
	}
	for _, name := range learnt {
		if name == gateSet || name == auditSet {
			return fmt.Errorf("checking task sets: the recipe learns from the set %s, which then proves nothing; learn from another, such as labelled", name)
		}
	}
	seen := map[[sha256.Size]byte]string{} // prompts of the sealed sets, by where they are
	for _, name := range []string{gateSet, auditSet} {
		if _, ok := r.Plan.Set(name); !ok && r.Sets[name] == nil && (name == auditSet || len(r.Plan.Stages) == 0) {
			continue // without an audit there is none, nor a gate where nothing is proposed
		}
		tasks, err := r.allTasks(ctx, name)
		if err != nil {
			return err
		}
		if len(tasks) == 0 {
			return fmt.Errorf("checking task sets: the set %s is empty, so that nothing can be proven; give it tasks", name)
		}
		for _, t := range tasks {
			if err := disjoint(seen, name, t); err != nil {
				return err
			}
			seen[promptKey(t)] = name
		}
	}
	for _, name := range learnt {
		source, err := r.tasks(ctx, name)
		if err != nil {
			return err
		}
		n, drawn := source.Len(), r.drawn(name)
		check := func(t core.Task) error { return disjoint(seen, name, t) }
		if n < 0 {
			tasks, err := collect(ctx, source, 0, min(drawn, mostChecked))
			if err != nil {
				return err
			}
			for _, t := range tasks {
				if err := check(t); err != nil {
					return err
				}
			}
			continue
		}
		if drawn > 0 && !slices.Contains(whole, name) {
			n = min(n, drawn)
		}
		if err := eachTask(ctx, source, n, check, func(bad error) error { return bad }); err != nil {
			return err
		}
	}
	return nil
}

// drawn is how many tasks of a set a run draws, pass by pass; 0 for all.
func (r *Run) drawn(set string) int {
	spec, _ := r.Plan.Set(set)
	passes := (&arm{updates: stageUpdates(r.Plan, "")}).passes()
	for _, c := range r.Plan.Controls {
		passes = max(passes, (&arm{updates: stageUpdates(r.Plan, c.Name)}).passes())
	}
	return spec.Take * r.Plan.Rounds * passes
}

// mostChecked bounds how far an endless set is read ahead of a run.
const mostChecked = 20_000

// disjoint is an error if t of a set has a prompt that seen holds of another.
func disjoint(seen map[[sha256.Size]byte]string, set string, t core.Task) error {
	if other, ok := seen[promptKey(t)]; ok && other != set {
		return fmt.Errorf("checking task sets: task %q of %s has the prompt of one of %s, %.60q; a gate or audit proves nothing on tasks used elsewhere, take them out of one set", t.ID, set, other, t.Text())
	}
	return nil
}

// promptKey is a prompt without regard to case and spacing.
func promptKey(t core.Task) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.Join(strings.Fields(strings.ToLower(t.Text())), " ")))
}

// readWhole names the sets that components read themselves: policies are first
// made from them, or selectors and optimizers shown them, of every arm.
func (r *Run) readWhole() []string {
	var names []string
	add := func(s core.Spec) {
		for _, name := range SetsNamed(s) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, p := range r.Plan.Policies {
		if _, given := r.Initial[p.Name]; !given {
			add(p.Init)
		}
	}
	arms := [][]stage{stageUpdates(r.Plan, "")}
	for _, c := range r.Plan.Controls {
		arms = append(arms, stageUpdates(r.Plan, c.Name))
	}
	for _, stages := range arms {
		for _, s := range stages {
			add(s.sample)
			for _, v := range s.verify {
				add(v)
			}
			for _, u := range s.updates {
				add(u.Select)
				add(u.Optimize)
			}
		}
	}
	return names
}

// repeats gives every task of a set the cluster that its evidence counts in:
// one for all tasks with the same prompt, "" for those with a prompt of their
// own. A prompt that is repeated under many ids is one piece of evidence.
func (r *Run) repeats(ctx context.Context, set string) ([]string, error) {
	tasks, err := r.allTasks(ctx, set)
	if err != nil {
		return nil, err
	}
	first := map[[sha256.Size]byte]int{}
	clusters := make([]string, len(tasks))
	for i, t := range tasks {
		j, ok := first[promptKey(t)]
		if !ok {
			first[promptKey(t)] = i
			continue
		}
		clusters[i], clusters[j] = tasks[j].ID, tasks[j].ID
	}
	return clusters, nil
}

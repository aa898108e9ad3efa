package selector

import "pawl/core"

// reducer cuts examples down to what training needs: the paths to their
// leaves. Tasks lose their reference, nodes lose log-probs and data. Examples
// of one episode that follow each other share one small episode.
type reducer struct {
	from, small *core.Episode
	at          map[core.Ref]core.Ref // where a node of from is in small
}

func (r *reducer) reduce(ex *core.Example) *core.Example {
	if r.from != ex.Episode {
		task := ex.Episode.Task
		task.Reference, task.Origin = nil, nil
		r.from, r.small = ex.Episode, core.NewEpisode(task, ex.Episode.Seed)
		r.at = map[core.Ref]core.Ref{}
		for p := core.Ref(0); p <= r.from.Root(); p++ { // prompt nodes come first, always
			r.at[p] = p
		}
	}
	out := &core.Example{Episode: r.small, Labels: ex.Labels, Signals: ex.Signals}
	for _, leaf := range ex.Leaves {
		for _, ref := range r.from.Path(leaf) {
			if _, ok := r.at[ref]; ok {
				continue
			}
			n := *r.from.Node(ref)
			n.Parent, n.Logprobs, n.Data = r.at[n.Parent], nil, nil
			r.at[ref] = r.small.Append(n)
		}
		out.Leaves = append(out.Leaves, r.at[leaf])
	}
	return out
}

package pawl

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
)

// judge fills in a piece.
func (w *verifying) judge(ctx context.Context, p *piece) {
	defer close(p.done)
	defer func() {
		if r := recover(); r != nil {
			p.err = fmt.Errorf("verifying task %s with %s: panic: %v", p.eps[0].Task.ID, w.v.spec.Label(), r)
		}
	}()
	judgements, err := w.verdicts(ctx, p)
	if err != nil {
		p.err = err
		return
	}
	scores := make([]map[core.Ref][]RowScore, len(p.eps))
	for i, j := range judgements {
		scores[i] = map[core.Ref][]RowScore{}
		for _, s := range j.Scores {
			if len(s.Nodes) != 1 {
				continue // of a pair, or of the episode: not of one completion
			}
			if v := s.Value + s.Confidence; math.IsNaN(v) || math.IsInf(v, 0) {
				p.err = fmt.Errorf("verifying task %s with %s: it gives the value %v with confidence %v", p.eps[i].Task.ID, w.v.spec.Label(), s.Value, s.Confidence)
				return
			}
			scores[i][s.Nodes[0]] = append(scores[i][s.Nodes[0]], RowScore{w.v.spec.Label(), s.Value, s.Confidence, s.Abstain, s.Unjudged, s.Rationale})
		}
	}
	out := make([]ScoreRow, 0, len(p.rows))
	for _, r := range p.rows {
		if r.old != nil {
			out = append(out, *r.old)
			continue
		}
		row := ScoreRow{ID: p.eps[r.ep].Task.ID, Sample: r.sample, Scores: scores[r.ep][r.leaf]}
		if len(row.Scores) == 0 {
			row.Scores = []RowScore{{By: w.v.spec.Label(), Abstain: true, Rationale: "gives no score"}}
		}
		out = append(out, row)
	}
	p.out = out
}

func (w *verifying) verdicts(ctx context.Context, p *piece) ([]core.Judgement, error) {
	if b, ok := w.verifier.(core.BatchVerifier); ok {
		js, err := b.VerifyBatch(ctx, p.eps)
		if err == nil && len(js) != len(p.eps) {
			err = fmt.Errorf("%d judgements of %d episodes", len(js), len(p.eps))
		}
		if err != nil {
			err = fmt.Errorf("verifying with %s: %w", w.v.spec.Label(), err)
		}
		return js, err
	}
	j, err := w.verifier.Verify(ctx, p.eps[0], nil)
	if err != nil {
		err = fmt.Errorf("verifying task %s with %s: %w", p.eps[0].Task.ID, w.v.spec.Label(), err)
	}
	return []core.Judgement{j}, err
}

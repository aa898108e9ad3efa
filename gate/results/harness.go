package results

import (
	"encoding/json"
)

// isHarness recognises a line of lm-evaluation-harness (--log_samples): it
// numbers documents and keeps the model's responses.
func isHarness(row map[string]json.RawMessage) bool {
	if _, own := row["id"]; own {
		return false
	}
	_, doc := row["doc_id"]
	_, responses := row["resps"]
	_, filtered := row["filtered_resps"]
	return doc && (responses || filtered || row["metrics"] != nil)
}

// harness reads one document under one filter. Its scores are the metrics that
// the line lists, named "metric,filter" as the harness does in its tables.
func (p *parser) harness(row map[string]json.RawMessage, where string) (record, error) {
	rec := record{item: Item{Where: where}}
	var err error
	if rec.item.ID, err = label(row["doc_id"]); err != nil {
		return rec, p.errorf(where, "doc_id: %w", err)
	}
	for _, f := range []struct {
		name string
		into *string
	}{{"filter", &rec.filter}, {"doc_hash", &rec.item.Hash}, {"target_hash", &rec.item.Target}} {
		if raw, ok := row[f.name]; ok && json.Unmarshal(raw, f.into) != nil { // null leaves it empty
			return rec, p.errorf(where, "%s: want a string, not %s", f.name, brief(raw))
		}
	}
	var metrics []string
	if raw, ok := row["metrics"]; ok {
		if err := json.Unmarshal(raw, &metrics); err != nil {
			return rec, p.errorf(where, "metrics: want a list of names, not %s", brief(raw))
		}
	} else {
		// Older versions do not list them: take the usual ones that are there.
		for _, m := range []string{"exact_match", "acc", "acc_norm", "f1", "em", "pass@1"} {
			if _, ok := row[m]; ok {
				metrics = append(metrics, m)
			}
		}
	}
	for _, m := range metrics {
		raw, ok := row[m]
		if !ok {
			return rec, p.errorf(where, "%s: it is listed in metrics but missing", clip(m))
		}
		// Some metrics are no numbers: pairs of log-likelihood and length.
		v, none, err := number(raw)
		if rec.filter != "" {
			m += "," + rec.filter
		}
		rec.scores = append(rec.scores, score{m, v, none, err})
	}
	if len(rec.scores) == 0 {
		return rec, p.errorf(where, "metrics: it names none")
	}
	return rec, nil
}

package results

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"pawl/core"
)

// evalSample is what is read of one sample of an inspect_ai log.
type evalSample struct {
	ID     json.RawMessage      `json:"id"`
	Epoch  json.RawMessage      `json:"epoch"`
	Target json.RawMessage      `json:"target"`
	Scores map[string]evalScore `json:"scores"`
}

type evalScore struct {
	Value json.RawMessage `json:"value"`
}

// looksLikeLog recognises an inspect_ai log written as one JSON object.
func looksLikeLog(b []byte) bool {
	var top struct {
		Eval    *json.RawMessage `json:"eval"`
		Samples *json.RawMessage `json:"samples"`
		Version *json.RawMessage `json:"version"`
		Status  *json.RawMessage `json:"status"`
	}
	if json.Unmarshal(plainNumbers(b), &top) != nil {
		return false
	}
	return top.Eval != nil && (top.Samples != nil || top.Version != nil || top.Status != nil)
}

// inspectLog reads a log that is one JSON object.
func (p *parser) inspectLog(b []byte, where string) ([]record, error) {
	p.format = formatInspect
	var log struct {
		Status  string            `json:"status"`
		Samples []json.RawMessage `json:"samples"`
	}
	if err := json.Unmarshal(plainNumbers(b), &log); err != nil {
		return nil, p.errorf(where, "samples: %w", err)
	}
	if len(log.Samples) == 0 {
		return nil, p.errorf("", "samples: the log has none; it may be a header only")
	}
	if len(log.Samples) > p.limits.records {
		return nil, p.errorf("", "more than %d samples", p.limits.records)
	}
	p.status(log.Status)
	records := make([]record, 0, len(log.Samples))
	for i, raw := range log.Samples {
		rec, err := p.evalSample(raw, fmt.Sprintf("samples[%d]", i))
		if err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
	return records, nil
}

// archive reads an .eval file: a zip with samples/<id>_epoch_<n>.json.
func (p *parser) archive(f io.ReaderAt, size int64) ([]record, error) {
	p.format = formatInspect
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, p.errorf("", "opening it as an .eval archive: %w", err)
	}
	if len(z.File) > p.limits.entries {
		return nil, p.errorf("", "the archive has %d entries, more than %d", len(z.File), p.limits.entries)
	}
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20)))
	var records []record
	left := p.limits.total
	header := false
	for _, e := range z.File {
		sample := strings.HasPrefix(e.Name, "samples/") && strings.HasSuffix(e.Name, ".json")
		if !sample && e.Name != "header.json" {
			continue
		}
		b, err := p.unpack(e, min(left, p.limits.entry))
		if err != nil {
			return nil, err
		}
		left -= int64(len(b))
		if !sample {
			header = true
			var h struct {
				Status string `json:"status"`
			}
			if err := json.Unmarshal(plainNumbers(b), &h); err != nil {
				return nil, p.errorf(e.Name, "%w", err)
			}
			p.status(h.Status)
			continue
		}
		rec, err := p.evalSample(b, clip(e.Name))
		if err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
	if len(records) == 0 {
		return nil, p.errorf("", "the archive has no entries samples/*.json; it is no .eval log, or a header only")
	}
	if !header {
		p.status("started")
	}
	// Archives list samples in the order they ended; the order of ids is the
	// same for every run.
	slices.SortStableFunc(records, func(a, b record) int {
		return strings.Compare(a.item.key(), b.item.key())
	})
	return records, nil
}

// unpack reads one entry, whatever size it claims, up to most bytes.
func (p *parser) unpack(e *zip.File, most int64) ([]byte, error) {
	where := clip(e.Name)
	r, err := e.Open()
	if err != nil {
		return nil, p.errorf(where, "%w", err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if int64(len(b)) > most {
		return nil, p.errorf(where, "the archive unpacks to more than is allowed (%d MiB an entry, %d in all)", p.limits.entry>>20, p.limits.total>>20)
	}
	if err != nil {
		return nil, p.errorf(where, "%w", err)
	}
	return b, nil
}

// status notes a log that is not complete.
func (p *parser) status(s string) {
	if s != "" && s != "success" {
		p.notes = append(p.notes, fmt.Sprintf("%s: the log's status is %q: samples may be missing", p.file, clip(s)))
	}
}

func (p *parser) evalSample(raw []byte, where string) (record, error) {
	rec := record{item: Item{Where: where}}
	var s evalSample
	if err := json.Unmarshal(plainNumbers(raw), &s); err != nil {
		return rec, p.errorf(where, "%w", err)
	}
	var err error
	if rec.item.ID, err = label(s.ID); err != nil {
		return rec, p.errorf(where, "id: %w", err)
	}
	if s.Epoch != nil && !isNull(s.Epoch) {
		if rec.item.Sample, err = label(s.Epoch); err != nil {
			return rec, p.errorf(where, "epoch: %w", err)
		}
	}
	if s.Target != nil && !isNull(s.Target) {
		var compact bytes.Buffer
		if err := json.Compact(&compact, s.Target); err != nil {
			return rec, p.errorf(where, "target: %w", err)
		}
		rec.item.Target = string(core.Sum(compact.Bytes()))
	}
	names := make([]string, 0, len(s.Scores))
	for n := range s.Scores {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		rec.addEval(n, s.Scores[n].Value)
	}
	return rec, nil
}

// addEval adds a scorer's value: one score, or, where the value is a map, one
// for each key, named scorer/key.
func (rec *record) addEval(name string, raw json.RawMessage) {
	var parts map[string]json.RawMessage
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) || json.Unmarshal(raw, &parts) != nil {
		v, none, err := evalValue(raw)
		rec.scores = append(rec.scores, score{name, v, none, err})
		return
	}
	keys := make([]string, 0, len(parts))
	for k := range parts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		v, none, err := evalValue(parts[k])
		rec.scores = append(rec.scores, score{name + "/" + k, v, none, err})
	}
}

// evalValue is a value as inspect_ai's own metrics read it: C is 1, P a half,
// I and N (no answer) are 0.
func evalValue(raw json.RawMessage) (v float64, none bool, err error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return 0, true, nil
	}
	if v, none, err = number(raw); err == nil {
		return v, none, nil
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		switch s {
		case "C":
			return 1, false, nil
		case "P":
			return 0.5, false, nil
		case "I", "N":
			return 0, false, nil
		}
		switch strings.ToLower(s) {
		case "yes", "true":
			return 1, false, nil
		case "no", "false":
			return 0, false, nil
		}
		if v, err := strconv.ParseFloat(s, 64); err == nil && v-v == 0 {
			return v, false, nil
		}
	}
	return 0, false, errors.New("want C, P, I, N, a number or a truth value, not " + brief(raw))
}

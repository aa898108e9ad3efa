package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Bounds of what a file may chain, so that no file costs more than its size.
const (
	maxStages  = 64      // steps of a sequence, nested ones included
	maxContent = 1 << 10 // bytes that a step puts in
)

// stage is one step of a normalizer, pre-tokenizer, post-processor or decoder.
type stage struct {
	kind string
	raw  json.RawMessage
}

// read decodes the step's options, refusing those it does not know.
func (s stage) read(options any) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(s.raw, &fields); err != nil {
		return err
	}
	delete(fields, "type")
	if err := strict(rawJSON(fields), options); err != nil {
		return fmt.Errorf("%s: %w", s.kind, err)
	}
	return nil
}

// strict decodes JSON and refuses keys that the value has no place for.
func strict(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return fmt.Errorf("the key %s is not supported", name)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
			return errors.New("unexpected end of JSON input")
		}
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text after the end of the JSON value")
	}
	return nil
}

// sequences names where each part keeps the steps of a sequence.
var sequences = map[string]string{
	"normalizer": "normalizers", "pre_tokenizer": "pretokenizers",
	"post_processor": "processors", "decoder": "decoders",
}

// stages lists the steps of a part of the file; null has none.
func stages(part string, raw json.RawMessage) ([]stage, error) {
	list, err := flatten(nil, part, raw, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", part, err)
	}
	return list, nil
}

func flatten(list []stage, part string, raw json.RawMessage, depth int) ([]stage, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return list, nil
	}
	if depth > 8 {
		return nil, errors.New("sequences are nested too deeply")
	}
	var s struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if s.Type != "Sequence" {
		if len(list) == maxStages {
			return nil, fmt.Errorf("more than %d steps", maxStages)
		}
		return append(list, stage{s.Type, raw}), nil
	}
	inner := map[string][]json.RawMessage{}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	delete(fields, "type")
	if err := json.Unmarshal(rawJSON(fields), &inner); err != nil {
		return nil, fmt.Errorf("a Sequence: %w", err)
	}
	key := sequences[part]
	for _, name := range slices.Sorted(maps.Keys(inner)) {
		if name != key {
			return nil, fmt.Errorf("a Sequence: the key %q is not supported", name)
		}
	}
	for _, r := range inner[key] {
		var err error
		if list, err = flatten(list, part, r, depth+1); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// unsupported says that a kind is not there, or not at this place.
func (s stage) unsupported() error {
	return fmt.Errorf("a %q step at this place is not supported", s.kind)
}

// bounded refuses what a step would put into text if it is too long.
func bounded(what, s string) error {
	if len(s) > maxContent {
		return fmt.Errorf("%s has %d bytes; at most %d are supported", what, len(s), maxContent)
	}
	return nil
}

package outside

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseScore(t *testing.T) {
	for _, c := range []struct {
		raw  string
		must bool
		want Score
		err  string
	}{
		{raw: "0.5", want: Score{Value: 0.5}},
		{raw: " -3 \r", want: Score{Value: -3}},
		{raw: "true", want: Score{Value: 1}},
		{raw: "false"},
		{raw: "null", want: Score{Abstain: true}},
		{raw: `{"value": 1, "confidence": 0.25, "rationale": "why"}`, want: Score{Value: 1, Confidence: 0.25, Rationale: "why"}},
		{raw: `{"value": null, "rationale": "why"}`, want: Score{Abstain: true, Rationale: "why"}},
		{raw: `{"abstain": true}`, want: Score{Abstain: true}},
		{raw: `{"abstain": true, "value": 7}`, want: Score{Abstain: true}},
		{raw: `{"row": 4, "value": 1, "more": []}`, must: true, want: Score{Value: 1}},
		{raw: "", err: "nothing"},
		{raw: `"good"`, err: "not a number"},
		{raw: "NaN", err: "not a number"},
		{raw: "1e999", err: "not a number"},
		{raw: "1 2", err: "not a number"},
		{raw: "[1]", err: "not a number"},
		{raw: "{}", err: "no value"},
		{raw: `{"value": "1"}`, err: "not a number"},
		{raw: `{"value": 1`, err: "no score"},
		{raw: `{"value": 1} {}`, err: "no score"},
		{raw: `{"row": 3, "value": 1}`, err: "of row 3, where row 4 is due"},
		{raw: `{"row": 4.5, "value": 1}`, err: "no score"},
		{raw: "1", must: true, err: "repeat the row's number"},
		{raw: `{"value": 1, "confidence": 1.5}`, err: "confidence is 1.5"},
	} {
		got, err := ParseScore([]byte(c.raw), 4, c.must)
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %+v, %v; want %+v, %q", c.raw, got, err, c.want, c.err)
		}
	}
}

func TestParseLines(t *testing.T) {
	for text, want := range map[string]string{
		"1\n\n0\n": "", "1\r\n0": "", "1": "answers 1 of 2", "": "answers 0 of 2", "1\n0\n1\n": "more than 2 lines; line 3 is \"1\"", "1\n\nx\n": "line 3 of its answer",
	} {
		scores, err := ParseLines([]byte(text), 0, 2)
		if want == "" && (err != nil || len(scores) != 2 || scores[0].Value != 1) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %+v, %v; want %q", text, scores, err, want)
		}
	}
	if _, err := ParseList([]json.RawMessage{[]byte("1")}, 2); err == nil || !strings.Contains(err.Error(), "1 scores for 2 rows") {
		t.Error(err)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc..."}, {"aéb", 2, "a..."}, {"a\xff", 10, "a\uFFFD"}} {
		if got := Cut(c.text, c.most); got != c.want {
			t.Errorf("%q at %d: %q", c.text, c.most, got)
		}
	}
}

func FuzzParseLines(f *testing.F) {
	for _, s := range []string{"1\n2", "null\n{\"value\":1}", "{\"row\":0,\"value\":-0}\ntrue", "\xff", "{\"rationale\":\"\\ud800\",\"value\":1}\n1", "1e308\n1e-999"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		scores, err := ParseLines(text, 0, 2)
		if err != nil {
			if len(err.Error()) > 2000 || !utf8.ValidString(err.Error()) {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if len(scores) != 2 {
			t.Fatalf("%d scores", len(scores))
		}
		for _, s := range scores {
			if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || !(s.Confidence >= 0 && s.Confidence <= 1) || s.Abstain && s.Value != 0 || len(s.Rationale) > longestRationale+3 {
				t.Fatalf("%+v", s)
			}
		}
	})
}

package verifier

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func TestProgramCheck(t *testing.T) {
	const root = "```python\ndef verify(answer):\n    return float(answer) ** 2 == 81\n```"
	for what, c := range map[string]struct {
		replies []string
		want    []float64 // of 9, -9, 8, words, silence
	}{
		"one program":     {[]string{root}, []float64{1, 1, 0, -1, 0}},
		"two disagree":    {[]string{root, "def verify(answer):\n    return answer == '9'"}, []float64{1, 0.5, 0, 0, 0}},
		"no program":      {[]string{"It is hard to say."}, []float64{-1, -1, -1, -1, 0}},
		"no verdict":      {[]string{"def verify(answer):\n    return 1"}, []float64{-1, -1, -1, -1, 0}},
		"an always equal": {[]string{"class E:\n    def __eq__(s, o): return True\ndef verify(answer):\n    return E()"}, []float64{-1, -1, -1, -1, 0}},
		"a hasty program": {[]string{"import os\nos._exit(0)"}, []float64{-1, -1, -1, -1, 0}},
		"some of them do": {[]string{"no", root}, []float64{1, 1, 0, -1, 0}},
	} {
		asked := 0
		checker := &coretest.Scripted{Reply: func(r core.Request, i int) (string, error) {
			asked++
			if text := r.Path[0].Content; !strings.Contains(text, "What squared is 81?") || strings.Contains(text, "#### 8") {
				return "", errors.New("the checker is asked " + text)
			}
			return c.replies[i], nil
		}}
		h := honestHost(nil)
		h.Actors = map[string]core.Actor{"checker": checker}
		v, err := newProgramCheck(t.Context(), h, ProgramCheckConfig{By: "checker", Programs: len(c.replies)})
		if err != nil {
			t.Fatal(err)
		}
		ep := coretest.Episode(coretest.Task("t", "What squared is 81?", ""), "#### 9", "#### -9", "#### 8", "perhaps", "")
		j, err := v.Verify(t.Context(), ep, nil)
		if err != nil || !slices.Equal(values(j), c.want) {
			t.Errorf("%s: %v, %v; want %v", what, values(j), err, c.want)
			continue
		}
		if asked != len(c.replies) || j.Usage.Calls != 1 {
			t.Errorf("%s: %d replies, usage %+v", what, asked, j.Usage)
		}
		if single := len(c.replies) == 1; single != (len(j.Nodes) == 1) || single != (j.Scores[0].Via == core.Ref(len(ep.Nodes)+1)) {
			t.Errorf("%s: %d nodes, via %d", what, len(j.Nodes), j.Scores[0].Via)
		}
	}
}

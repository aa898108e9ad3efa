package verifier

import (
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pgregory.net/rapid"
)

func quiz(prompt string, ref map[string]any) core.Task {
	t := coretest.Task("t", prompt, "")
	if ref != nil {
		t.Reference = coretest.Reference(ref)
	}
	return t
}

const capitals = "Which is the capital of France?\nA. Rome\nB. Paris\nC. Paris, Texas\nD. New York"

func TestMultipleChoice(t *testing.T) {
	choices := []string{"Rome", "Paris", "Paris, Texas", "New York"}
	for name, task := range map[string]core.Task{
		"letter, options in the prompt":     quiz(capitals, map[string]any{"answer": "B"}),
		"text, options in the prompt":       quiz(capitals, map[string]any{"answer": "paris"}),
		"label and text":                    quiz(capitals, map[string]any{"answer": "(B) Paris"}),
		"choices":                           quiz("Capital?", map[string]any{"answer": "B", "choices": choices}),
		"choices, text":                     quiz("Capital?", map[string]any{"answer": "Paris", "choices": choices}),
		"choices, index":                    quiz("Capital?", map[string]any{"answer": "1", "choice": "B", "choices": choices}),
		"choices, index as text":            quiz("Capital?", map[string]any{"answer": "1", "choices": choices}),
		"solution":                          quiz(capitals, map[string]any{"solution": "It is on the Seine.\n#### B"}),
		"parentheses on lines of their own": quiz("Capital?\n(A) Rome\n(B) Paris\n(C) Paris, Texas\n(D) New York\nAnswer with a letter.", map[string]any{"answer": "B"}),
		"parentheses on one line":           quiz("Capital? (A) Rome (B) Paris (C) Paris, Texas (D) New York", map[string]any{"answer": "Paris"}),
		"small letters":                     quiz("Capital?\na) Rome\nb) Paris\nc) Paris, Texas\nd) New York", map[string]any{"answer": "b"}),
		"a worked example in front":         quiz("Capital of Italy?\nA. Rome\nB. Oslo\nAnswer: A\n\n"+capitals+"\nAnswer:", map[string]any{"answer": "B"}),
		"an option that names another":      quiz("Capital? (A) Rome (B) Paris (C) Paris, Texas (D) New York\nFor all of these, see (F) and (B) below.", map[string]any{"answer": "B"}),
		"an initial that is no label":       quiz("Says Mr.\nE. Smith: capital?\nA) Rome\nB) Paris\nC) Paris, Texas\nD) New York", map[string]any{"answer": "B"}),
	} {
		for text, want := range map[string]float64{
			"B": 1, "The answer is (B).": 1, "Paris": 1, "The answer is Paris.": 1, "Answer: B. Paris": 1, `\boxed{Paris}`: 1, "It is Paris": 1, "so\nb": 1, "B) Paris": 1,
			"A": 0, "Rome": 0, "Answer: Paris, Texas": 0, "It is New York.": 0, "I do not know": 0, "": 0, "Answer: E": 0, "The answer is A. No: C": 0,
			"A or B": -1, "Rome or Paris": -1, "It is not Paris": -1, "Answer: B. Rome": -1, "(A) and (B) look alike": -1,
		} {
			j, err := multipleChoice{}.Verify(t.Context(), coretest.Episode(task, text), nil)
			if err != nil || !slices.Equal(values(j), []float64{want}) {
				t.Errorf("%s: %q: %v, %v; want %v (%s)", name, text, values(j), err, want, j.Scores[0].Rationale)
			}
			if j.Scores[0].Rationale == "" && want != 1 {
				t.Errorf("%s: %q: no reason", name, text)
			}
		}
	}
}

func TestMultipleChoiceAbstains(t *testing.T) {
	for name, task := range map[string]core.Task{
		"no options":                    quiz("Capital?", map[string]any{"answer": "B"}),
		"one option":                    quiz("Capital?\nA. Paris", map[string]any{"answer": "A"}),
		"no reference":                  quiz(capitals, nil),
		"a letter too far":              quiz(capitals, map[string]any{"answer": "E"}),
		"an index too far":              quiz(capitals, map[string]any{"answer": "4"}),
		"no option's text":              quiz(capitals, map[string]any{"answer": "Oslo"}),
		"another option's letter":       quiz("q", map[string]any{"answer": "B", "choices": []string{"B", "A"}}),
		"options alike":                 quiz("q", map[string]any{"answer": "x", "choices": []string{"x", "X"}}),
		"a reference that is no object": {ID: "t", Prompt: []core.Node{{Role: core.RoleUser, Content: capitals}}, Reference: []byte(`7`)},
		"choices that are no list":      quiz("q", map[string]any{"answer": "B", "choices": "x"}),
	} {
		j, err := multipleChoice{}.Verify(t.Context(), coretest.Episode(task, "B"), nil)
		if err != nil || !j.Scores[0].Abstain || j.Scores[0].Rationale == "" {
			t.Errorf("%s: %+v, %v", name, j, err)
		}
	}
	j, err := multipleChoice{MultipleChoiceConfig{Unclear: "wrong"}}.Verify(t.Context(), coretest.Episode(quiz(capitals, map[string]any{"answer": "B"}), "A or B"), nil)
	if err != nil || !slices.Equal(values(j), []float64{0}) || j.Scores[0].Rationale == "" {
		t.Errorf("unclear is wrong: %+v, %v", j, err)
	}
}

// An option is right by its letter and by its text, and no other is.
func TestMultipleChoiceByLetterAndText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfNDistinct(rapid.StringMatching(`[b-hj-z]{2,8}( [0-9]{1,3})?`), 2, 10, Canonical).Draw(t, "options")
		right := rapid.IntRange(0, len(texts)-1).Draw(t, "right")
		tried := rapid.IntRange(0, len(texts)-1).Draw(t, "tried")
		var b strings.Builder
		for i, s := range texts {
			b.WriteString("\n" + letters[i:i+1] + ") " + s)
		}
		task := quiz("Which?"+b.String(), map[string]any{"answer": texts[right]})
		for _, text := range []string{letters[tried : tried+1], "Answer: " + letters[tried:tried+1] + ") " + texts[tried], "The answer is " + texts[tried] + "."} {
			j, err := multipleChoice{}.Verify(t.Context(), coretest.Episode(task, text), nil)
			if err != nil || len(j.Scores) != 1 || j.Scores[0].Abstain || j.Scores[0].Value != truth(tried == right) {
				t.Fatalf("%q of %q, right is %d: %+v, %v", text, texts, right, j, err)
			}
		}
	})
}

func FuzzMultipleChoice(f *testing.F) {
	f.Add(capitals, "B", "the answer is Paris")
	f.Add("(A) x (B) y", "x", "(A")
	f.Add("A. \nB. ", "", "A.")
	f.Fuzz(func(t *testing.T, prompt, answer, text string) {
		j, err := multipleChoice{}.Verify(t.Context(), coretest.Episode(quiz(prompt, map[string]any{"answer": answer}), text), nil)
		if err != nil || len(j.Scores) != 1 {
			t.Fatalf("%+v, %v", j, err)
		}
	})
}

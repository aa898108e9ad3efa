package prompt

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pawl/core"
)

// What a template says is read back as it was given, for every template.
func TestRecognise(t *testing.T) {
	word := rapid.StringMatching(`[A-Za-z0-9#+=., ]{1,20}(\n[a-z0-9 ]{1,9})?`)
	words := rapid.SliceOfN(word, 2, 4)
	for _, name := range Names() {
		tmpl, err := Get(name)
		if err != nil {
			t.Fatal(err)
		}
		shows := map[string]bool{}
		for _, f := range tmpl.forms[Chat].shows {
			shows[f] = true
		}
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			full := Data{
				Task: Turns(word.Draw(t, "task")), Attempt: word.Draw(t, "attempt"), Attempts: words.Draw(t, "attempts"), Steps: words.Draw(t, "steps"),
				Step: rapid.IntRange(1, 9).Draw(t, "step"), Level: rapid.IntRange(1, 5).Draw(t, "level"), World: "chain", Plan: word.Draw(t, "plan"),
				Error: "a slip", Rubric: "5: all is well.", Examples: words.Draw(t, "examples"), Answer: word.Draw(t, "answer"), Confidence: "70%",
				Reference: word.Draw(t, "reference"), Criterion: word.Draw(t, "criterion"), Remarks: words.Draw(t, "remarks"),
			}
			for _, optional := range []struct {
				field string
				clear func()
			}{
				{"Steps", func() { full.Steps = nil }}, {"Remarks", func() { full.Remarks = nil }}, {"Rubric", func() { full.Rubric = "" }}, {"Error", func() { full.Error = "" }},
			} {
				if rapid.Bool().Draw(t, "without "+optional.field) && full.can(tmpl, optional.field) {
					optional.clear()
				}
			}
			before := core.Node{Role: core.RoleSystem, Content: "Be brief."}
			if shows["Turn"] {
				full.Task = append([]core.Node{before}, full.Task...)
			}
			path, err := tmpl.Render(Chat, full)
			if err != nil {
				t.Fatal(err)
			}
			got, d, ok := Recognise(path)
			if !ok || got != name {
				t.Fatalf("taken for %q: %q", got, path[len(path)-1].Content)
			}
			want := full.fenced()
			check := func(field string, shown any, is any) {
				if none := reflect.ValueOf(shown).Len() == 0 && reflect.ValueOf(is).Len() == 0; shows[field] && !none && !reflect.DeepEqual(shown, is) {
					t.Errorf("%s is %q, want %q", field, is, shown)
				}
			}
			if shows["Turn"] || shows["Task"] {
				if Transcript(d.Task) != Transcript(full.Task) {
					t.Errorf("the task is %q, want %q", Transcript(d.Task), Transcript(full.Task))
				}
			}
			if len(want.Steps) == 0 || !shows["Steps"] {
				check("Attempt", want.Attempt, d.Attempt)
			}
			if name == Compare || name == CompareByPrinciple || name == CompareJudgements {
				want.Attempts, want.Remarks = want.Attempts[:2], want.Remarks[:min(2, len(want.Remarks))]
			}
			check("Attempts", want.Attempts, d.Attempts)
			check("Steps", want.Steps, d.Steps)
			if shows["Step"] && d.Step != want.Step {
				t.Errorf("step %d, want %d", d.Step, want.Step)
			}
			check("World", want.World, d.World)
			check("Error", want.Error, d.Error)
			check("Answer", want.Answer, d.Answer)
			check("Confidence", want.Confidence, d.Confidence)
			check("Reference", want.Reference, d.Reference)
			check("Criterion", want.Criterion, d.Criterion)
			check("Remarks", want.Remarks, d.Remarks)
			check("Examples", want.Examples, d.Examples)
		}))
	}
}

// can tells whether a template holds without a field.
func (d Data) can(t Template, field string) bool {
	for _, f := range t.forms[Chat].needs {
		if f == field {
			return false
		}
	}
	return true
}

func TestRecogniseNothing(t *testing.T) {
	for _, text := range []string{"", "What is 2 + 2?", "Check whether a proposed solution to a problem ends in the correct answer.", strings.Repeat("<problem>\n", 3000)} {
		if name, _, ok := Recognise(Turns(text)); ok {
			t.Errorf("%.40q is taken for %s", text, name)
		}
	}
	if _, _, ok := Recognise(nil); ok {
		t.Error("no path is a prompt")
	}
	if _, _, ok := Recognise([]core.Node{{Role: core.RoleAssistant, Content: "x\n\nWork step by step. Then write the final answer alone on the last line, after four hash marks:\n#### answer"}}); ok {
		t.Error("what the model says is taken for what it is asked")
	}
}

// A quotation of a template inside of a field is part of the field.
func TestRecogniseQuoted(t *testing.T) {
	verify, _ := Get(Verify)
	inner, err := verify.Render(Chat, Data{Task: Turns("1 + 1"), Attempt: "#### 2"})
	if err != nil {
		t.Fatal(err)
	}
	grade, _ := Get(Grade)
	path, err := grade.Render(Chat, Data{Task: Turns("1 + 1"), Attempt: inner[0].Content})
	if err != nil {
		t.Fatal(err)
	}
	name, d, ok := Recognise(path)
	if !ok || name != Grade || Transcript(d.Task) != "1 + 1" || d.Attempt != fence(inner[0].Content) {
		t.Errorf("%s, %+v", name, d)
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add("<solution>\nx\n</solution>")
	f.Fuzz(func(t *testing.T, text string) {
		name, d, ok := Recognise(Turns(text))
		if !ok {
			return
		}
		if _, err := Get(name); err != nil {
			t.Error(err)
		}
		_ = d
	})
}

func BenchmarkRecognise(b *testing.B) {
	verify, _ := Get(Verify)
	path, err := verify.Render(Chat, Data{Task: Turns("1 + 1"), Attempt: strings.Repeat("so it is. ", 200)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, ok := Recognise(path); !ok {
			b.Fatal("unknown")
		}
	}
}

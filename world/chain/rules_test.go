package chain

import (
	"slices"
	"strings"
	"testing"
)

func TestStepsAreThreeWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                     nil,
		"5 9 14 3 14 17":       {"5 9 14", " 3 14 17"},
		"5 9 14 3":             {"5 9 14", " 3"},
		" 5  9\n14 3 14 17 1 ": {" 5  9\n14", " 3 14 17", " 1 "},
		"5 9 14 ":              {"5 9 14", " "},
	} {
		if got := steps(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPromptsThatPoseNothing(t *testing.T) {
	task, err := readPrompt("3 17 5 9 :") // 34 modulo 20
	if err != nil || task.Ref().Answer != "14" {
		t.Errorf("3 17 5 9: %s, %v", task.Reference, err)
	}
	for _, prompt := range []string{"3 17 5 9", "3 :", "3 20 :", "3 07 :", "3  7 :", "3 17 : = 0 :", "3 -1 :", strings.Repeat("1 ", 65) + ":"} {
		if task, err := readPrompt(prompt); err == nil {
			t.Errorf("%q poses %s", prompt, task.Reference)
		}
	}
}

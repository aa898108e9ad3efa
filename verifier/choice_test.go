package verifier

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestChosen(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// Forms of one letter.
		{"B", "B"}, {"(B)", "B"}, {"B.", "B"}, {"**B**", "B"}, {"b", "B"}, {"(b)", "B"}, {"B)", "B"}, {"[C]", "C"}, {" B \n", "B"}, {"**(B)**", "B"}, {"`D`", "D"}, {"$B$", "B"},
		{"Answer: B", "B"}, {"Answer: **B**", "B"}, {"**Answer:** B", "B"}, {"**Answer: (B)**", "B"}, {"answer: b", "B"}, {"Answer:\n\nC", "C"}, {"ANSWER: C.", "C"}, {"Answer B", "B"},
		{`\boxed{B}`, "B"}, {`$\boxed{\text{B}}$`, "B"}, {`\boxed{\textbf{(B)}\ 12}`, "B"}, {`\boxed{\text{B. Paris}}`, "B"}, {"#### B", "B"}, {"####B", "B"},
		{"The answer is B.", "B"}, {"The correct answer is (B).", "B"}, {"The correct option is **C**", "C"}, {"The answer is option D", "D"}, {"The answer to question 3 is B", "B"}, {"The best choice would be C, since", "C"},
		{"I choose B", "B"}, {"I would pick (C).", "C"}, {"Going with D.", "D"}, {"B is correct.", "B"}, {"So (B) is the right answer.", "B"}, {"Option B is the best answer", "B"},
		{"The answer is A because it is", "A"}, {"The answer is A, because", "A"}, {"Answer: A", "A"}, {"Answer: A.", "A"}, {"answer is (a)", "A"}, {"A: B", "B"}, {"Answer: A - Paris", "A"}, {"Answer: B Paris", "B"},
		{"B. Paris", "B"}, {"B) Paris\nThe capital of France.", "B"}, {"(C) Rome", "C"}, {"**D.** Rome", "D"}, {"C: Rome", "C"}, {"A. Paris", "A"},
		{"It has to be Rome.\n\nC", "C"}, {"Rome it is.\n**C**", "C"}, {"I believe option C fits", "C"}, {"It can only be (C) here; (C) fits", "C"},

		// As models say it.
		{"The correct answer is: **B) Paris**", "B"}, {"**Answer: B. Paris**", "B"}, {"Answer: $B$", "B"}, {"the answer is therefore C", "C"}, {"Hence, option (C) is correct.", "C"},
		{"Option C: Rome is the answer", "C"}, {"C is the correct choice", "C"}, {"Final Answer: The final answer is C", "C"}, {`Final Answer: The final answer is $\boxed{C}$. I hope it is correct.`, "C"},
		{"Therefore, among A through D, the answer is (D).", "D"}, {"Answer: D (Paris)", "D"}, {`The answer is "B".`, "B"}, {"So the answer is B (Paris), not A.", "B"}, {"Ans: B", "B"}, {"Answer choice (C)", "C"},
		{"The answer must be A", "A"}, {"It's B.", "B"}, {"I'd say B", "B"}, {"Therefore, B.", "B"}, {"Thus, (B).", "B"}, {"### Answer\nB", "B"}, {"The right answer is letter D.", "D"}, {"my pick is C", "C"},
		{"Let's see. A) is wrong. B) is wrong. C) is right. So C.", "C"}, {"A) no\nB) no\nC) yes\n\nThe answer is C) yes.", "C"}, {"Option A is false. Option B is true. The answer is B.", "B"},
		{"I think the answer is A, but it could be B.", "A"}, {"The answer is (A) and not (B).", "A"}, {"The only answer that fits is C.", "C"}, {"The answer is B since A is false", "B"}, {"A. I think it's B.", "B"},
		{"<answer>B</answer>", "B"}, {"The answer is <b>B</b>", "B"}, {"Answer: {B}", "B"}, {`The answer is \(B\)`, "B"}, {`\boxed{(B)~Paris}`, "B"}, {`\fbox{B}`, "B"}, {"答案是B", "B"}, {"La respuesta correcta es B", "B"},
		{"The answer is B\n\nExplanation: A is wrong because of that. C is wrong.", "B"}, {"B\n\nExplanation: option A is wrong", "B"}, {"B, because Paris", "B"}, {"B because Paris is the capital", "B"}, {"B - Paris", "B"},
		{"The answer is either A or B.", ""}, {"The answer could be A.", ""}, {"Both A and B are correct.", ""}, {"Is it A? No. B? Yes.", ""}, {"The correct answer is not A but B.", ""}, {"A, B and C are letters", ""}, {"so a train", ""}, {"Therefore, A is a letter", ""},

		// The last announcement wins.
		{"The answer is A. No, wait. The answer is C.", "C"}, {`\boxed{A} ... no, \boxed{B}`, "B"}, {"Answer: A\nHm.\nAnswer: D", "D"}, {"#### A\nthe answer is B", "B"},
		{"(A) is wrong and (C) is wrong. The answer is (B); see (A).", "B"}, {"A is incorrect. B is correct. C is wrong.", "B"}, {"B is not correct, so D is correct", "D"},
		{"The answer is B. Wait, the answer is not B.", ""}, {"The answer is B. Of course the answer is not A.", "B"},
		{"B. Paris\nNot (A), for that is Rome", "B"},

		// Words are no letters, and doubt is none.
		{"A train leaves at nine.", ""}, {"Answer: A train leaves", ""}, {"The answer is a good idea", ""}, {"Answer: I think so", ""}, {"I'm sure", ""}, {"The answer is I'm not sure", ""}, {"A's", ""},
		{"The answer is about 5", ""}, {"The answer is Africa", ""}, {"answer: x", ""}, {"Answer: A Tale of Two Cities", ""}, {"I choose a different road", ""}, {"Either A or B", ""},
		{"The answer is A or B", ""}, {"Answer: (A) and (C)", ""}, {"Answer: A, B", ""}, {"Answer: A/B", ""}, {"The answer is not B", ""}, {"(A) or (B)?", ""}, {"A. Paris\nB. Rome", ""}, {"A: 90,000", ""},
		{`\boxed{C_2}`, ""}, {`\boxed{A + 1}`, ""}, {"Answer: A=5", ""}, {"", ""}, {"42", ""}, {"The answer is K", ""}, {"Answer: É", ""}, {"(", ""}, {"Answer: (", ""}, {"Answer: (B", ""},
	} {
		if got := chosen(c.text, letters); got != c.want {
			t.Errorf("%q chooses %q, want %q", c.text, got, c.want)
		}
	}
	if got := chosen("Answer: E", "ABCD"); got != "" {
		t.Errorf("E of four options is %q", got)
	}
}

// Whatever stands before, an announcement at the end decides.
func TestLastAnnouncementWins(t *testing.T) {
	forms := []string{"Answer: %", "The answer is (%).", `\boxed{%}`, "#### %", "I choose option %.", "The correct answer is **%**"}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"(A)", "Answer: C", "the answer is B.", "A", "I", "train", `\boxed{D}`, "or", "not", "is correct", "\n", "option"})).Draw(t, "before")
		label := rapid.SampledFrom(strings.Split("ABCD", "")).Draw(t, "label")
		form := rapid.SampledFrom(forms).Draw(t, "form")
		text := strings.Join(words, " ") + ".\nSo: " + strings.ReplaceAll(form, "%", label)
		if got := chosen(text, "ABCD"); got != label {
			t.Fatalf("%q chooses %q, want %q", text, got, label)
		}
	})
}

func FuzzChosen(f *testing.F) {
	for _, s := range []string{"Answer: B", `\boxed{\text{(B)}}`, "A or B", "the answer is not", "A:", "(", "**", "\\boxed{", "B’", "Answer: A\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := chosen(s, "ABCD"); got != "" && (len(got) != 1 || !strings.Contains("ABCD", got)) {
			t.Fatalf("%q chooses %q", s, got)
		}
	})
}

package sim

import (
	"strings"

	"pawl/prompt"
)

// filler is what a simulation says that means nothing: sentences without numbers,
// hash marks or verdicts, so that no reader of answers stumbles over them.
var filler = []string{
	"First I look at what is given.",
	"Then I look at what is asked for.",
	"It helps to take one thing at a time.",
	"Nothing in it may be left out.",
	"I go over the conditions once more.",
	"The rest follows from these.",
	"That settles the part before.",
	"What remains is to put it together.",
}

// talk is how an attempt opens: the voice, then as many words as it happens to
// need.
func (m *mind) talk() string {
	var said []string
	if m.Voice != "" {
		said = append(said, m.Voice)
	}
	want := m.Words[0]
	if more := m.Words[1] - m.Words[0]; more > 0 {
		want += m.r.IntN(more + 1)
	}
	for n, at := 0, m.r.IntN(len(filler)); n < want; at++ {
		s := filler[at%len(filler)]
		said = append(said, s)
		n += len(strings.Fields(s))
	}
	if len(said) == 0 {
		return ""
	}
	return strings.Join(said, " ") + "\n"
}

// because puts a reason before a verdict.
func because(faultless bool, verdict string) string {
	if faultless {
		return "I checked it and find no fault.\n" + verdict
	}
	return "There is a mistake in it.\n" + verdict
}

// unknown is what it says of a task of which it knows nothing. Readers of answers
// take it for an abstention.
func unknown() string {
	return "This is a simulation, which knows no answer to this.\n" + prompt.SayAbstain(prompt.Chat)
}

package verifier

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pawl/core"
)

// options are the texts of a question's options, that of A first.
type options []string

// labels are the letters of the options.
func (o options) labels() string { return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:len(o)] }

func (o options) letter(i int) string { return o.labels()[i : i+1] }

// optionsOf gives the options of a task and the letter of the right one. The
// error says what the task does not tell.
func optionsOf(t core.Task) (opts options, right string, err error) {
	var ref struct {
		core.Reference
		Choices []string
		Choice  string
	}
	if err := decodeReference(t, &ref); err != nil {
		return nil, "", err
	}
	opts = ref.Choices
	if len(opts) == 0 {
		opts = promptOptions(t)
	}
	if len(opts) < 2 || len(opts) > 26 {
		return nil, "", fmt.Errorf("the task names %d options; they are its choices, or lines A., B. of its prompt", len(opts))
	}
	if right = ref.Choice; right == "" {
		right = opts.right(referenceText(ref.Reference))
	}
	if right == "" || !strings.Contains(opts.labels(), right) {
		return nil, "", fmt.Errorf("the task has no reference that is a letter or the text of one of its %d options", len(opts))
	}
	return opts, right, nil
}

// referenceText is what a reference says is right, as it is written.
func referenceText(ref core.Reference) string {
	text := ref.Answer
	if text == "" {
		text = ref.Solution
	}
	for _, read := range []func(string) string{afterHashes, boxed} {
		if a := strings.TrimSpace(read(text)); a != "" {
			return a
		}
	}
	return strings.TrimSpace(text)
}

// right reads a reference: an option's text, or a letter, alone or as the label
// of the text. An option that is itself a letter is that option; the letter of
// another one is then no reference.
func (o options) right(ref string) string {
	if ref == "" {
		return ""
	}
	same, label := o.called(ref), labelAt(ref, o.labels())
	switch {
	case len(same) == 1 && label.ok && len(ref) == 1 && label.label != o.letter(same[0]):
		return "" // the text of one option is the letter of another
	case len(same) == 1:
		return o.letter(same[0])
	case label.ok:
		return label.label
	}
	if n, err := strconv.Atoi(ref); err == nil && n >= 0 && n < len(o) {
		return o.letter(n)
	}
	return ""
}

// called lists the options whose text s is.
func (o options) called(s string) []int {
	var all []int
	want := Canonical(s)
	for i, text := range o {
		if Canonical(text) == want && want != "" {
			all = append(all, i)
		}
	}
	return all
}

// read gives the letter that a completion chooses. unclear says why there is
// none though options are named.
func (o options) read(text string) (letter, unclear string) {
	letter, said := choice(text, o.labels())
	if letter == "" {
		return o.named(text)
	}
	// "B. Paris", where A is Paris, is a slip of one kind or the other.
	said = strings.Trim(said, closers+"-–—")
	if said == "" {
		return letter, ""
	}
	if same := o.called(said); len(same) > 0 && !slices.ContainsFunc(same, func(i int) bool { return o.letter(i) == letter }) {
		return "", fmt.Sprintf("chooses %s, but writes the text of %s", letter, o.letter(same[0]))
	}
	return letter, ""
}

// either is a choice left open.
var either = regexp.MustCompile(`\b[A-Z]\s+or\s+[A-Z]\b`)

var denial = regexp.MustCompile(`(?i)\b(?:not|never|neither|nor|except|incorrect|wrong|false|unlike|cannot)\b|n['’]t\b`)

// named finds the option that a completion names by its text: in \boxed{},
// after "the answer is", in the last line, or as all of it.
func (o options) named(text string) (letter, unclear string) {
	for _, read := range []func(string) string{boxed, announcedText, lastLine, strings.TrimSpace} {
		said := strings.TrimSpace(read(text))
		if said == "" {
			continue
		}
		if same := o.called(said); len(same) == 1 {
			return o.letter(same[0]), ""
		}
		found := o.within(said)
		switch {
		case len(found) > 1:
			return "", fmt.Sprintf("names the options %s and %s", o.letter(found[0]), o.letter(found[1]))
		case len(found) == 1 && denial.MatchString(said):
			return "", fmt.Sprintf("names the option %s, and denies something", o.letter(found[0]))
		case len(found) == 1:
			return o.letter(found[0]), ""
		}
	}
	_, _, any := announced(text, o.labels())
	if any || mention.MatchString(text) || either.MatchString(text) {
		return "", "names letters, but no one as its choice"
	}
	return "", ""
}

var announcements = regexp.MustCompile(`(?i)\banswer\s*(?:is\s*:?|:|=)[ \t*]*([^\n]*)`)

// announcedText is what the last announcement says, to the end of the line.
func announcedText(text string) string {
	all := announcements.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

// within lists the options that stand in s as whole words; one that is part of
// a longer one which stands there does not count, as Paris in Paris, Texas.
func (o options) within(s string) []int {
	order := make([]int, len(o))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(o[b]) - len(o[a]) })
	words := contains{}
	var found []int
	for _, i := range order {
		text := strings.ToLower(strings.TrimSpace(strings.Trim(o[i], ".")))
		if text == "" || !words.has(s, text) {
			continue
		}
		found = append(found, i)
		s = strings.ReplaceAll(strings.ToLower(s), text, "\x00")
	}
	slices.Sort(found)
	return found
}

// promptLabel is a labelled option on a line of its own, or among others.
var promptLabel = regexp.MustCompile(`(?m)(?:^[ \t]*(?:[-*][ \t]+)?\(?([A-Za-z])[).:]|[ \t]\(([A-Za-z])\))[ \t]+`)

// promptOptions reads the options in the last message of the user: the last run
// of labels that begins with A and goes on in order, each to the next label of
// the run or the end of its line.
func promptOptions(t core.Task) options {
	text := ""
	for _, n := range t.Prompt {
		if n.Role == core.RoleUser {
			text = n.Content
		}
	}
	var run, last [][2]int // where each label of a run begins, and its text
	for _, m := range promptLabel.FindAllStringSubmatchIndex(text, -1) {
		label := strings.ToUpper(text[max(m[2], m[4]):max(m[3], m[5])])
		if label == "A" {
			run = nil
		}
		if label != string(rune('A'+len(run))) {
			continue // a label out of order is part of a text
		}
		if run = append(run, [2]int{m[0], m[1]}); len(run) >= 2 {
			last = slices.Clone(run)
		}
	}
	var opts options
	for i, at := range last {
		end := len(text)
		if i+1 < len(last) {
			end = last[i+1][0]
		}
		line, _, _ := strings.Cut(text[at[1]:end], "\n")
		opts = append(opts, strings.TrimSpace(line))
	}
	return opts
}

package edit

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/world"
	"pawl/world/internal/text"
)

// What compact prompts begin and end with.
const (
	keyword = "edit "
	end     = ":"
)

// Limits of what is read from prompts that others write.
const maxText, maxOperations = 1000, 100

var rules = world.Rules{
	Judge: judge,
	Steps: text.Parts,
	Flaw:  flaw,
	Read:  read,
	Plan:  plan,
}

// instance reads a reference and works the operations out anew.
func instance(raw json.RawMessage) (ref reference, ops []operation, truth []string, err error) {
	if err = world.Decode(raw, &ref); err != nil {
		return ref, nil, nil, err
	}
	if ops, err = check(ref.Text, ref.Operations); err != nil {
		return ref, nil, nil, fmt.Errorf("reading its reference: %w", err)
	}
	truth, _ = states(ref.Text, ops)
	return ref, ops, truth, nil
}

// check parses an instance and makes sure that every operation fits.
func check(s string, list []string) ([]operation, error) {
	if !text.Within(s, letters) || len(s) > maxText {
		return nil, fmt.Errorf("%.40q is no string of 1 to %d small letters", s, maxText)
	}
	if len(list) == 0 || len(list) > maxOperations {
		return nil, fmt.Errorf("there are %d operations; 1 to %d are needed", len(list), maxOperations)
	}
	ops, err := parseAll(list)
	if err != nil {
		return nil, err
	}
	_, err = states(s, ops)
	return ops, err
}

func judge(raw json.RawMessage) (world.Judge, error) {
	ref, _, truth, err := instance(raw)
	if err != nil {
		return nil, err
	}
	if ref.Dialect == world.Chat {
		return chatJudge(truth), nil
	}
	return text.Stepwise(truth), nil
}

// numbered is a line "2. xacd" of an English completion.
var numbered = regexp.MustCompile("^\\s*(\\d{1,3})[.):]\\s*[`\"'*]*([a-z]+)[`\"'*]*\\s*$")

// chatJudge reads the answer and the numbered lines; those that are there must
// be right, and none has to be there.
func chatJudge(truth []string) world.Judge {
	answer := truth[len(truth)-1]
	return func(completion string) world.Verdict {
		got := text.Final(completion)
		v := world.Verdict{Answer: got, Right: got == answer}
		for line := range strings.Lines(completion) {
			m := numbered.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			if i, _ := strconv.Atoi(m[1]); i >= 1 && i <= len(truth) && m[2] != truth[i-1] {
				v.FirstWrong, v.Reason = i, fmt.Sprintf("step %d is %.40s", i, truth[i-1])
				return v
			}
		}
		if v.Valid = v.Right; !v.Right {
			v.FirstWrong, v.Reason = len(truth), fmt.Sprintf("the answer is %.40s", answer)
		}
		return v
	}
}

func chatPrompt(s string, ops []operation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Start with the string %s and apply these operations one after the other. Positions count from 1 in the string as it is by then.\n", s)
	for i, o := range ops {
		fmt.Fprintf(&b, "%d. %s\n", i+1, o.english())
	}
	b.WriteString("Write the string after each operation on its own numbered line, such as \"1. string\". End with the final string on its own line, as #### string.")
	return b.String()
}

func chatSolution(truth []string) string {
	var b strings.Builder
	for i, s := range truth {
		fmt.Fprintf(&b, "%d. %s\n", i+1, s)
	}
	return b.String() + "#### " + truth[len(truth)-1]
}

// plan is the kinds of the operations, in order: "d;i;r".
func plan(raw json.RawMessage) (string, error) {
	_, ops, _, err := instance(raw)
	if err != nil {
		return "", err
	}
	list := make([]string, len(ops))
	for i, o := range ops {
		list[i] = string(o.kind)
	}
	return strings.Join(list, ";"), nil
}

func read(prompt string) (core.Task, error) {
	body, err := text.Read(prompt, keyword, end)
	if err != nil {
		return core.Task{}, err
	}
	list := strings.Split(body, " ")
	ops, err := check(list[0], list[1:])
	if err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.40q: %w", prompt, err)
	}
	return task("edit/read/"+strings.Join(list, "-"), list[0], ops, world.Compact), nil
}

package functable

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/world"
)

// judge is the oracle. It says which call is wrong and not what is right,
// since that is what a model has to come to know.
func judge(raw json.RawMessage) (world.Judge, error) {
	ref, e, err := decode(raw)
	if err != nil {
		return nil, err
	}
	solution, answer := e.worked(e.truth)
	if ref.Dialect == world.Chat {
		return func(text string) world.Verdict { return judgeChat(answer, text) }, nil
	}
	want := strings.Split(solution, ";")
	return func(text string) world.Verdict {
		parts := strings.Split(strings.TrimSpace(text), ";")
		got := parts[len(parts)-1]
		v := world.Verdict{Answer: got, Right: got == answer}
		for i, s := range parts {
			last := i == len(parts)-1
			switch {
			case i < len(want) && s == want[i] && last == (i == len(want)-1):
				continue
			case last:
				v.Reason = fmt.Sprintf("%.20q is not the value, or calls are missing before it", s)
			case i >= len(want)-1:
				v.Reason = fmt.Sprintf("there are %d calls only", len(want)-1)
			case strings.HasPrefix(s, want[i][:len(want[i])-1]):
				v.Reason = fmt.Sprintf("the value in %.20q is wrong", s)
			default:
				v.Reason = fmt.Sprintf("%.20q is not the call that comes next", s)
			}
			v.FirstWrong = i + 1
			return v
		}
		v.Valid = true
		return v
	}, nil
}

// judgeChat judges the value on the line marked ####, as a single step.
func judgeChat(answer, text string) world.Verdict {
	var v world.Verdict
	if at := strings.LastIndex(text, "####"); at >= 0 {
		line, _, _ := strings.Cut(text[at+len("####"):], "\n")
		v.Answer = strings.Trim(line, " \t\r.*`")
	}
	v.Right = v.Answer == answer
	if v.Valid = v.Right; !v.Right {
		v.FirstWrong, v.Reason = 1, fmt.Sprintf("the value is not %.20q", v.Answer)
	}
	return v
}

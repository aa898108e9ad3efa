package addition

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"pawl/world"
)

// decode reads a reference and checks its instance.
func decode(raw json.RawMessage) (reference, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return ref, err
	}
	if !isDigits(ref.X) || !isDigits(ref.Y) {
		return ref, fmt.Errorf("reading its reference: %.20q + %.20q is no addition", ref.X, ref.Y)
	}
	return ref, nil
}

// oracle compares digit by digit: a step is a digit, in the order
// written. Numbers with other digits in front or behind are wrong, 046 too.
func oracle(raw json.RawMessage) (world.Judge, error) {
	ref, err := decode(raw)
	if err != nil {
		return nil, err
	}
	truth := ref.written(addDigits(ref.X, ref.Y))
	return func(text string) world.Verdict {
		answer := strings.TrimSpace(text)
		if ref.Dialect == world.Chat {
			answer = chatNumber(answer)
		}
		v := world.Verdict{Answer: answer, Right: answer == truth, Valid: answer == truth}
		if !v.Right {
			n := 0
			for n < min(len(answer), len(truth)) && answer[n] == truth[n] {
				n++
			}
			v.FirstWrong = n + 1
			v.Reason = fmt.Sprintf("the sum is %.40s", truth)
		}
		return v
	}, nil
}

var integer = regexp.MustCompile(`-?\d+`)

// chatNumber is the number after the last ####, or else the last number.
func chatNumber(text string) string {
	text = strings.ReplaceAll(text, ",", "")
	if _, after, marked := world.CutLast(text, "####"); marked {
		return integer.FindString(after)
	}
	all := integer.FindAllString(text, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

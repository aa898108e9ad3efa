package core

import "fmt"

// StepEnds tells in which token each step of a text ends: text is what each token
// completes of it, ends are the lengths of the text, in bytes, up to the end of
// each step, ascending. The last step ends with the last token, the end token
// included. Steps that end in one token are an error: they cannot be told apart.
func StepEnds(text []string, ends []int) ([]int, error) {
	at := make([]int, 0, len(ends))
	done, token := 0, -1
	for k, end := range ends {
		if k == len(ends)-1 {
			token = len(text) - 1
		}
		for done < end && token < len(text)-1 {
			token++
			done += len(text[token])
		}
		if token < 0 || k > 0 && token <= at[k-1] {
			return nil, fmt.Errorf("finding the ends of %d steps in %d tokens: step %d has none of its own", len(ends), len(text), k+1)
		}
		at = append(at, token)
	}
	return at, nil
}

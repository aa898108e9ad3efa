package text

import "math/rand/v2"

// Slip is s written down with one mistake, such as a model makes that loses its
// place: a character dropped, doubled, exchanged with its neighbour, replaced
// by another, or the continuation taken from another place where the same
// character stands. It differs from s and is not empty; s may not be empty.
func Slip(s, alphabet string, r *rand.Rand) string {
	for range 8 {
		i := r.IntN(len(s))
		if slipped := slip(s, alphabet, i, r); slipped != s && slipped != "" {
			return slipped
		}
	}
	return s + s[len(s)-1:] // always differs
}

func slip(s, alphabet string, i int, r *rand.Rand) string {
	switch r.IntN(5) {
	case 0:
		return s[:i] + s[i+1:]
	case 1:
		return s[:i+1] + s[i:]
	case 2:
		if i+1 == len(s) {
			return s
		}
		return s[:i] + s[i+1:i+2] + s[i:i+1] + s[i+2:]
	case 3:
		return s[:i] + string(alphabet[r.IntN(len(alphabet))]) + s[i+1:]
	default:
		return jump(s, i, r)
	}
}

// jump goes on after another occurrence of the i-th character.
func jump(s string, i int, r *rand.Rand) string {
	var others []int
	for j := range s {
		if j != i && s[j] == s[i] {
			others = append(others, j)
		}
	}
	if len(others) == 0 {
		return s
	}
	return s[:i+1] + s[others[r.IntN(len(others))]+1:]
}

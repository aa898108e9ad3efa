package mathexpr

import (
	"math/big"
	"strings"
	"unicode"
)

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// digitsAt is where the digits that begin at i end.
func digitsAt(s string, i int) int {
	j := i
	for j < len(s) && isDigit(rune(s[j])) {
		j++
	}
	return j
}

// number reads digits with separators, a point, a repeating part and an
// exponent: 1,234.5, 1 000, 0.1\overline{6}, 2.5E-3.
func (c *scanner) number() {
	s, j := c.s, digitsAt(c.s, c.i)
	digits := s[c.i:j]
	if digits == "0" && j+1 < len(s) && (s[j] == 'x' || s[j] == 'b') && isDigit(rune(s[j+1])) { // 0x10, of a programmer
		c.i = j + 1
		c.emit(token{kind: tWord, text: s[c.i-2 : c.i]})
		return
	}
	for group := digits; j < len(s) && digits != ""; {
		k := j
		for k < len(s) && s[k] == ' ' {
			k++
		}
		sure := strings.HasPrefix(s[k:], string(thousands))
		switch {
		case sure:
			k += len(string(thousands))
			for k < len(s) && s[k] == ' ' {
				k++
			}
		case s[j] == ',' && c.commas && c.depth == 0 && len(group) <= 3 && digits[0] != '0':
			k = j + 1
		case k == j+1 && len(group) <= 3 && digits[0] != '0': // a space
		default:
			k = len(s)
		}
		end := digitsAt(s, min(k, len(s)))
		if end == k || !sure && end-k != 3 {
			break
		}
		c.grouped = c.grouped || s[j] == ','
		group = s[k:end]
		digits += group
		j = end
	}
	whole := digits
	if j < len(s) && s[j] == '.' && (digitsAt(s, j+1) > j+1 || whole != "" && strings.HasPrefix(s[j+1:], `\overline{`)) {
		k := digitsAt(s, j+1)
		digits += s[j:k]
		j = k
	}
	val := new(big.Rat)
	text, exp := digits, digits
	if j+1 < len(s) && (s[j] == 'e' || s[j] == 'E') {
		k := j + 1
		if s[k] == '-' || s[k] == '+' {
			k++
		}
		if end := digitsAt(s, k); end > k && end-k <= 4 && (end == len(s) || !unicode.IsLetter(rune(s[end])) && s[end] != '^' && s[end] != '*') {
			exp = digits + "e" + s[j+1:end]
			j = end
			text += "."
		}
	}
	if _, ok := val.SetString(strings.TrimSuffix(exp, ".")); !ok {
		val.SetInt64(0)
	}
	if rest, ok := strings.CutPrefix(s[j:], `\overline{`); ok && strings.Contains(digits, ".") {
		if end := digitsAt(rest, 0); end > 0 && end < len(rest) && rest[end] == '}' { // 0.1\overline{6}
			period, _ := new(big.Int).SetString(rest[:end], 10)
			nines := new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(end)), nil), big.NewInt(1))
			shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(digits)-strings.IndexByte(digits, '.')-1)), nil)
			val.Add(val, new(big.Rat).SetFrac(period, nines.Mul(nines, shift)))
			j += len(`\overline{`) + end + 1
			text = "1" // no decimal: it is exact
		}
	}
	c.i = j
	c.emit(token{kind: tNum, text: text, val: val})
}

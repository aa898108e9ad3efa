package instruction

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words counts runs of letters, digits and underscores. Marks belong to the
// letter that carries them; IFEval's pattern breaks a word there, so that it
// counts more words of Hindi or Thai.
func Words(text string) int {
	return len(strings.FieldsFunc(text, func(r rune) bool { return !inWord(r) }))
}

func inWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// capitalWords counts words between spaces and dashes that have letters, all of
// them capitals. What follows an apostrophe is another word: I'm has one, I'LL
// has two. (IFEval asks NLTK for words; on plain prose both agree.)
func capitalWords(text string) int {
	n := 0
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("—–'’", r) }) {
		big := false
		for _, r := range w {
			if unicode.IsLower(r) || unicode.IsTitle(r) {
				big = false
				break
			}
			big = big || unicode.IsUpper(r)
		}
		if big {
			n++
		}
	}
	return n
}

// abbreviations end with a period that ends no sentence.
var abbreviations = map[string]bool{}

func init() {
	for _, a := range strings.Fields("mr mrs ms dr prof st jr sr inc ltd co corp vs etc eg ie e.g i.e fig no vol pp approx dept est gen gov hon rev sgt capt lt col ph.d u.s u.k a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec") {
		abbreviations[a] = true
	}
}

// Sentences counts sentences: parts with a letter or a digit that end with
// . ! ? or their like before a space, or with the text. A period ends none
// after an abbreviation, an initial or the number of a list, nor do dots or a
// closing quote where a small letter follows. (IFEval asks a trained model; on
// plain prose both agree.)
func Sentences(text string) int {
	n, content := 0, false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !strings.ContainsRune(".!?…。！？", r) {
			content = content || unicode.IsLetter(r) || unicode.IsDigit(r)
			i += size
			continue
		}
		from := i
		for i < len(text) { // ?!, ... and the quotes that close
			r, size := utf8.DecodeRuneInString(text[i:])
			if !strings.ContainsRune(".!?…。！？\"'”’)]*_", r) {
				break
			}
			i += size
		}
		if content && ends(text[:from], text[from:i], text[i:]) {
			n, content = n+1, false
		}
	}
	if content {
		n++
	}
	return n
}

// ends tells whether marks end a sentence between what is before and after.
func ends(before, marks, after string) bool {
	rest := strings.TrimLeftFunc(after, unicode.IsSpace)
	if rest == "" {
		return true
	}
	if r, _ := utf8.DecodeRuneInString(marks); strings.ContainsRune("。！？", r) {
		return true
	}
	if len(rest) == len(after) {
		return false
	}
	small := unicode.IsLower(firstRune(rest))
	switch {
	case small && (strings.HasPrefix(marks, "..") || strings.HasPrefix(marks, "…") || strings.ContainsAny(marks, "\"'”’)]")):
		return false // well... then; "Why?" he said
	case !strings.HasPrefix(marks, ".") || strings.HasPrefix(marks, ".."):
		return true
	}
	at := strings.LastIndexFunc(before, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(\"“'", r) }) + 1
	word := strings.TrimLeft(before[at:], "(\"“'")
	switch {
	case abbreviations[strings.ToLower(word)]:
		return false
	case utf8.RuneCountInString(word) == 1 && word != "I" && unicode.IsUpper(firstRune(word)):
		return false
	case word != "" && strings.Trim(word, "0123456789") == "": // 1. in front of a line
		line := strings.TrimRight(before[:at], " \t")
		return line != "" && line[len(line)-1] != '\n'
	}
	return true
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// script of a language: the ranges of its letters, and whether no other
// language that is told apart here is written in them.
type script struct {
	tables []*unicode.RangeTable
	alone  bool
}

var languages = map[string]script{}

func init() {
	for codes, table := range map[string]*unicode.RangeTable{
		"th": unicode.Thai, "ta": unicode.Tamil, "te": unicode.Telugu, "kn": unicode.Kannada, "gu": unicode.Gujarati, "pa": unicode.Gurmukhi,
		"ml": unicode.Malayalam, "ko": unicode.Hangul, "he": unicode.Hebrew, "bn": unicode.Bengali, "el": unicode.Greek, "hy": unicode.Armenian,
		"ka": unicode.Georgian, "km": unicode.Khmer, "lo": unicode.Lao, "my": unicode.Myanmar, "si": unicode.Sinhala, "am": unicode.Ethiopic,
		"hi mr ne": unicode.Devanagari, "ar fa ur": unicode.Arabic, "ru uk bg sr mk be": unicode.Cyrillic,
		"en es pt fr de it pl vi sw fi nl sv da no cs sk hu ro hr sl tr id ms et lv lt ca tl af sq cy so": unicode.Latin,
	} {
		of := strings.Fields(codes)
		for _, code := range of {
			languages[code] = script{[]*unicode.RangeTable{table}, len(of) == 1}
		}
	}
	for _, code := range []string{"zh", "zh-cn", "zh-tw"} {
		languages[code] = script{[]*unicode.RangeTable{unicode.Han}, false}
	}
	languages["ja"] = script{[]*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}, false}
}

// inLanguage tells a language by its script: most letters must be of it. Kana
// tells Japanese from Chinese. A text without letters is of any language.
func inLanguage(code string) Rule {
	s := languages[code]
	return Rule{"language", func(text string) (Verdict, string) {
		all, in, kana := 0, 0, 0
		for _, r := range text {
			if !unicode.IsLetter(r) {
				continue
			}
			all++
			if unicode.In(r, s.tables...) {
				in++
			}
			if unicode.In(r, unicode.Hiragana, unicode.Katakana) {
				kana++
			}
		}
		switch {
		case all == 0:
			return Kept, ""
		case 2*in < all:
			return Broken, fmt.Sprintf("has %d of %d letters in the script of %q", in, all, code)
		case s.alone || code == "ja" && kana > 0 || strings.HasPrefix(code, "zh") && kana == 0:
			return Kept, ""
		case strings.HasPrefix(code, "zh"):
			return Broken, "has kana"
		}
		return Unknown, fmt.Sprintf("may be of %q or of another language of its script", code)
	}}
}

package overlap

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"The  Eiffel Tower.": "eiffel tower", "A.B.C.": "abc", "an apple, a day": "apple day", "theatre": "theatre", "": "", "the": "", "$1,000": "1000", "ÉCOLE": "école", "Theo—the cat": "theo— cat",
	} {
		if got := Normalise(in); got != want {
			t.Errorf("Normalise(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestF1(t *testing.T) {
	for _, c := range []struct {
		text, ref string
		f1, exact float64
	}{
		{"The cat", "cat", 1, 1},
		{"cat sat", "the cat", 2. / 3, 0},             // P 1/2, R 1
		{"a big red dog", "big dog barks", 2. / 3, 0}, // P 2/3, R 2/3
		{"dog dog dog", "dog", 0.5, 0},                // P 1/3, R 1
		{"cat", "dog", 0, 0},
		{"", "dog", 0, 0},
		{"the", "a", 1, 1},
		{"", "", 1, 1},
		{"dog", "", 0, 0},
	} {
		if got := F1(c.text, c.ref); !near(got, c.f1, 1e-12) {
			t.Errorf("F1(%q, %q) = %v, want %v", c.text, c.ref, got, c.f1)
		}
		if got := Exact(c.text, c.ref); got != c.exact {
			t.Errorf("Exact(%q, %q) = %v, want %v", c.text, c.ref, got, c.exact)
		}
	}
}

func TestRougeL(t *testing.T) {
	for _, c := range []struct {
		text, ref string
		want      float64
	}{
		// google-research/google-research, rouge/rouge_scorer_test.py.
		{"testing one", "testing one two", 4. / 5},
		{"testing two", "testing one two", 4. / 5},
		{"", "testing one two", 0},
		{"/", "w1 w2 w3 w4 w5", 0},
		// keras.io/api/keras_nlp/metrics/rouge_l.
		{"the cat was under the bed", "the tiny little cat was found under the big funny bed", 0.7058824},
		{"i love contributing to KerasNLP", "i really love contributing to KerasNLP", 2*0.80748665 - 0.7058824}, // it prints the mean of both
		// By hand. Lin (2004) has "police kill the gunman" at 3/4 and "the gunman kill police" at 2/4.
		{"police kill the gunman", "Police killed the gunman!", 3. / 4},
		{"the gunman kill police", "police killed the gunman", 2. / 4},
		{"a b", "", 0},
		{"", "", 0},            // rouge_score has 0 where either is empty
		{"a a a", "A", 1. / 2}, // 1 of 3 and 1 of 1
	} {
		if got := RougeL(c.text, c.ref); !near(got, c.want, 1e-6) {
			t.Errorf("RougeL(%q, %q) = %v, want %v", c.text, c.ref, got, c.want)
		}
	}
}

// The values are those of mjpost/sacrebleu, test/test_chrf.py, which has beta 3.
func TestChrFAgainstSacreBLEU(t *testing.T) {
	for _, c := range []struct {
		text, ref string
		want      float64
	}{
		{"abcdefg", "hijklmnop", 0}, {"a", "b", 0}, {"", "b", 0}, {"a", "a", 100}, {"aa", "ab", 25}, {"a b c", "abc", 100},
		{" risk assessment must be made of those who are qualified and expertise in the sector - these are the scientists .",
			"risk assessment has to be undertaken by those who are qualified and expert in that area - that is the scientists .", 63.361730},
		{" Die    Beziehung zwischen  Obama und Netanjahu ist nicht gerade  freundlich. ",
			"Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.", 64.1302698},
		{"Niemand hat die Absicht, eine Mauer zu errichten", "Niemand hat die Absicht, eine Mauer zu errichten", 100},
	} {
		if got := 100 * chrF(c.text, c.ref, false, 3); !near(got, c.want, 1e-4) {
			t.Errorf("chrF3(%q, %q) = %v, want %v", c.text, c.ref, got, c.want)
		}
	}
}

// The values are those of the same file's sentences, with the usual beta 2. There
// they are means of the orders' F measures (eps_smoothing), here as by default
// the F measure of the means, which is the same to the third digit for texts so
// long; beta 1 or 3 is off by much more.
func TestChrF2NearSacreBLEU(t *testing.T) {
	for _, c := range []struct {
		text, ref string
		want      float64
	}{
		{"Co nás nejvíc trápí, protože lékaři si vybírají, kdo bude žít a kdo zemře.", "Nejvíce smutní jsme z toho, že musíme rozhodovat o tom, kdo bude žít a kdo zemře.", 39.14078509},
		{"Nebo prostě nemají vybavení, které by jim pomohlo, uvedli lékaři.", "A někdy nemáme ani potřebný materiál, abychom jim pomohli, popsali lékaři.", 31.22557079},
		{"Lapali po dechu, jejich životy skončily dřív, než skutečně začaly.", "Lapali po dechu a pak jejich život skončil - dřív, než skutečně mohl začít, připomněli.", 57.15704367},
	} {
		if got := 100 * ChrF(c.text, c.ref, false); !near(got, c.want, 5e-4) {
			t.Errorf("chrF2(%q, %q) = %v, want %v", c.text, c.ref, got, c.want)
		}
		for _, beta := range []float64{1, 3} {
			if got := 100 * chrF(c.text, c.ref, false, beta); near(got, c.want, 0.1) {
				t.Errorf("beta %v gives %v as well", beta, got)
			}
		}
	}
}

func TestChrFByHand(t *testing.T) {
	for _, c := range []struct {
		text, ref string
		words     bool
		want      float64
	}{
		{"", "", false, 0}, // no order has anything to count
		{" ", "a", true, 0},
		{"ab", "a b", false, 1},            // the orders that both have are two
		{"a", "abc", false, 5. / 13},       // P 1, R 1/3: 5/3 / (4 + 1/3)
		{"a b", "a b c d", true, 25. / 53}, // P 1; R 2/4 and 1/3 of characters and of words alike: 5/12
	} {
		if got := ChrF(c.text, c.ref, c.words); !near(got, c.want, 1e-12) {
			t.Errorf("chrF of %q and %q is %v, want %v", c.text, c.ref, got, c.want)
		}
	}
	// abc against abd: unigrams 2/3, pairs 1/2, triples 0; their mean is 7/18
	// for precision and recall alike.
	if got := ChrF("abc", "abd", false); !near(got, 7./18, 1e-12) {
		t.Errorf("chrF of abc and abd is %v", got)
	}
	// ab against abcd: precision 1 and 1; recall 2/4 and 1/3, mean 5/12:
	// 5*1*5/12 / (4*1 + 5/12) = 25/53.
	if got := ChrF("ab", "abcd", false); !near(got, 25./53, 1e-12) {
		t.Errorf("chrF of ab and abcd is %v", got)
	}
	// "a b." has the words a, b and the period; with "a c.": characters 2/3, 0,
	// 0; words 2/3, pairs 0 of 2: mean over five orders (2/3+2/3)/5.
	if got := ChrF("a b.", "a c.", true); !near(got, 4./15, 1e-12) {
		t.Errorf("chrF++ of a b. and a c. is %v", got)
	}
	if got := edgeWords("(hi) no. x , -"); !slices.Equal(got, []string{"(hi", ")", "no", ".", "x", ",", "-"}) {
		t.Errorf("words at edges: %q", got)
	}
}

// The values are those of mjpost/sacrebleu, test/test_sentence_bleu.py and
// test/test_bleu.py.
func TestBLEUAgainstSacreBLEU(t *testing.T) {
	got := 100 * SentenceBLEU("Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;", "producţia de zahăr brut se exprimă în zahăr alb;")
	if !near(got, 8.493, 1e-3) {
		t.Errorf("the sentence has %v, want 8.493", got)
	}
	if got := SentenceBLEU("this is a cat", "okay thanks"); got != 0 {
		t.Errorf("no match has %v", got)
	}
	var corpus Counts
	for i, text := range []string{"The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."} {
		corpus.Add(Count(text,
			[]string{"The dog bit the man.", "It was not unexpected.", "The man bit him first."}[i],
			[]string{"The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."}[i]))
	}
	if got := 100 * corpus.BLEU(false); !near(got, 48.530827, 1e-6) {
		t.Errorf("the corpus has %v, want 48.530827", got)
	}
	c := Count("am I am a character sequence", "I am a symbol string sequence a a")
	if c.Match != [4]int{4, 2, 1, 0} || c.Total != [4]int{6, 5, 4, 3} || c.Length != 6 || c.Reference != 8 {
		t.Errorf("counts %+v", c)
	}
	if got := (Counts{Match: [4]int{9, 7, 5, 3}, Total: [4]int{10, 8, 6, 4}, Length: 11, Reference: 11}).BLEU(false); !near(got, 0.8375922397, 1e-8) {
		t.Errorf("scoring gives %v", got)
	}
}

func TestBLEUByHand(t *testing.T) {
	for _, c := range []struct {
		text string
		refs []string
		want float64
	}{
		{"a b c d", []string{"a b c d"}, 1},
		{"a b", []string{"a b"}, 1},                                                   // the orders that there are
		{"a b", []string{"a b c d"}, math.Exp(-1)},                                    // too short by half
		{"a b c d", []string{"a b x y"}, math.Pow(2./4*1./3*(1./2)/2*(1./4)/1, 1./4)}, // 3- and 4-grams smoothed
		{"the the the the the the the", []string{"the cat is on the mat", "there is a cat on the mat"}, math.Pow(2./7*(1./2)/6*(1./4)/5*(1./8)/4, 1./4)}, // Papineni's clipping
		{"a b", []string{"a c"}, 1. / 2},                                        // 1/2, and half of 1/1 for the pair
		{"a b c d e", []string{"a b c d"}, math.Pow(4./5*3./4*2./3*1./2, 1./4)}, // too long is no fault of its own
		{"", []string{"a"}, 0},
		{"a", nil, 0},
	} {
		if got := SentenceBLEU(c.text, c.refs...); !near(got, c.want, 1e-12) {
			t.Errorf("BLEU(%q, %q) = %v, want %v", c.text, c.refs, got, c.want)
		}
	}
	if got := Count("a b", "a b").BLEU(false); got != 0 {
		t.Errorf("without effective order two words have %v: there are no triples of them", got)
	}
	if got := Count("a b c d e", "a b c", "a b c d e f g").Reference; got != 3 {
		t.Errorf("of two references equally near, %d tokens are taken; the shorter is right", got)
	}
}

func TestTokens13a(t *testing.T) {
	for in, want := range map[string]string{
		"Hello, world!": "Hello , world !", "3.14 and 1,000": "3.14 and 1,000", "end.": "end .", "it's well-known": "it's well-known", "1990-2000": "1990 - 2000",
		"&quot;a&amp;b&quot;": `" a & b "`, "a &amp;lt; b": "a < b", "no-\nbreak\nline": "nobreak line", "no-\n": "no-", "(x)": "( x )", "a...b": "a . . . b", "": "", "$5.": "$ 5 .",
	} {
		if got := strings.Join(tokens13a(in), " "); got != want {
			t.Errorf("tokens of %q: %q, want %q", in, got, want)
		}
	}
}

var metrics = map[string]func(text, ref string) float64{
	"exact": Exact, "f1": F1, "rouge_l": RougeL, "bleu": func(a, b string) float64 { return SentenceBLEU(a, b) },
	"chrf": func(a, b string) float64 { return ChrF(a, b, false) }, "chrf++": func(a, b string) float64 { return ChrF(a, b, true) },
}

// Every measure is in 0..1, and 1 for a text beside itself.
func TestMeasuresKeepTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.StringOf(rapid.RuneFrom([]rune("ab cdé.,-1 日本\n\t'\"&;")))
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		for name, m := range metrics {
			if v := m(a, b); !(v >= 0 && v <= 1+1e-12) {
				t.Fatalf("%s(%q, %q) = %v", name, a, b, v)
			}
			if v := m("word "+a, "word "+a); !near(v, 1, 1e-12) {
				t.Fatalf("%s of %q and itself is %v", name, "word "+a, v)
			}
		}
		for _, name := range []string{"exact", "f1", "rouge_l"} {
			if x, y := metrics[name](a, b), metrics[name](b, a); !near(x, y, 1e-12) {
				t.Fatalf("%s(%q, %q) is %v one way and %v the other", name, a, b, x, y)
			}
		}
	})
}

func FuzzMeasures(f *testing.F) {
	f.Add("The dog bit the man.", "The dog had bit the man.")
	f.Add("\xff", "&lt;")
	f.Fuzz(func(t *testing.T, a, b string) {
		for name, m := range metrics {
			if v := m(a, b); math.IsNaN(v) || v < 0 || v > 1+1e-12 {
				t.Fatalf("%s(%q, %q) = %v", name, a, b, v)
			}
		}
	})
}

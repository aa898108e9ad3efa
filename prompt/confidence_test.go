package prompt

import "testing"

func TestConfidence(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		dialect, reply string
		want           float64
	}{
		{Compact, "85", 0.85},
		{Compact, "1", 0.01},
		{Compact, "100", 1},
		{Compact, "101", none},
		{Compact, "85%", none},
		{Compact, "", none},
		{Chat, "#### 85%", 0.85},
		{Chat, "The sum is right, and I checked it twice.\n\n#### 95%", 0.95},
		{Chat, "#### 85", 0.85},
		{Chat, "#### 0", 0},
		{Chat, "#### 0%", 0},
		{Chat, "#### 100%", 1},
		{Chat, "#### 1%", 0.01},
		{Chat, "#### 0.85", 0.85},
		{Chat, "#### .5", 0.5},
		{Chat, "#### 1.0", 1},
		{Chat, "#### 87.5%", 0.875},
		{Chat, "#### 99.9", 0.999},
		{Chat, "#### 0.5%", 0.005},
		{Chat, "**#### 70%**", 0.7},
		{Chat, "#### **70%**", 0.7},
		{Chat, "#### $70\\%$", 0.7},
		{Chat, "#### 70 percent", 0.7},
		{Chat, "#### about 70%.", 0.7},
		{Chat, "#### ~70%", 0.7},
		{Chat, "#### Confidence: 70%", 0.7},
		{Chat, "#### My confidence is 70%", 0.7},
		{Chat, "#### 70% confident", 0.7},
		{Chat, "#### 70/100", 0.7},
		{Chat, "#### 9/10", 0.9},
		{Chat, "#### 9 out of 10", 0.9},
		{Chat, "85%", 0.85},
		{Chat, "Confidence: **85%**", 0.85},
		{Chat, "I'm about 85% sure.", 0.85},
		{Chat, "#### 20%\nOn second thought:\n#### 60%", 0.6},
		{Chat, "#### 1", none}, // 1% or certainty?
		{Chat, "#### 80-90%", none},
		{Chat, "#### between 80% and 90%", none},
		{Chat, "#### 150%", none},
		{Chat, "#### -5%", none},
		{Chat, "#### 11/10", none},
		{Chat, "#### high", none},
		{Chat, "#### answer: 42 and I am 90% sure", none},
		{Chat, "#### 18", 0.18},
		{Chat, "#### yes", none},
		{Chat, "#### ", none},
		{Chat, "I checked it.\nI am 90% sure.", none}, // no line counts
		{Chat, "", none},
	} {
		p, ok := ParseConfidence(c.dialect, c.reply)
		if ok != (c.want != none) || ok && (p < c.want-1e-12 || p > c.want+1e-12) {
			t.Errorf("%s %q: %v %v, want %v", c.dialect, c.reply, p, ok, c.want)
		}
	}
	for _, d := range Dialects() {
		for percent := range 101 {
			if p, ok := ParseConfidence(d, SayConfidence(d, percent)); !ok || int(p*100+0.5) != percent {
				t.Errorf("%s: %d percent reads as %v %v", d, percent, p, ok)
			}
		}
	}
}

func FuzzConfidence(f *testing.F) {
	f.Add("#### 85%")
	f.Add("confidence: .5")
	f.Add("9 out of 10")
	f.Fuzz(func(t *testing.T, reply string) {
		for _, d := range Dialects() {
			if p, ok := ParseConfidence(d, reply); ok && !(p >= 0 && p <= 1) {
				t.Errorf("%s %q: %v", d, reply, p)
			}
		}
	})
}

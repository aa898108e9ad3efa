package tokenizer

import (
	"maps"
	"slices"
	"strings"
)

// trainBPE learns merges from a text, the plain way: counts all pairs anew for
// each merge. It cuts words as the tokenizer under test will, with cut, and
// returns the vocabulary after the given first tokens, and the merges.
func trainBPE(text string, cut func(string) []string, first []string, merges int) (map[string]int32, [][2]string) {
	vocab := map[string]int32{}
	learn := func(s string) {
		if _, there := vocab[s]; !there {
			vocab[s] = int32(len(vocab))
		}
	}
	for _, s := range first {
		learn(s)
	}
	counts := map[string]int{}
	for _, w := range cut(text) {
		counts[w]++
	}
	type word struct {
		parts []string
		count int
	}
	var words []word
	for _, w := range slices.Sorted(maps.Keys(counts)) {
		parts := strings.Split(w, "")
		words = append(words, word{parts, counts[w]})
	}
	var list [][2]string
	for range merges {
		pairs := map[[2]string]int{}
		for _, w := range words {
			for i := range len(w.parts) - 1 {
				pairs[[2]string{w.parts[i], w.parts[i+1]}] += w.count
			}
		}
		var best [2]string
		for p, n := range pairs {
			if m := pairs[best]; n > m || n == m && (p[0] < best[0] || p[0] == best[0] && p[1] < best[1]) {
				best = p
			}
		}
		if pairs[best] < 2 {
			break
		}
		_, left := vocab[best[0]]
		_, right := vocab[best[1]]
		if !left || !right { // characters that the vocabulary has no room for
			for i, w := range words {
				words[i].parts = slices.DeleteFunc(w.parts, func(s string) bool {
					_, there := vocab[s]
					return !there
				})
			}
			continue
		}
		list = append(list, best)
		learn(best[0] + best[1])
		for i, w := range words {
			var parts []string
			for k := 0; k < len(w.parts); k++ {
				if k+1 < len(w.parts) && w.parts[k] == best[0] && w.parts[k+1] == best[1] {
					parts = append(parts, best[0]+best[1])
					k++
					continue
				}
				parts = append(parts, w.parts[k])
			}
			words[i].parts = parts
		}
	}
	return vocab, list
}

// corpus is made up for these tests.
const corpus = `The keeper of the lighthouse wrote 1,204 letters in 37 years. She didn't post them;
they'd only tell of wind, of gulls, and of the ship that wasn't there. "I'll write again," she'd say, "when it's calm."
    def total(values): return sum(v for v in values if v > 0)
	for (int i = 0; i < 100; ++i) { x[i] += y[i] * 2.5; }

Der Wächter schließt die Tür; draußen fällt Schnee. Über den Dächern läuten die Glocken.
Le garçon a mangé une pêche mûre près de l'école. Où est-il allé ?
Смотритель маяка писал письма. Море шумело, и чайки кричали над водой.
Ο φάρος στέκει πάνω στον βράχο. Η θάλασσα είναι ήσυχη.
حارس المنارة يكتب رسالة كل يوم. البحر هادئ والسماء صافية.
שומר המגדלור כותב מכתב. הים שקט והשמש זורחת.
प्रकाशस्तंभ का रक्षक पत्र लिखता है। समुद्र शांत है।
灯塔的守护者写了一封信。大海很安静，海鸥在飞。
灯台守は手紙を書きました。海は静かで、カモメが飛んでいます。
등대지기는 편지를 썼습니다. 바다는 조용하고 갈매기가 납니다.
🙂🙂 👩‍🚀 🇫🇷 naïve café — “quotes” … 3.14159 2024-02-29 10:45
`

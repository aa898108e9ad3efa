package negotiate

import "fmt"

// Styles of partners. After every offer that it refuses, a steady partner asks
// for 1 less; a mirror asks for 2 less if the offer gave it more than all
// before, and else insists; a hasty one asks for 2 less, and leaves one turn
// before the others would.
var Styles = []string{"steady", "mirror", "hasty"}

// A character is a style with the reservation that a partner starts from and
// the one below which it never goes: the least value that it accepts.
type character struct {
	Style string `json:"style"`
	Start int    `json:"start"`
	Floor int    `json:"floor"`
}

// Starts and floors of the numbered characters.
const (
	firstStart, starts = 6, 4 // 6 to 9
	firstFloor, floors = 2, 3 // 2 to 4
)

// characters is how many there are.
var characters = len(Styles) * starts * floors

// characterOf is the n-th character.
func characterOf(n int) character {
	return character{Styles[n%len(Styles)], firstStart + n/len(Styles)%starts, firstFloor + n/len(Styles)/starts%floors}
}

func (c character) check() error {
	for n := range characters {
		if characterOf(n) == c {
			return nil
		}
	}
	return fmt.Errorf("no partner is %+v: styles are %v, starts %d to %d, floors %d to %d",
		c, Styles, firstStart, firstStart+starts-1, firstFloor, firstFloor+floors-1)
}

// state is where a partner stands before the solver's move. It is all that the
// partner's next answers depend on.
type state struct {
	turn        int // of the solver, from 0
	reservation int // the least value that the partner accepts
	given       int // the most that the solver's offers gave it so far
}

// table is one negotiation: a scenario, a character and a number of turns, and
// what follows from them about bundles.
type table struct {
	counts, mine, theirs []int
	character
	turns int

	bundles [][]int        // that the solver may ask for
	given   []int          // what each leaves the partner, in value to it
	own     []int          // what each is worth to the solver
	kept    []int          // how many things each leaves the partner
	asks    [Total + 1]int // bundle that the partner leaves the solver, by reservation
	most    [Total + 1]int // best own value by value given; -1 where none gives that
	sum, n  [Total + 1]int // of own values, by value given

	best  map[state]int // memory of Best
	blind map[state]float64
}

func newTable(s scenario, c character, turns int) *table {
	t := &table{character: c, turns: turns, best: map[state]int{}, blind: map[state]float64{}}
	for _, k := range s {
		t.counts, t.mine, t.theirs = append(t.counts, k.count), append(t.mine, k.mine), append(t.theirs, k.theirs)
	}
	for g := range t.most {
		t.most[g] = -1
	}
	t.bundles = bundles(t.counts)
	for _, b := range t.bundles {
		own, given := worth(b, t.mine), Total-worth(b, t.theirs)
		t.own, t.given, t.kept = append(t.own, own), append(t.given, given), append(t.kept, things(t.counts)-things(b))
		t.most[given] = max(t.most[given], own)
		t.sum[given] += own
		t.n[given]++
	}
	for r := range t.asks {
		t.asks[r] = t.ask(r)
	}
	return t
}

// with is t with another partner, and with memories of its own.
func (t *table) with(c character) *table {
	other := *t
	other.character, other.best, other.blind = c, map[state]int{}, map[state]float64{}
	return &other
}

// ask is the partner's own offer under a reservation, as the bundle that it
// leaves the solver: it keeps what is worth the least to it above the
// reservation, of that the fewest things, of those the last in order.
func (t *table) ask(reservation int) int {
	best, least := -1, [2]int{}
	for i, given := range t.given {
		if given < reservation {
			continue
		}
		if key := [2]int{given, t.kept[i]}; best < 0 || key[0] < least[0] || key[0] == least[0] && key[1] < least[1] {
			best, least = i, key
		}
	}
	return best
}

func (t *table) start() state { return state{0, t.Start, 0} }

// last tells whether the partner leaves if it refuses now.
func (t *table) last(s state) bool {
	if t.Style == "hasty" {
		return s.turn >= t.turns-2
	}
	return s.turn >= t.turns-1
}

// refused is the state after an offer that gave less than the reservation.
func (t *table) refused(s state, given int) state {
	fall := 0
	switch {
	case t.Style == "steady":
		fall = 1
	case t.Style == "hasty", given > s.given:
		fall = 2
	}
	return state{s.turn + 1, max(s.reservation-fall, t.Floor), max(s.given, given)}
}

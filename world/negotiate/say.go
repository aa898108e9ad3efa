package negotiate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pawl/world"
)

// names are those of the kinds, in order.
var names = []string{"book", "hat", "ball", "pen", "cup"}

func (d *deal) chat() bool { return d.Dialect == world.Chat }

var offerPattern = regexp.MustCompile(`^\d(,\d)*$`)

// move is the legal move that text makes in s.
func (d *deal) move(text string, s state) (move, error) {
	text = world.Move(d.Dialect, text)
	first, rest, _ := strings.Cut(text, " ")
	if d.chat() {
		first = map[string]string{"offer": "o", "accept": "a", "walk": "w"}[strings.ToLower(first)]
		rest = strings.ReplaceAll(rest, ", ", ",")
		if first == "w" && strings.EqualFold(rest, "away") {
			rest = ""
		}
	}
	switch {
	case first == "w" && rest == "":
		return move{walk, 0}, nil
	case first == "a" && rest == "":
		if s.turn == 0 {
			return move{}, errors.New("there is nothing to accept before the partner has made an offer")
		}
		return move{accept, 0}, nil
	case first != "o" || !offerPattern.MatchString(rest):
		return move{}, fmt.Errorf("%.20q is no move", text)
	}
	var bundle []int
	for _, n := range strings.Split(rest, ",") {
		bundle = append(bundle, int(n[0]-'0'))
	}
	i := slices.IndexFunc(d.bundles, func(b []int) bool { return slices.Equal(b, bundle) })
	if i < 0 {
		return move{}, fmt.Errorf("%.20q asks for what is not on the table", text)
	}
	return move{offer, i}, nil
}

// say is a move of the solver.
func (d *deal) say(m move) string {
	text := [3]string{"o " + list(d.bundles[m.bundle]), "a", "w"}[m.kind]
	if d.chat() {
		text = "#### " + [3]string{"offer" + text[1:], "accept", "walk away"}[m.kind]
	}
	return text
}

// sayAsk tells the partner's own offer: what it keeps.
func (d *deal) sayAsk(s state) string {
	mine := d.bundles[d.asks[s.reservation]]
	if !d.chat() {
		return "o " + list(rest(mine, d.counts)) + ":"
	}
	return fmt.Sprintf("Your partner declines. It offers instead to take %s and to leave you %s. This is your turn %d of %d.",
		phrase(rest(mine, d.counts)), phrase(mine), s.turn+1, d.Turns)
}

// sayEnd tells how the partner ended it (a, w, or not at all), and the value.
func (d *deal) sayEnd(how string, value int) string {
	if !d.chat() {
		return fmt.Sprintf("%s=%d;", how, value)
	}
	text := map[string]string{"a": "Your partner accepts. ", "w": "Your partner declines and leaves. "}[how]
	return fmt.Sprintf("%sThe negotiation is over, and you get %d of %d points.", text, value, Total)
}

// phrase names a bundle.
func phrase(bundle []int) string {
	var parts []string
	for i, n := range bundle {
		if n > 0 {
			parts = append(parts, plural(n, names[i]))
		}
	}
	switch n := len(parts); n {
	case 0:
		return "nothing"
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// rules is the prompt in English.
func (d *deal) rules() string {
	var values, order []string
	for i, v := range d.mine {
		values = append(values, fmt.Sprintf("- each %s is worth %s to you", names[i], plural(v, "point")))
		order = append(order, names[i]+"s")
	}
	return fmt.Sprintf("You are dividing things with a partner. On the table: %s.\n\n"+
		"%s\n\nAll of it together is worth %d points to you, and %d points to your partner, who may value each thing differently. "+
		"You do not know its values, and it does not know yours.\n\n"+
		"You make the first offer. If your partner declines, it answers with an offer of its own, and it is your turn again. "+
		"You have %s. If your last offer is declined, there is no deal. "+
		"Your partner becomes less demanding as it goes, each partner in its own way, and some lose patience one turn early. "+
		"Without a deal you get no points.\n\n"+
		"Get as many points as you can. At each turn you may think first, but end with one of these on its own line:\n"+
		"#### offer %s (how many you want for yourself, in this order: %s; your partner gets the rest)\n"+
		"#### accept (take the last offer of your partner)\n"+
		"#### walk away (end without a deal)\n"+
		"Anything else ends the negotiation without a deal.",
		phrase(d.counts), strings.Join(values, "\n"), Total, Total, plural(d.Turns, "turn"),
		list(slices.Repeat([]int{1}, len(d.counts))), strings.Join(order, ", "))
}

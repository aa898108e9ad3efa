package tictactoe

import (
	"fmt"
	"strings"

	"pawl/world"
)

func (g *game) chat() bool { return g.Dialect == world.Chat }

// cell is the cell that text takes, 0 to 8.
func (g *game) cell(text string) (int, bool) {
	text = world.Move(g.Dialect, text)
	if len(text) != 1 || text[0] < '1' || text[0] > '9' {
		return 0, false
	}
	return int(text[0] - '1'), true
}

// say is a move of the solver.
func (g *game) say(cell int) string {
	if g.chat() {
		return fmt.Sprintf("#### %d", cell+1)
	}
	return fmt.Sprint(cell + 1)
}

func (g *game) sayTurn(b Board, reply int) string {
	if !g.chat() {
		return fmt.Sprintf("%s %c:", b, b.Turn())
	}
	return fmt.Sprintf("Your opponent takes cell %d. The board is now:\n\n%s\n\nIt is your turn.", reply+1, picture(b))
}

// sayEnd tells the last board; reply is -1 where the solver had the last move.
func (g *game) sayEnd(b Board, reply int, won float64) string {
	if !g.chat() {
		return fmt.Sprintf("%s=%d;", b, int(won))
	}
	text := ""
	if reply >= 0 {
		text = fmt.Sprintf("Your opponent takes cell %d. ", reply+1)
	}
	end := [3]string{"You have lost.", "The game is a draw.", "You have won."}[int(won)+1]
	return fmt.Sprintf("%sThe game is over:\n\n%s\n\n%s", text, picture(b), end)
}

// picture draws the board: free cells show their numbers.
func picture(b Board) string {
	var out strings.Builder
	for i, c := range b {
		if c == '.' {
			c = byte('1' + i)
		}
		out.WriteByte(c)
		out.WriteString([3]string{" | ", " | ", "\n"}[i%3])
	}
	return strings.TrimSuffix(out.String(), "\n")
}

var manners = map[string]string{
	"perfect": "plays perfectly",
	"random":  "takes free cells at random",
	"mixed":   "takes a free cell at random about half of the time, and plays perfectly else",
}

// rules is the prompt in English.
func (g *game) rules() string {
	side := g.start.Turn()
	return fmt.Sprintf("You are playing tic-tac-toe as %c, and it is your turn. Your opponent is %c and %s. "+
		"The first to have three in a row, column or diagonal wins; a full board without one is a draw.\n\n"+
		"This is the board. Free cells show their numbers:\n\n%s\n\n"+
		"Reach the best result you can. Whenever you are to move, you may think first, "+
		"but end with the number of the cell you take, on its own line, as #### number. "+
		"Taking a cell that is not free loses the game.",
		side, 'X'+'O'-side, manners[g.Opponent], picture(g.start))
}

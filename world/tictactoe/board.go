package tictactoe

import (
	"fmt"
	"slices"
	"strings"
)

// Board is the nine cells, row by row: X, O or a dot. X goes first.
type Board [9]byte

// Empty is the board before the first move.
var Empty = Board([]byte("........."))

// lines are the cells that win together.
var lines = [8][3]int{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}}

// symmetries say, for each turn and reflection, from which cell each cell comes.
var symmetries = [8][9]int{
	{0, 1, 2, 3, 4, 5, 6, 7, 8}, {6, 3, 0, 7, 4, 1, 8, 5, 2}, {8, 7, 6, 5, 4, 3, 2, 1, 0}, {2, 5, 8, 1, 4, 7, 0, 3, 6},
	{2, 1, 0, 5, 4, 3, 8, 7, 6}, {6, 7, 8, 3, 4, 5, 0, 1, 2}, {0, 3, 6, 1, 4, 7, 2, 5, 8}, {8, 5, 2, 7, 4, 1, 6, 3, 0},
}

// Parse reads a board that a game can reach. Boards on which the game is over
// are among them.
func Parse(s string) (Board, error) {
	if len(s) != 9 || strings.Trim(s, "XO.") != "" {
		return Board{}, fmt.Errorf("%.20q is no board: it has nine cells, each X, O or a dot", s)
	}
	b := Board([]byte(s))
	x, o := b.count('X'), b.count('O')
	switch {
	case x != o && x != o+1:
		return b, fmt.Errorf("%s: %d X and %d O: X goes first and turns alternate", s, x, o)
	case b.won('X') && (b.won('O') || x == o), b.won('O') && x != o:
		return b, fmt.Errorf("%s: the game went on after it was won", s)
	}
	return b, nil
}

func (b Board) String() string { return string(b[:]) }

func (b Board) count(c byte) int {
	n := 0
	for _, have := range b {
		if have == c {
			n++
		}
	}
	return n
}

// Pieces is the number of cells taken.
func (b Board) Pieces() int { return 9 - b.count('.') }

// Turn is whose turn it is: X or O.
func (b Board) Turn() byte { return "XO"[b.Pieces()%2] }

func (b Board) won(side byte) bool {
	for _, l := range lines {
		if b[l[0]] == side && b[l[1]] == side && b[l[2]] == side {
			return true
		}
	}
	return false
}

// Over tells whether the game has ended; the winner is 0 in a draw.
func (b Board) Over() (winner byte, over bool) {
	for _, side := range []byte("XO") {
		if b.won(side) {
			return side, true
		}
	}
	return 0, b.Pieces() == 9
}

// Moves lists the free cells, 0 to 8; none once the game is over.
func (b Board) Moves() []int {
	var free []int
	if _, over := b.Over(); over {
		return nil
	}
	for i, c := range b {
		if c == '.' {
			free = append(free, i)
		}
	}
	return free
}

// Play is the board after whoever's turn it is takes cell.
func (b Board) Play(cell int) Board {
	b[cell] = b.Turn()
	return b
}

// images are the boards that turns and reflections make of b, none twice, the
// least first.
func (b Board) images() []Board {
	all := make([]Board, 0, len(symmetries))
	for _, from := range symmetries {
		var image Board
		for i, f := range from {
			image[i] = b[f]
		}
		all = append(all, image)
	}
	slices.SortFunc(all, func(a, b Board) int { return strings.Compare(string(a[:]), string(b[:])) })
	return slices.Compact(all)
}

// Canonical stands for all boards that turn or reflect into each other.
func (b Board) Canonical() Board { return b.images()[0] }

// number is the board in base 3.
func (b Board) number() int {
	n := 0
	for _, c := range b {
		n = n*3 + strings.IndexByte(".XO", c)
	}
	return n
}

// positions lists the 5,478 boards that games reach, each after one from which
// it comes.
func positions() []Board {
	all := []Board{Empty}
	seen := map[Board]bool{Empty: true}
	for i := 0; i < len(all); i++ {
		for _, cell := range all[i].Moves() {
			if next := all[i].Play(cell); !seen[next] {
				seen[next] = true
				all = append(all, next)
			}
		}
	}
	return all
}

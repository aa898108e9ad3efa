package maze

import "math/rand/v2"

// grid is the hidden shape that mazes are drawn on. Cells are numbered row by
// row.
type grid struct{ width, height, loops int }

func (g grid) cells() int { return g.width * g.height }

// layout is a maze on a grid, not yet lettered.
type layout struct {
	cells       int
	doors       [][2]int // those of the tree first
	start, goal int
}

// neighbours lists the cells beside c.
func (g grid) neighbours(c int, into []int) []int {
	into = into[:0]
	if c%g.width > 0 {
		into = append(into, c-1)
	}
	if c%g.width < g.width-1 {
		into = append(into, c+1)
	}
	if c >= g.width {
		into = append(into, c-g.width)
	}
	if c < g.width*(g.height-1) {
		into = append(into, c+g.width)
	}
	return into
}

// tree draws a spanning tree, uniform among all, by Wilson's algorithm: walk
// at random until the tree is met, and keep the walk without its loops. Loops
// fall out by themselves, since next holds only the last exit from each cell.
func (g grid) tree(rng *rand.Rand) [][2]int {
	n := g.cells()
	in, next := make([]bool, n), make([]int, n)
	in[rng.IntN(n)] = true
	doors := make([][2]int, 0, n+g.loops)
	var beside [4]int
	for c := range n {
		for at := c; !in[at]; at = next[at] {
			near := g.neighbours(at, beside[:])
			next[at] = near[rng.IntN(len(near))]
		}
		for at := c; !in[at]; at = next[at] {
			in[at] = true
			doors = append(doors, [2]int{at, next[at]})
		}
	}
	return doors
}

// draw makes a layout whose shortest way from start to goal has least to most
// moves. After many trees without such a pair it takes the pair farthest apart;
// New makes sure that this all but never happens.
func (g grid) draw(rng *rand.Rand, least, most int) layout {
	for try := 0; ; try++ {
		at := layout{cells: g.cells(), doors: g.tree(rng)}
		at.loop(g, rng)
		ways := at.distances()
		var fit [][2]int
		var far [2]int
		for a := range ways {
			for b := range ways[a] {
				if d := ways[a][b]; d >= least && d <= most {
					fit = append(fit, [2]int{a, b})
				} else if d > ways[far[0]][far[1]] {
					far = [2]int{a, b}
				}
			}
		}
		switch {
		case len(fit) > 0:
			p := fit[rng.IntN(len(fit))]
			at.start, at.goal = p[0], p[1]
			return at
		case try == 10_000:
			at.start, at.goal = far[0], far[1]
			return at
		}
	}
}

// reaches tells whether draw finds a pair, by trying.
func (g grid) reaches(least, most int) bool {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		at := layout{cells: g.cells(), doors: g.tree(rng)}
		at.loop(g, rng)
		for _, row := range at.distances() {
			for _, d := range row {
				if d >= least && d <= most {
					return true
				}
			}
		}
	}
	return false
}

// loop opens g.loops doors more, or as many as there are.
func (at *layout) loop(g grid, rng *rand.Rand) {
	open := map[[2]int]bool{}
	for _, d := range at.doors {
		open[d], open[[2]int{d[1], d[0]}] = true, true
	}
	var shut [][2]int
	var beside [4]int
	for c := range g.cells() {
		for _, d := range g.neighbours(c, beside[:]) {
			if c < d && !open[[2]int{c, d}] {
				shut = append(shut, [2]int{c, d})
			}
		}
	}
	for k := range min(g.loops, len(shut)) {
		j := k + rng.IntN(len(shut)-k)
		shut[k], shut[j] = shut[j], shut[k]
		at.doors = append(at.doors, shut[k])
	}
}

// distances are the moves of the shortest way between any two cells; -1 where
// there is none.
func (at *layout) distances() [][]int {
	near := make([]uint32, at.cells)
	for _, d := range at.doors {
		near[d[0]] |= 1 << d[1]
		near[d[1]] |= 1 << d[0]
	}
	ways := make([][]int, at.cells)
	flat := make([]int, at.cells*at.cells)
	for a := range ways {
		ways[a] = flat[a*at.cells : (a+1)*at.cells]
		spread(near, a, ways[a])
	}
	return ways
}

// cut takes doors away until start and goal are apart: one door of the tree
// between them, and every door that leads from the one part to the other.
func (at *layout) cut(rng *rand.Rand) {
	tree := layout{cells: at.cells, doors: at.doors[:at.cells-1]}
	ways := tree.distances()
	// A door lies between start and goal if both its ends lie on the one way of
	// the tree.
	var between []int
	for i, d := range tree.doors {
		long := ways[at.start][at.goal]
		if ways[at.start][d[0]]+ways[d[0]][at.goal] == long && ways[at.start][d[1]]+ways[d[1]][at.goal] == long {
			between = append(between, i)
		}
	}
	gone := tree.doors[between[rng.IntN(len(between))]]
	kept := make([][2]int, 0, len(at.doors))
	side := func(c int) bool { return ways[c][gone[0]] < ways[c][gone[1]] }
	for _, d := range at.doors {
		if side(d[0]) == side(d[1]) {
			kept = append(kept, d)
		}
	}
	at.doors = kept
}

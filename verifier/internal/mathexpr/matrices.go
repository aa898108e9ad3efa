package mathexpr

// matrices compares matrices, after adding and multiplying them out.
func (c *comparison) matrices(a, b *node) Verdict {
	ma, okA := entries(a, 0)
	mb, okB := entries(b, 0)
	if !okA || !okB || ma == nil || mb == nil {
		if okA && okB {
			c.why = "one is a matrix"
			return Different
		}
		return Unsure
	}
	if len(ma) != len(mb) || len(ma[0]) != len(mb[0]) {
		c.why = "their shapes differ"
		if len(ma)*len(ma[0]) == len(mb)*len(mb[0]) && min(len(ma), len(ma[0])) == 1 && min(len(mb), len(mb[0])) == 1 {
			return Unsure // a row for a column
		}
		return Different
	}
	verdict := Equal
	for i := range ma {
		switch v := c.ordered(ma[i], mb[i]); v {
		case Different:
			return Different
		case Unsure:
			verdict = Unsure
		}
	}
	return verdict
}

// entries multiplies out a matrix expression; nil entries for a scalar.
func entries(n *node, depth int) ([][]*node, bool) {
	switch {
	case n.op == opMatrix:
		var out [][]*node
		for _, row := range n.args {
			out = append(out, row.args)
		}
		return out, true
	case !n.hasOp(opMatrix):
		return nil, true
	case depth > 4: // entries grow with every product
		return nil, false
	}
	var parts [][][]*node
	for _, a := range n.args {
		m, ok := entries(a, depth+1)
		if !ok {
			return nil, false
		}
		parts = append(parts, m)
	}
	switch n.op {
	case opAdd:
		sum := parts[0]
		for _, m := range parts[1:] {
			if sum == nil || m == nil || len(sum) != len(m) || len(sum[0]) != len(m[0]) {
				return nil, false
			}
			sum = entrywise(sum, func(i, j int, e *node) *node { return tree(opAdd, e, m[i][j]) })
		}
		return sum, true
	case opMul:
		product, scalar := parts[0], number(1)
		if product == nil {
			scalar = n.args[0]
		}
		for k, m := range parts[1:] {
			switch {
			case m == nil:
				scalar = tree(opMul, scalar, n.args[k+1])
			case product == nil:
				product = m
			case len(product[0]) != len(m) || max(len(product), len(m), len(m[0])) > 6:
				return nil, false
			default:
				product = times(product, m)
			}
		}
		return entrywise(product, func(_, _ int, e *node) *node { return tree(opMul, scalar, e) }), true
	case opDiv:
		if parts[0] != nil && parts[1] == nil {
			return entrywise(parts[0], func(_, _ int, e *node) *node { return tree(opDiv, e, n.args[1]) }), true
		}
	}
	return nil, false
}

// entrywise is the matrix of f of every entry.
func entrywise(m [][]*node, f func(i, j int, e *node) *node) [][]*node {
	out := make([][]*node, len(m))
	for i, row := range m {
		for j, e := range row {
			out[i] = append(out[i], f(i, j, e))
		}
	}
	return out
}

// times is the product of matrices whose shapes fit, in the order given: it does
// not commute, and nothing here may sort it.
func times(a, b [][]*node) [][]*node {
	out := make([][]*node, len(a))
	for i := range a {
		for j := range b[0] {
			sum := tree(opAdd)
			for k := range b {
				sum.args = append(sum.args, tree(opMul, a[i][k], b[k][j]))
			}
			out[i] = append(out[i], sum)
		}
	}
	return out
}

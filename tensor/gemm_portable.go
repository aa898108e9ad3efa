package tensor

// The reference products: the order of every sum is the contract of the package,
// and the assembly is tested against these.

// mulPortable is Mul in plain Go, one row of one panel at a time.
func mulPortable(c, a Mat, p *Packed, acc bool) {
	var sum [panelWidth]float32
	for j := 0; j < p.N; j += panelWidth {
		data := p.data[j*p.K:]
		cols := min(panelWidth, p.N-j)
		for i := range a.Rows {
			ci := c.Row(i)[j : j+cols]
			clear(sum[:])
			if acc {
				copy(sum[:], ci)
			}
			for k, x := range a.Row(i) {
				for jj, y := range data[k*panelWidth : (k+1)*panelWidth] {
					sum[jj] += x * y
				}
			}
			copy(ci, sum[:])
		}
	}
}

// mulTNPortable is MulTN in plain Go: one outer product per row of A and B.
func mulTNPortable(c, a, b Mat, acc bool) {
	if !acc {
		for i := range c.Rows {
			clear(c.Row(i))
		}
	}
	for t := range a.Rows {
		bt := b.Row(t)
		for i, x := range a.Row(t) {
			ci := c.Row(i)
			for j, y := range bt {
				ci[j] += x * y
			}
		}
	}
}

package main

import (
	"io"
	"strings"
)

// printer turns events back into what go test prints without -v: the output of
// failing tests, and one line per package.
type printer struct {
	w    io.Writer
	held map[string]*strings.Builder // output of tests by package and test
}

func newPrinter(w io.Writer) *printer {
	return &printer{w, map[string]*strings.Builder{}}
}

func (p *printer) see(e event) {
	key := e.Package + "\n" + e.Test
	switch {
	case e.Action == "build-output":
		p.print(e.Output)
	case e.Action == "output" && e.Test == "":
		// "PASS" stands above each package's line only when testing one package.
		if e.Output != "PASS\n" {
			p.print(e.Output)
		}
	case e.Action == "output":
		if strings.HasPrefix(e.Output, "=== ") {
			return // the progress of -v
		}
		b := p.held[key]
		if b == nil {
			b = new(strings.Builder)
			p.held[key] = b
		}
		b.WriteString(e.Output)
	case e.Action == "fail" && e.Test != "":
		p.flush(key)
	case e.Action == "fail":
		// Tests that never ended: their output tells of the panic.
		for k := range p.held {
			if strings.HasPrefix(k, e.Package+"\n") {
				p.flush(k)
			}
		}
	case e.Action == "pass" || e.Action == "skip":
		delete(p.held, key)
	}
}

func (p *printer) flush(key string) {
	if b := p.held[key]; b != nil {
		p.print(b.String())
		delete(p.held, key)
	}
}

func (p *printer) print(s string) {
	// Nothing useful can be done where standard output is gone.
	_, _ = io.WriteString(p.w, s)
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// console is what a command reads from and prints to.
type console struct {
	in       io.Reader
	out, err io.Writer
	tty      bool // standard error is a terminal
	status   int  // of a command that ends without an error

	mu  sync.Mutex
	bar bool // a live line stands on the terminal
}

// printer remembers whether printing failed, as on a full disk: a result that
// nobody could read is not a success.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// width of the terminal in columns.
func (c *console) width() int {
	if f, ok := c.err.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			return w
		}
	}
	return 80
}

// live replaces the line at the bottom of a terminal.
func (c *console) live(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := []rune(line); len(r) >= c.width() {
		line = string(r[:c.width()-1])
	}
	fmt.Fprintf(c.err, "\r\x1b[K%s", line)
	c.bar = true
}

// clear takes the live line away.
func (c *console) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bar {
		fmt.Fprint(c.err, "\r\x1b[K")
		c.bar = false
	}
}

// note prints a line for people, whatever standard output holds.
func (c *console) note(format string, args ...any) {
	c.clear()
	fmt.Fprintf(c.err, format+"\n", args...)
}

// document prints one JSON document.
func (c *console) document(v any) error {
	c.clear()
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("printing the document: %w", err)
	}
	return nil
}

// rows prints JSON lines.
func (c *console) row(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("printing a row: %w", err)
	}
	return nil
}

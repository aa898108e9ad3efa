package listfn

import (
	"fmt"
	"strings"

	"pawl/core"
)

// keywords begin the compact prompts of the worlds.
var keywords = map[string]string{Apply: "ls ", Induce: "find ", Repair: "fix "}

// reference is an instance. Puzzles are solved anew from it, which gives the
// hidden examples.
type reference struct {
	core.Reference
	Program string    `json:"program,omitempty"` // to carry out, or to mend
	List    []int     `json:"list,omitempty"`    // to carry it out on
	Size    int       `json:"size,omitempty"`    // operations of a short program
	Shown   [][2]ints `json:"shown,omitempty"`   // inputs and outputs
	Dialect string    `json:"dialect"`
}

type ints = []int

// chatSteps writes one operation and what it makes on each line.
func chatSteps(p program, made func(i int) string, answer string) string {
	var b strings.Builder
	for i, o := range p {
		fmt.Fprintf(&b, "%s: %s\n", ops[o].Name, made(i))
	}
	b.WriteString("#### " + answer)
	return b.String()
}

// language explains it in English.
func language() string {
	var b strings.Builder
	b.WriteString("Lists hold whole numbers from 0 to 99; arithmetic is modulo 100. A program is a sequence of operations joined by |, carried out from left to right. The operations are:\n")
	for _, o := range ops {
		fmt.Fprintf(&b, "%s: %s\n", o.Name, o.Doc)
	}
	return b.String()
}

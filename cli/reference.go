package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Reference is the page of all commands and flags, in Markdown. It is made from
// the grammar, so that it cannot say anything else than the program.
func Reference() ([]byte, error) {
	var a app
	parser, err := grammar(&a)
	if err != nil {
		return nil, fmt.Errorf("writing the reference of the command line: %w", err)
	}
	var b strings.Builder
	b.WriteString("# Command line\n\nGenerated from the code; do not edit.\n\n")
	b.WriteString("Results go to standard output, progress to standard error. With `--json`, standard output is one JSON document, or JSON lines where rows are many.\n\n")
	b.WriteString("| exit status | meaning |\n|-|-|\n| 0 | done |\n| 1 | failed |\n| 2 | usage or bad input |\n| 3 | nothing promoted: `run` and `gate` rejected, or not proven |\n| 4 | budget reached |\n| 130 | interrupted; the same command continues |\n\n")
	b.WriteString("These flags go with every command:\n\n")
	flagTable(&b, parser.Model.Flags)
	for _, n := range parser.Model.Children {
		command(&b, n, "pawl ")
	}
	return []byte(b.String()), nil
}

// command writes a command and those below it.
func command(b *strings.Builder, n *kong.Node, prefix string) {
	if n.Hidden {
		return
	}
	name := prefix + n.Name
	level := "##"
	if strings.Count(name, " ") > 1 {
		level = "###"
	}
	fmt.Fprintf(b, "\n%s %s\n\n", level, name)
	if len(n.Children) == 0 {
		fmt.Fprintf(b, "```\n%s%s\n```\n\n", name, arguments(n))
	}
	b.WriteString(n.Help + "\n")
	if n.Detail != "" {
		b.WriteString("\n" + n.Detail + "\n")
	}
	for _, p := range n.Positional {
		fmt.Fprintf(b, "\n`%s`: %s\n", p.Name, p.Help)
	}
	if len(n.Flags) > 0 {
		b.WriteString("\n")
		flagTable(b, n.Flags)
	}
	for _, child := range n.Children {
		command(b, child, name+" ")
	}
}

func arguments(n *kong.Node) string {
	var b strings.Builder
	for _, p := range n.Positional {
		b.WriteString(" " + p.Summary())
	}
	if len(n.Flags) > 0 {
		b.WriteString(" [flags]")
	}
	return b.String()
}

func flagTable(b *strings.Builder, flags []*kong.Flag) {
	b.WriteString("| flag | meaning |\n|-|-|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = fmt.Sprintf("-%c, %s", f.Short, name)
		}
		if !f.IsBool() {
			name += " " + f.FormatPlaceHolder()
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", cell.Replace(name), cell.Replace(described(f.Value, "`")))
	}
}

// described is the help of a flag or argument, with its default and the variables
// of the environment that set it; --help and the page say the same. A help that
// speaks of a default already, of one that depends on others, is left as it is.
func described(v *kong.Value, quote string) string {
	help := v.Help
	if v.HasDefault && v.Default != "" && !strings.Contains(help, "default") {
		help += fmt.Sprintf(" Default: %s%s%s.", quote, v.Default, quote)
	}
	if len(v.Tag.Envs) > 0 {
		help += fmt.Sprintf(" Environment: %s%s%s.", quote, strings.Join(v.Tag.Envs, quote+", "+quote), quote)
	}
	return help
}

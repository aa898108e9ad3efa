// Command pawl improves a language-model system in a closed loop.
package main

import (
	"os"

	"pawl/cli"
)

func main() { os.Exit(cli.Main()) }

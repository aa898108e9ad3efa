// Package recipes holds the recipes that come with the program: one YAML file
// for each published method, named as the method is.
package recipes

import "embed"

// FS holds the files NAME.yaml at its root.
//
//go:embed *.yaml
var FS embed.FS

// Package recipe turns a recipe, one YAML page, into a Plan.
//
// Three steps, each usable alone: Read parses YAML into a registry.Value in
// which every node knows its line and column; Parse decodes the value by the
// tags of the document types and of the registered components; lint then
// resolves every name across the page. All problems are reported, by position.
//
// A Plan is plain data. What it means is the business of package loop.
package recipe

package cli

import (
	"fmt"
	"strings"

	"pawl/core"
	"pawl/recipe"
	"pawl/registry"
)

type componentsCmd struct {
	Which string `arg:"" optional:"" help:"A kind (tasks, sampler, verifier, ...) or the name of a component."`
	JSON  bool   `help:"Print one JSON document."`
}

func (cmd *componentsCmd) Run(c *console) error {
	list := registry.Default.List("")
	detail := false
	if cmd.Which != "" {
		if list = registry.Default.List(core.Kind(cmd.Which)); len(list) == 0 {
			var err error
			if list, err = registry.Default.Describe(cmd.Which); err != nil {
				if !strings.Contains(err.Error(), "; ") { // nothing is near
					err = fmt.Errorf("%w; pawl components lists them all", err)
				}
				return usagef("%w", err)
			}
			detail = true
		}
	}
	if cmd.JSON {
		return c.document(list)
	}
	kind, width := core.Kind(""), 0
	for _, component := range list {
		width = max(width, len(component.Name))
	}
	for _, component := range list {
		if detail {
			if err := component.WriteText(c.out); err != nil {
				return err
			}
			continue
		}
		if component.Kind != kind {
			kind = component.Kind
			fmt.Fprintf(c.out, "%s\n", kind)
		}
		fmt.Fprintf(c.out, "  %-*s  %s\n", width, component.Name, component.Summary)
	}
	return nil
}

type schemaCmd struct{}

// Run prints the JSON Schema of recipes.
func (cmd *schemaCmd) Run(c *console) error {
	return c.document(recipe.Schema(registry.Default))
}

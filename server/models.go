package server

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"pawl"
	"pawl/core"
)

// served is a model that the gateway answers with.
type served struct {
	names     []string // first the one that it is listed under
	elsewhere bool     // others serve it
	policy    func(ctx context.Context) (core.Policy, error)
}

// catalogue is what can be asked: models, and recipes before them.
type catalogue struct {
	p      *pawl.Pawl
	models []*served

	mu        sync.Mutex
	answerers map[string]*pawl.Answerer // by recipe
}

// namesOf are the names that clients may use for a model.
func namesOf(m pawl.Model) []string {
	names := []string{m.String()}
	switch m.Kind {
	case pawl.ModelOpenAI:
		names = []string{m.Arg, m.String()}
	case pawl.ModelFolder:
		names = append(names, filepath.Base(m.Arg))
	case pawl.ModelReplay:
		names = append(names, filepath.Base(m.Arg))
	}
	return names
}

func (c *catalogue) add(ctx context.Context, m pawl.Model, follow func(ctx context.Context) (core.Policy, error)) error {
	s := &served{names: namesOf(m), elsewhere: m.Served(), policy: follow}
	for _, name := range s.names {
		if c.named(name) != nil {
			return &pawl.InputError{Err: fmt.Errorf("serving %s: another model is named %s already", m, name)}
		}
	}
	if follow == nil {
		policy, err := c.p.Policy(ctx, m)
		if err != nil {
			return err
		}
		s.policy = func(context.Context) (core.Policy, error) { return policy, nil }
	}
	c.models = append(c.models, s)
	return nil
}

func (c *catalogue) named(name string) *served {
	for _, s := range c.models {
		if slices.Contains(s.names, name) {
			return s
		}
	}
	return nil
}

// find reads RECIPE/MODEL. The recipe of the header holds where the name has none.
// Names of models may have slashes themselves: the longest that fits is meant.
func (c *catalogue) find(model, header string) (*served, string, *problem) {
	recipe := ""
	s := c.named(model)
	if s == nil {
		for rest := model; s == nil; {
			_, after, ok := strings.Cut(rest, "/")
			if !ok {
				return nil, "", &problem{status: http.StatusNotFound, code: "model_not_found", param: "model", message: fmt.Sprintf("answering with %s: there is no model of that name here; GET /v1/models lists them", short([]byte(model)))}
			}
			if rest = after; c.named(rest) != nil {
				s, recipe = c.named(rest), strings.TrimSuffix(model, "/"+rest)
			}
		}
	}
	if recipe == "" {
		recipe = header
	} else if header != "" && header != recipe {
		return nil, "", refuse(headerRecipe, "answering with %s: the header %s asks for %s; name one recipe", model, headerRecipe, short([]byte(header)))
	}
	return s, recipe, nil
}

// answerer is that of a recipe. Recipes are found by name alone: a path would let
// clients read files.
func (c *catalogue) answerer(recipe string) (*pawl.Answerer, *problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.answerers[recipe]; a != nil {
		return a, nil
	}
	if recipe != "" && !slices.Contains(c.recipes(), recipe) {
		return nil, &problem{status: http.StatusNotFound, code: "model_not_found", param: "model", message: fmt.Sprintf("answering with recipe %s: there is no recipe of that name here; GET /v1/models lists them", short([]byte(recipe)))}
	}
	a, err := c.p.Answerer(recipe)
	if err != nil {
		return nil, &problem{status: http.StatusBadRequest, code: "unsupported_recipe", param: "model", message: err.Error()}
	}
	if c.answerers == nil {
		c.answerers = map[string]*pawl.Answerer{}
	}
	c.answerers[recipe] = a
	return a, nil
}

// recipes are the names of all there are.
func (c *catalogue) recipes() []string {
	pages, err := c.p.Recipes()
	if err != nil {
		return nil
	}
	return pages
}

// list is GET /v1/models, in the form of both OpenAI and Anthropic: every model, and
// before it every recipe that only answers.
func (c *catalogue) list(since int64) map[string]any {
	var data []map[string]any
	add := func(id string) {
		data = append(data, map[string]any{"id": id, "object": "model", "created": since, "owned_by": "pawl", "type": "model", "display_name": id})
	}
	strategies, _ := c.p.Strategies()
	for _, s := range c.models {
		add(s.names[0])
		for _, r := range strategies {
			add(r + "/" + s.names[0])
		}
	}
	first, last := data[0]["id"], data[len(data)-1]["id"]
	return map[string]any{"object": "list", "data": data, "has_more": false, "first_id": first, "last_id": last}
}

package verifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("json_schema", registry.Doc{
		Summary: "Asks whether the attempt is JSON that keeps a schema.",
		Detail: "The JSON is the last fenced block, or else all of the text. It is read strictly: text after the value, a key that stands twice, NaN, " +
			"and nesting over 200 are wrong. The schema is the recipe's, else the row's `json_schema`, else that of the request; JSON Schema 2020-12 where it does not " +
			"say otherwise. It may refer to itself, never to files or addresses; patterns are RE2. The rationale tells the first place that is wrong. Abstains " +
			"where there is no schema, or a task's own that cannot be used.",
		Example: "json_schema: {schema: {type: object, required: [answer]}}",
	}, newJSONSchema)
}

// JSONSchemaConfig configures json_schema.
type JSONSchemaConfig struct {
	Schema  json.RawMessage `yaml:"schema" doc:"The schema of all tasks; if not given, each task's own."`
	Formats bool            `yaml:"formats" default:"false" doc:"Whether 'format' (date, email, uri and so on) is checked; by the standard it is a remark."`
}

// Validate compiles the schema.
func (c JSONSchemaConfig) Validate() error {
	if c.Schema == nil {
		return nil
	}
	_, err := compileSchema(c.Schema, c.Formats)
	return err
}

func newJSONSchema(_ context.Context, _ core.Host, c JSONSchemaConfig) (core.Verifier, error) {
	v := jsonSchema{cfg: c}
	if c.Schema != nil {
		s, err := compileSchema(c.Schema, c.Formats)
		if err != nil {
			return nil, fmt.Errorf("configuring json_schema: %w", err)
		}
		v.schema = s
	}
	return v, nil
}

type jsonSchema struct {
	cfg    JSONSchemaConfig
	schema *jsonschema.Schema // nil: each task's own
}

// Verify scores each node 1 or 0, and says what is wrong first.
func (v jsonSchema) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("checking a schema: %w", err)
	}
	schema, unknown := v.of(ep.Task)
	var j core.Judgement
	for _, r := range at {
		if err := ctx.Err(); err != nil {
			return core.Judgement{}, err
		}
		if unknown != nil {
			j.Scores = append(j.Scores, abstain("json_schema", r, unknown.Error()))
			continue
		}
		s := core.Score{By: "json_schema", Nodes: []core.Ref{r}, Confidence: 1}
		doc, err := parseJSON(jsonText(attempt(ep, r)))
		if err != nil {
			s.Rationale = "is not JSON: " + err.Error()
		} else if err := schema.Validate(doc); err != nil {
			s.Rationale = firstFault(err)
		} else {
			s.Value = 1
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// of is the schema of a task; the error says why there is none.
func (v jsonSchema) of(t core.Task) (*jsonschema.Schema, error) {
	if v.schema != nil {
		return v.schema, nil
	}
	var ref struct {
		Schema json.RawMessage `json:"json_schema"`
	}
	if err := decodeReference(t, &ref); err != nil {
		return nil, err
	}
	if len(ref.Schema) == 0 {
		ref.Schema = t.Options.Schema
	}
	if len(ref.Schema) == 0 {
		return nil, errors.New("there is no schema; give one in the recipe, or json_schema in the row")
	}
	return compileSchema(ref.Schema, v.cfg.Formats)
}

// closed is the loader of a schema that stands alone.
type closed struct{}

func (closed) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not loaded: a schema may refer to its own parts only", url)
}

const schemaURL = "schema:///task"

// compileSchema reads a schema within the bounds of parseJSON.
func compileSchema(raw json.RawMessage, formats bool) (*jsonschema.Schema, error) {
	doc, err := parseJSON(string(raw))
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(closed{})
	if formats {
		c.AssertFormat()
	}
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	s, err := c.Compile(schemaURL)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %s", oneLine(strings.ReplaceAll(err.Error(), schemaURL, "the schema")))
	}
	return s, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// firstFault tells the place and kind of what is wrong, the first in the order
// of places: validation itself goes through objects in no order.
func firstFault(err error) string {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return oneLine(err.Error())
	}
	print := message.NewPrinter(language.English)
	var all []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			walk(cause)
		}
		if len(e.Causes) > 0 {
			return
		}
		if k, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
			slices.Sort(k.Properties)
		}
		place := "$"
		for _, token := range e.InstanceLocation {
			place += "/" + token
		}
		all = append(all, fmt.Sprintf("%s: %s", place, oneLine(e.ErrorKind.LocalizedString(print))))
	}
	walk(v)
	slices.Sort(all)
	all = slices.Compact(all)
	first := all[0]
	if len(first) > 300 {
		first = strings.ToValidUTF8(first[:300], "") + "..."
	}
	if len(all) > 1 {
		first += fmt.Sprintf(" (and %d more)", len(all)-1)
	}
	return first
}

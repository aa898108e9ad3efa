package openai

import (
	"bytes"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pawl/core"
	"pawl/nn/constraint"
)

// form is what an answer was to keep, for checking that it did: servers that do
// not know a field often pass it over. nil keeps nothing.
type form struct {
	what    string
	grammar *constraint.Grammar
	schema  *jsonschema.Schema
}

// noFiles keeps schemas from reading files or addresses.
type noFiles struct{}

func (noFiles) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not read: a schema stands alone", url)
}

// formOf compiles what options demand; a fault in it is found before anything is
// sent.
func formOf(o core.Options) (*form, error) {
	switch {
	case present(o.Schema):
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(o.Schema))
		if err != nil {
			return nil, fmt.Errorf("the schema: %w", err)
		}
		c := jsonschema.NewCompiler()
		c.UseLoader(noFiles{})
		const at = "pawl:schema"
		if err := c.AddResource(at, doc); err != nil {
			return nil, fmt.Errorf("the schema: %w", err)
		}
		s, err := c.Compile(at)
		if err != nil {
			return nil, fmt.Errorf("the schema: %w", err)
		}
		return &form{what: "schema", schema: s}, nil
	case o.Regex != "":
		g, err := constraint.Regexp(o.Regex)
		return &form{what: "regex", grammar: g}, err
	case o.Grammar != "":
		g, err := constraint.Parse(o.Grammar)
		return &form{what: "grammar", grammar: g}, err
	}
	return nil, nil
}

// keeps tells whether a whole answer has the form; one that was cut, refuses or
// calls tools need not.
func (f *form) keeps(n core.Node) error {
	if f == nil || n.Finish != "stop" || says(n.Data) {
		return nil
	}
	if f.grammar != nil {
		if !f.grammar.Match(n.Content) {
			return fmt.Errorf("the answer does not keep the %s: the server seems to have passed it over", f.what)
		}
		return nil
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(n.Content)))
	if err != nil {
		return fmt.Errorf("the answer is no JSON and so does not keep the schema: the server seems to have passed it over")
	}
	if err := f.schema.Validate(v); err != nil {
		return fmt.Errorf("the answer does not keep the schema: the server seems to have passed it over")
	}
	return nil
}

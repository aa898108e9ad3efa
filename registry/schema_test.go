package registry

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A map within settings that takes a bare value takes it in the schema, too.
func TestSchemaTakesBareValuesWithinSettings(t *testing.T) {
	type count struct {
		Exactly *int `yaml:"exactly" inline:"true" doc:"N."`
		AtMost  *int `yaml:"at_most" doc:"N."`
	}
	type root struct {
		One  *count           `yaml:"one" doc:"One."`
		Many map[string]count `yaml:"many" doc:"Many."`
	}
	text, err := json.Marshal(new(Registry).Schema(root{}, "Test"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("test.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("test.json")
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{
		`{"one": 3}`: true, `{"one": {"exactly": 3}}`: true, `{"one": {"at_most": 3}}`: true, `{"many": {"a": 3, "b": {"at_most": 1}}}`: true,
		`{"one": [3]}`: false, `{"one": {"atmost": 3}}`: false, `{"many": 3}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); (err == nil) != want {
			t.Errorf("%s: %v; want it taken: %v", value, err, want)
		}
	}
}

package recipe

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/prompt"
)

const asking = "sample: greedy\nverify: [ask, {ask: {as: mine, prompt: tidy}}]\nmetrics: [accuracy]\n"

func TestPromptsAreWordedAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tidy.tmpl")
	if err := os.WriteFile(file, []byte("{{.Task}} ?tidy\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := mustParse(t, asking+"prompts:\n  verify: {chat: \"{{.Task}} {{.Attempt}}\"}\n  tidy: {compact_file: "+file+"}\n")
	plain := mustParse(t, asking+"prompts: {tidy: {compact: '{{.Task}} ?tidy'}}\n")
	standard, err := prompt.Get(prompt.Verify)
	if err != nil {
		t.Fatal(err)
	}
	own, err := p.Prompt(prompt.Verify)
	if err != nil || own.Text(prompt.Chat) != "{{.Task}} {{.Attempt}}" || own.Text(prompt.Compact) != standard.Text(prompt.Compact) {
		t.Errorf("verify says %q and %q (%v)", own.Text(prompt.Chat), own.Text(prompt.Compact), err)
	}
	if same, err := plain.Prompt(prompt.Verify); err != nil || same.Digest() != standard.Digest() || own.Digest() == standard.Digest() {
		t.Errorf("digests: %v %v %v", same.Digest(), own.Digest(), err)
	}
	if bytes.Equal(p.Canonical(), plain.Canonical()) {
		t.Error("runs with other words have one identity")
	}
	if q := mustParse(t, "sample: greedy\n"); bytes.Contains(q.Canonical(), []byte("prompts")) {
		t.Error("a recipe without words of its own names prompts in its identity")
	}
	if w, err := p.Wording("tidy", prompt.Compact); err != nil || w.Text != "{{.Task}} ?tidy" || w.Dialect != prompt.Compact {
		t.Errorf("%+v (%v)", w, err)
	}
	for name, dialect := range map[string]string{"tidy": prompt.Chat, "absent": prompt.Chat} {
		if _, err := p.Wording(name, dialect); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s in %s: %v", name, dialect, err)
		}
	}
}

func TestDialectOfASeat(t *testing.T) {
	plain := mustParse(t, "seats: {solver: {}}\nsample: greedy\n")
	compact := mustParse(t, "seats: {solver: {dialect: compact}}\nsample: greedy\n")
	if s, _ := compact.Seat("solver"); s.Dialect != prompt.Compact {
		t.Errorf("%+v", s)
	}
	if bytes.Equal(plain.SeatsCanonical(), compact.SeatsCanonical()) || bytes.Contains(plain.SeatsCanonical(), []byte("dialect")) {
		t.Error("the dialect is not part of what sampling depends on, or is where none is given")
	}
}

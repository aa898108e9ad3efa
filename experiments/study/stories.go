package study

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"pawl"
	"pawl/nn"
	"pawl/report"
)

// Stories is what experiments/stories finds.
type Stories struct {
	Kind  string   `json:"kind"` // KindStories
	Where Where    `json:"where"`
	Words []string `json:"words"` // that the rule asks for
	Limit int      `json:"limit"` // tokens within which a story must end
	Tasks Sets     `json:"tasks"`
	Study Study    `json:"study"`
}

// Sets are the numbers of beginnings.
type Sets struct{ Train, Gate, Audit int }

// KindStories marks the file.
const KindStories = "stories"

// The rule, the same for all beginnings: three words that are common in the
// model's stories, each in a third to two thirds of them.
var storyWords = []string{"happy", "play", "friends"}

const (
	storyLimit = 400 // tokens after the beginning
	// Beginnings come from the model itself, at a temperature at which they
	// differ, and are the same for all seeds of the experiment.
	beginningsSeed, beginningsHeat = 7, 1.3
)

var storySets = Sets{Train: 120, Gate: 80, Audit: 150}

// storyPlan is what rest-em needs to be told: its own values are for problems
// with an answer. The rule takes the place of the verifier exact, by its name.
func storyPlan() map[string]string {
	rule := fmt.Sprintf("[{contains: {as: exact, words: [%s], finished: true}}]", strings.Join(storyWords, ", "))
	return map[string]string{
		"controls":            "null",
		"policies.solver":     "{from: base}",
		"seats.solver":        fmt.Sprintf("{policy: solver, temperature: 1, max_tokens: %d}", storyLimit),
		"sample.repeat.n":     "8",
		"verify":              rule,
		"measure":             "{sample: {repeat: {n: 2}}, verify: " + rule + "}", // the rate, not the likeliest story
		"updates[0].optimize": "{train: {objective: sft, from: base, steps: 60, rate: 1e-3, batch: 16, weight_decay: 0.1}}",
		"metrics":             "[{accuracy: {by: exact}}, {pass_at_k: {by: exact}}, tokens]",
		"rounds":              "1",
	}
}

// RunStories does the experiment with the model of a folder.
func RunStories(ctx context.Context, p *pawl.Pawl, folder string, f *Flags, say func(string)) (*Stories, error) {
	model, tasks, err := prepareStories(ctx, folder, filepath.Join(f.dir, "stories"))
	if err != nil {
		return nil, fmt.Errorf("preparing stories: %w", err)
	}
	set := storyPlan()
	maps.Copy(set, f.Set)
	s, err := Run(ctx, p, Setup{Recipe: "rest-em", Model: model, Tasks: tasks, Set: set, Observe: Lines("stories", say)}, f.Seeds)
	if err != nil {
		return nil, err
	}
	return &Stories{Kind: KindStories, Where: Here(), Words: storyWords, Limit: storyLimit, Tasks: storySets, Study: *s}, nil
}

// prepareStories writes the model, and beginnings in three files, to dir.
func prepareStories(ctx context.Context, folder, dir string) (pawl.Model, pawl.TaskFiles, error) {
	var files pawl.TaskFiles
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return pawl.Model{}, files, err
	}
	m, err := nn.Load(folder)
	if err != nil {
		return pawl.Model{}, files, err
	}
	tok, err := storyTokenizer(folder)
	if err != nil {
		return pawl.Model{}, files, err
	}
	if err := m.Save(filepath.Join(dir, "model"), tok); err != nil {
		return pawl.Model{}, files, err
	}
	all, err := beginnings(ctx, m, tok, storySets.Train+storySets.Gate+storySets.Audit)
	if err != nil {
		return pawl.Model{}, files, err
	}
	for _, s := range []struct {
		to   *string
		name string
		n    int
	}{{&files.Train, "train", storySets.Train}, {&files.Gate, "gate", storySets.Gate}, {&files.Audit, "audit", storySets.Audit}} {
		*s.to = filepath.Join(dir, s.name+".jsonl")
		if err := writePrompts(*s.to, s.name, all[:s.n]); err != nil {
			return pawl.Model{}, files, err
		}
		all = all[s.n:]
	}
	model, err := pawl.ParseModel("embedded:" + filepath.Join(dir, "model"))
	return model, files, err
}

// storyTokenizer takes the begin token for the end token, too: in its training
// data each story ends where the next begins, so this is how the model ends one.
func storyTokenizer(folder string) (*nn.Tokenizer, error) {
	tok, err := nn.LoadTokenizer(folder)
	if err != nil {
		return nil, err
	}
	raw, config := tok.JSON(0)
	var fields map[string]any
	if err := json.Unmarshal(config, &fields); err != nil {
		return nil, err
	}
	fields["eos_token"] = tok.Token(tok.BOS())
	if config, err = json.MarshalIndent(fields, "", " "); err != nil {
		return nil, err
	}
	return nn.ReadTokenizer(raw, config)
}

// beginnings are the first three to seven words of stories, each once.
func beginnings(ctx context.Context, m *nn.Model, tok *nn.Tokenizer, n int) ([]string, error) {
	s := nn.NewSampler(m, nn.SamplerOptions{})
	prompt := nn.Prompt{Tokens: []int32{tok.BOS()}, N: 4 * n, MaxTokens: 32, Temperature: beginningsHeat, Seed: beginningsSeed, Stop: []int32{tok.EOS()}}
	out, err := s.Generate(ctx, []nn.Prompt{prompt}, nil)
	if err != nil {
		return nil, err
	}
	var list []string
	seen := map[string]bool{}
	for i, c := range out[0] {
		words := strings.Fields(tok.Decode(c.Tokens))
		if len(words) < 9 { // the last word may be cut
			continue
		}
		b := strings.Join(words[:3+i%5], " ")
		// Letters alone tell beginnings apart, so that no set holds what another
		// holds with a comma more.
		key := strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, b)
		if !seen[key] && len(list) < n {
			seen[key] = true
			list = append(list, b)
		}
	}
	if len(list) < n {
		return nil, fmt.Errorf("%d different beginnings, want %d", len(list), n)
	}
	return list, nil
}

func writePrompts(path, set string, list []string) error {
	var b strings.Builder
	for i, s := range list {
		line, err := json.Marshal(map[string]string{"id": fmt.Sprintf("%s-%03d", set, i), "prompt": s})
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// Markdown is the experiment as tables.
func (s *Stories) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nRule: the story contains %s, and ends within %d tokens. %d beginnings to learn from, %d of the gate, %d sealed; two stories each.\n\n",
		s.Where, strings.Join(s.Words, ", "), s.Limit, s.Tasks.Train, s.Tasks.Gate, s.Tasks.Audit)
	b.WriteString("Share of stories on the sealed beginnings that keep the rule, and paired differences, with 95% intervals; \"all\" takes the seeds together, with beginnings as the units:\n\n" +
		"| seed | base | final | null | final - base | final - null | kept to train on, of the stories sampled | verdict |\n|-|-|-|-|-|-|-|-|\n")
	for i := range s.Study.Trials {
		t := &s.Study.Trials[i]
		r := t.Rounds[0]
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %d of %d | %s |\n", t.Seed, t.Arm("base"), t.Arm("final"), t.Arm("null"),
			t.Pair("final", "base"), t.Pair("final", "null"), r.Kept, r.Sampled, strings.ReplaceAll(r.Verdict, "_", " "))
	}
	fmt.Fprintf(&b, "| all | %.3f | %.3f | %.3f | %s | %s | | |\n", report.Round3(s.Study.mean("base")), report.Round3(s.Study.mean("final")), report.Round3(s.Study.mean("null")),
		findPair(s.Study.Pooled, "final", "base"), findPair(s.Study.Pooled, "final", "null"))
	return b.String()
}

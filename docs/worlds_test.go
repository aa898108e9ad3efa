package docs

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
	"pawl/world/worldtest"
)

const worldsIntro = `# Worlds

Generated from the code; do not edit. A world makes tasks without end and judges
every answer exactly. Each is a task source of its name, in recipes
(` + "`train: {chain: {split: train, level: 3}}`" + `) and on the command line
(` + "`--tasks chain`, `--tasks '{chain: {level: 4, n: 1000}}'`" + `), where the first 200 tasks
of the audit split are taken unless it says otherwise. The settings of each are in
[components.md](components.md). Splits never share an instance: labelled 25%, train
40%, search 5%, gate 15%, audit 15%.

Levels go from 1 to 5; 2, 3 and 4 are called easy, default and hard. The examples
are of level 3, in the compact dialect, which is for small models; the chat
dialect asks in English. Beside tasks and oracle a world may know the steps of a
solution, realistic mistakes, other right solutions, plans, and which task a
prompt poses; some are played turn by turn.

| world | tasks to train on, level 3 | knows |
|-|-|-|
`

// worldsPage lists the registered worlds with an example each.
func worldsPage([]byte) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(worldsIntro)
	var sections bytes.Buffer
	for _, name := range world.Names() {
		w, err := worldtest.Registered(name).New("train", world.Compact, 3, 1, 0)
		if err != nil {
			return nil, err
		}
		rules, _ := world.RulesOf(name)
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", name, name, thousands(w.Len()), known(rules))
		if err := worldSection(&sections, name, rules, w.Task(0)); err != nil {
			return nil, fmt.Errorf("describing world %s: %w", name, err)
		}
	}
	b.Write(sections.Bytes())
	return b.Bytes(), nil
}

// known lists what the rules have, in words.
func known(r world.Rules) string {
	var list []string
	for _, k := range []struct {
		there bool
		word  string
	}{
		{r.Play != nil, "play"}, {r.Judge != nil, "oracle"}, {r.Steps != nil, "steps"}, {r.Flaw != nil, "mistakes"},
		{r.Variant != nil, "variants"}, {r.Plan != nil, "plans"}, {r.Read != nil, "prompts"},
	} {
		if k.there {
			list = append(list, k.word)
		}
	}
	return strings.Join(list, ", ")
}

func worldSection(b *bytes.Buffer, name string, rules world.Rules, task core.Task) error {
	found, err := registry.Default.Describe(name)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n## %s\n", name)
	for _, c := range found {
		if c.Kind == core.KindTasks {
			fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(c.Summary+" "+c.Detail))
			if c.Paper != "" {
				fmt.Fprintf(b, "\nPaper: %s\n", c.Paper)
			}
		}
	}
	fmt.Fprintf(b, "\n```text\n%-10s%s\n", "task", task.Text())
	line := func(what, text string) { fmt.Fprintf(b, "%-10s%s\n", what, text) }
	if rules.Play != nil && rules.Demonstrate != nil {
		if err := playLines(line, rules, task); err != nil {
			return err
		}
	}
	if rules.Judge != nil && rules.Play == nil {
		line("solution", task.Ref().Solution)
	}
	stream := func() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }
	if rules.Flaw != nil {
		text, err := rules.Flaw(task.Reference, stream())
		if err != nil {
			return err
		}
		v, err := world.Check(task, text)
		if err != nil {
			return err
		}
		line("mistake", text)
		line("", fmt.Sprintf("(step %d: %s)", v.FirstWrong, v.Reason))
	}
	if rules.Plan != nil {
		text, err := rules.Plan(task.Reference)
		if err != nil {
			return err
		}
		line("plan", text)
	}
	b.WriteString("```\n")
	if rules.Scale != nil {
		random, oracle := rules.Scale(3, nil)
		fmt.Fprintf(b, "\nMean return at level 3: %s of random legal play, %s of the oracle.\n", short(random), short(oracle))
	}
	return nil
}

// playLines tells an expert's play.
func playLines(line func(what, text string), rules world.Rules, task core.Task) error {
	play, err := rules.Play(task.Reference)
	if err != nil {
		return err
	}
	moves, err := rules.Demonstrate(task.Reference, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		return err
	}
	for i := range len(moves) + 1 {
		turn := play(moves[:i])
		if turn.Text != "" {
			line("", turn.Text)
		}
		if i < len(moves) {
			line("move", moves[i])
		} else {
			line("return", short(turn.Return))
		}
	}
	return nil
}

// short writes x to three decimals at most.
func short(x float64) string {
	return strconv.FormatFloat(math.Round(x*1000)/1000, 'f', -1, 64)
}

// thousands writes n with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package recipe

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/registry"
)

func mustParse(t *testing.T, src string) *Plan {
	t.Helper()
	p, problems := Parse(fixtures(), "test.yaml", []byte(src))
	if len(problems) > 0 {
		t.Fatalf("parsing: %v", problems)
	}
	return p
}

func readFull(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func field(t *testing.T, s core.Spec, name string) any {
	t.Helper()
	v := reflect.ValueOf(s.Config).FieldByName(name)
	if !v.IsValid() {
		t.Fatalf("%s %s has no field %s", s.Kind, s.Name, name)
	}
	return v.Interface()
}

func TestPlanOfAFullRecipe(t *testing.T) {
	p := mustParse(t, readFull(t))
	if p.Name != "test" || p.Seed != 3 || p.Rounds != 4 || p.Parents != "incumbent" || p.About.ID != "S118" {
		t.Errorf("head: %q seed %d rounds %d parents %q id %q", p.Name, p.Seed, p.Rounds, p.Parents, p.About.ID)
	}
	if len(p.Policies) != 2 || p.Policies[0].Init.Name != "pretrain" || p.Policies[0].From != "" || p.Policies[1].From != "./critic" {
		t.Errorf("policies: %+v", p.Policies)
	}
	if got := field(t, p.Policies[0].Init, "Rate"); got != 0.002 {
		t.Errorf("pretrain rate: %v", got)
	}
	judge, ok := p.Seat("judge")
	if !ok || judge.Policy != "critic" || judge.Options.MaxTokens != 20 || judge.Options.Temperature != nil {
		t.Errorf("judge: %+v", judge)
	}
	if s, _ := p.Seat("solver"); *s.Options.Temperature != 0.7 || s.Options.Stop[0] != "\n" {
		t.Errorf("solver: %+v", s)
	}
	train, _ := p.Set("train")
	if train.Take != 3000 || field(t, train.Source, "Split") != "train" || field(t, train.Source, "N") != 0 {
		t.Errorf("train: %+v", train)
	}
	if labelled, _ := p.Set("labelled"); field(t, labelled.Source, "N") != 4000 {
		t.Errorf("labelled: %+v", labelled)
	}
	if p.Verify[0].Label() != "vote" || p.Verify[0].Name != "majority_vote" || p.Verify[1].Name != "oracle" {
		t.Errorf("verify: %+v", p.Verify)
	}
	if inf := p.Inference(); len(inf) != 1 || inf[0].Label() != "vote" {
		t.Errorf("inference keeps %+v; the oracle needs what inference has not", inf)
	}
	if p.Measure.Answered || p.Measure.Sample.Name != "greedy" || p.Measure.By() != "exact" {
		t.Errorf("measure: %+v", p.Measure)
	}
	if len(p.Stages) != 1 || p.Stages[0].Steps != 1 || len(p.Stages[0].Updates) != 1 || p.Stages[0].Sample.Name != "repeat" {
		t.Fatalf("stages: %+v", p.Stages)
	}
	if p.Budget != (Budget{USD: 20, Tokens: 50_000_000}) {
		t.Errorf("budget: %+v", p.Budget)
	}
	if where := p.Stages[0].Updates[0].Optimize.Where; where != "test.yaml:21:16" {
		t.Errorf("optimize stands at %s", where)
	}
	if missing := p.Missing(); missing != nil {
		t.Errorf("missing sets: %v", missing)
	}
}

func TestControlsInheritWhatTheyLeaveOut(t *testing.T) {
	p := mustParse(t, readFull(t))
	null := p.StagesFor("null")[0].Updates[0]
	if field(t, null.Select, "New").(core.Spec).Name != "first" {
		t.Errorf("null selects by %+v", null.Select)
	}
	if field(t, null.Select, "Anchors").(core.Spec).Name != "demonstrations" {
		t.Errorf("null lost the anchors: %+v", null.Select)
	}
	labelled := p.StagesFor("labelled")[0].Updates[0]
	if labelled.Select.Name != "demonstrations" {
		t.Errorf("labelled selects by %+v", labelled.Select)
	}
	for _, c := range p.Controls {
		if got := field(t, c.Stages[0].Updates[0].Optimize, "Rate"); got != 0.0015 {
			t.Errorf("control %s trains at %v", c.Name, got)
		}
	}
	if real := p.Stages[0].Updates[0].Select; field(t, real, "New").(core.Spec).Name != "filter" {
		t.Errorf("a control changed the real arm: %+v", real)
	}
	other := mustParse(t, "sample: greedy\nverify: [majority_vote]\nupdates: [{policy: solver, select: {filter: {by: majority_vote, at_least: 0.9}}, optimize: {train: {steps: 7, from: base}}}]\n"+
		"controls: {slow: {solver: {optimize: {train: {rate: 1e-5}}}}, random: {solver: {verify: [oracle], select: {pairs: {by: random}}}}}")
	slow := other.StagesFor("slow")[0].Updates[0].Optimize
	if field(t, slow, "Steps") != 7 || field(t, slow, "From") != "base" || field(t, slow, "Rate") != 1e-5 {
		t.Errorf("slow: %+v", slow.Config)
	}
	if v := other.StagesFor("random")[0].Verify; len(v) != 1 || v[0].Name != "oracle" {
		t.Errorf("random verifies by %+v", v)
	}
}

func TestDefaults(t *testing.T) {
	p := mustParse(t, "sample: {repeat: {n: 4}}\nverify: [majority_vote, oracle]\nupdates: [{policy: solver, select: first, optimize: train}]")
	if len(p.Policies) != 1 || p.Policies[0].From != "base" || len(p.Seats) != 1 || p.Seats[0].Policy != "solver" {
		t.Errorf("policies %+v, seats %+v", p.Policies, p.Seats)
	}
	if p.Gate.Name != "paired" || p.Rounds != 1 || p.Seed != 1 {
		t.Errorf("gate %q rounds %d seed %d", p.Gate.Name, p.Rounds, p.Seed)
	}
	if p.Measure.Sample.Name != "greedy" || p.Measure.By() != "exact" || p.Measure.Answered {
		t.Errorf("measure %+v", p.Measure)
	}
	answered := mustParse(t, "sample: {repeat: {n: 4}}\nverify: [majority_vote, oracle]\nanswer: {by: majority_vote}\nupdates: [{policy: solver, select: first, optimize: train}]")
	m := answered.Measure
	if !m.Answered || m.Sample.Name != "repeat" || len(m.Verify) != 2 || m.Verify[0].Name != "majority_vote" || m.By() != "exact" {
		t.Errorf("measure of an answering recipe: %+v", m)
	}
	judged := mustParse(t, "sample: {repeat: {n: 4}}\nverify: [majority_vote, oracle]\nanswer: {by: majority_vote}\nmeasure: {answered: true, verify: [oracle]}\nupdates: [{policy: solver, select: first, optimize: train}]")
	if m := judged.Measure; !m.Answered || m.Sample.Name != "repeat" || len(m.Verify) != 2 || m.By() != "oracle" {
		t.Errorf("measure of an answering recipe by another verifier: %+v", m)
	}
	study := mustParse(t, "sample: greedy\nmetrics: [accuracy]")
	if len(study.Stages) != 0 || study.Gate.Name != "" {
		t.Errorf("a study: %+v", study)
	}
}

func TestStages(t *testing.T) {
	p := mustParse(t, `
sample: {repeat: {n: 4}}
verify: [majority_vote]
stages:
  - steps: 100
    updates: [{policy: solver, select: first, optimize: train}]
  - sample: greedy
    verify: [{majority_vote: {as: again}}]
    updates: [{policy: solver, select: {filter: {by: again}}, optimize: {train: {steps: 3}}}]
controls: {plain: {solver: {select: first, sample: {repeat: {n: 1}}}}}
`)
	if p.Stages[0].Steps != 100 || p.Stages[0].Sample.Name != "repeat" || p.Stages[1].Steps != 1 || p.Stages[1].Sample.Name != "greedy" {
		t.Errorf("stages: %+v", p.Stages)
	}
	for i, s := range p.StagesFor("plain") {
		if s.Updates[0].Select.Name != "first" || s.Sample.Name != "repeat" || field(t, s.Sample, "N") != 1 {
			t.Errorf("control's stage %d: %+v", i, s)
		}
	}
	if field(t, p.StagesFor("plain")[1].Updates[0].Optimize, "Steps") != 3 {
		t.Error("the control's second stage lost its own optimizer")
	}
}

func TestMissingSets(t *testing.T) {
	p := mustParse(t, "tasks: {train: {jsonl: a.jsonl}, gate: , audit: }\nsample: greedy\nmetrics: [accuracy]")
	if got := strings.Join(p.Missing(), " "); got != "gate audit" {
		t.Errorf("missing %q", got)
	}
	bare := mustParse(t, "tasks: {gate: {jsonl: a.jsonl}}\nsample: greedy\nupdates: [{policy: solver, select: first, optimize: train}]")
	if got := strings.Join(bare.Missing(), " "); got != "train" {
		t.Errorf("missing %q", got)
	}
}

func TestTextAsEditorsWriteIt(t *testing.T) {
	want := mustParse(t, "sample: greedy\nmetrics: [accuracy]\n").Canonical()
	for _, src := range []string{
		"sample: greedy\r\nmetrics: [accuracy]\r\n", "\ufeffsample: greedy\nmetrics: [accuracy]\n",
		"%YAML 1.2\n---\nsample: greedy\nmetrics:\n- accuracy\n...\n", "{sample: greedy, metrics: [accuracy]}",
	} {
		if got := mustParse(t, src).Canonical(); string(got) != string(want) {
			t.Errorf("%q reads as %s", src, got)
		}
	}
}

// Every file in testdata/lint begins with the problems expected, as comments.
func TestLintGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/lint/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("golden recipes: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, problems := Parse(fixtures(), filepath.Base(file), src)
			if len(problems) == 0 {
				t.Error("no problem was found")
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			got := problems.Error() + "\n"
			if os.Getenv("PAWL_UPDATE") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestProblemsAreLocated(t *testing.T) {
	_, problems := Parse(fixtures(), "r.yaml", []byte("sample: greedy\nverify: [majority_vote]\nupdates:\n  - policy: solver\n    select: {pair: {by: vote}}\n    optimize: train\n"))
	want := registry.Problem{
		File: "r.yaml", Line: 5, Col: 14, Path: "updates[0].select", Value: "pair",
		Message: `no selector named "pair"`, Hint: `did you mean "pairs"?`,
	}
	if len(problems) != 1 || problems[0] != want {
		t.Fatalf("got %+v", problems)
	}
	if got := problems[0].String(); got != `r.yaml:5:14: updates[0].select: no selector named "pair"; did you mean "pairs"?` {
		t.Error(got)
	}
}

// A control may answer by another rule, which is checked as the recipe's is and
// determines the run.
func TestControlsAnswerOtherwise(t *testing.T) {
	const page = `
policies: {solver: {from: base}}
tasks: {train: {jsonl: {path: a}}, gate: {jsonl: {path: b}}, audit: {jsonl: {path: c}}}
sample: {repeat: {n: 2}}
verify: [majority_vote]
answer: {by: majority_vote, abstain_below: {risk: 0.05}}
updates: [{policy: solver, select: first, optimize: {train: {steps: 1}}}]
controls: {half: {solver: {answer: {by: majority_vote, abstain_below: %s}}}, plain: {solver: {select: first}}}
`
	canonical := map[string]bool{}
	for _, at := range []string{"0.5", "0.75"} {
		p, problems := Parse(fixtures(), "page.yaml", fmt.Appendf(nil, page, at))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := fmt.Sprint(p.AnswerOf("half").AbstainBelow.Value); got != at {
			t.Errorf("half answers at %s, not %s", got, at)
		}
		for _, arm := range []string{"", "base", "plain"} {
			if got := p.AnswerOf(arm); got.AbstainBelow.Risk != 0.05 {
				t.Errorf("%q answers by %+v", arm, got)
			}
		}
		canonical[string(p.Canonical())] = true
	}
	if len(canonical) != 2 {
		t.Error("another rule of a control is the same plan")
	}
	for at, want := range map[string]string{
		"{risk: 0.1, value: 0.5}":                    `page.yaml:8:72: controls.half.solver.answer.abstain_below: both a value`,
		"0.5}}}, odd: {solver: {answer: {by: nobody": `no verifier named "nobody"`,
	} {
		if _, problems := Parse(fixtures(), "page.yaml", fmt.Appendf(nil, page, at)); len(problems) == 0 || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: %v, want %s", at, problems, want)
		}
	}
}

package prompt

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed templates/*.tmpl
var files embed.FS

// Names of the built-in templates, one for each role.
const (
	Solve            = "solve"
	Verify           = "verify"
	Locate           = "locate"
	Revise           = "revise"
	Compare          = "compare"
	Grade            = "grade"
	Aggregate        = "aggregate"
	Plan             = "plan"
	Propose          = "propose"
	AttemptOrAbstain = "attempt_or_abstain"
	WriteTests       = "write_tests"
	WriteCheck       = "write_check"
	SolveByProgram   = "solve_by_program"
	Rephrase         = "rephrase"
	Recover          = "recover"
	FollowUp         = "follow_up"

	Know                = "know"
	VerifyAmong         = "verify_among"
	Confidence          = "confidence"
	CritiqueConfidence  = "critique_confidence"
	Uncertainty         = "uncertainty"
	CritiqueUncertainty = "critique_uncertainty"

	GradeByReference   = "grade_by_reference"
	Rank               = "rank"
	WriteChecklist     = "write_checklist"
	CheckItem          = "check_item"
	KeepPrinciple      = "keep_principle"
	CompareByPrinciple = "compare_by_principle"
	CheckStep          = "check_step"
	ErrorSpans         = "error_spans"
	CompareJudgements  = "compare_judgements"
	Critique           = "critique"
	VerifyCritiqued    = "verify_critiqued"
	Repair             = "repair"
)

// role is what holds of a template whoever words it.
type role struct {
	version int
	summary string
	must    []string // fields that every wording shows
}

// roles by name. Whoever changes the words of a template raises its version.
var roles = map[string]role{
	Solve:            {1, "Asks for a solution.", []string{"Task"}},
	Verify:           {1, "Asks whether an attempt is right: yes or no.", []string{"Task", "Attempt"}},
	Locate:           {1, "Asks for the number of the first wrong step, 0 for none.", []string{"Task", "Attempt"}},
	Revise:           {1, "Asks to write an attempt anew from a step on.", []string{"Task", "Attempt", "Step"}},
	Compare:          {1, "Asks which of two attempts is better: A or B.", []string{"Task", "Attempts"}},
	Grade:            {1, "Asks for a grade from 0 to 5.", []string{"Task", "Attempt"}},
	Aggregate:        {1, "Asks for one final solution, given several attempts.", []string{"Task", "Attempts"}},
	Plan:             {1, "Asks for the sub-goals before working them out.", []string{"Task"}},
	Propose:          {1, "Asks for a new problem of a world, at a level.", []string{"World", "Level"}},
	AttemptOrAbstain: {1, "Asks for a solution, or a question mark where it would be a guess.", []string{"Task"}},
	WriteTests:       {1, "Asks for asserts that test a function that is still to be written.", []string{"Task"}},
	WriteCheck:       {1, "Asks for a program that tells whether an answer keeps a problem's conditions.", []string{"Task"}},
	SolveByProgram:   {1, "Asks for a program that prints the answer.", []string{"Task"}},
	Rephrase:         {1, "Asks for the same problem in other words.", []string{"Task"}},
	Recover:          {1, "Asks for the number that x stands for in a problem whose answer is given.", []string{"Task", "Answer"}},
	FollowUp:         {1, "Asks whether an answer is right by an attempt's reasoning: yes or no.", []string{"Task", "Attempt", "Answer"}},

	Know:               {1, "Asks whether one would solve a task: yes or no, before trying.", []string{"Task"}},
	VerifyAmong:        {1, "Asks whether an attempt is right, other attempts shown before it.", []string{"Task", "Attempt", "Attempts"}},
	Confidence:         {1, "Asks for the probability that an attempt is right, in percent.", []string{"Task", "Attempt"}},
	CritiqueConfidence: {1, "Asks to criticise a stated confidence in an attempt, and to state it anew.", []string{"Task", "Attempt", "Confidence"}},

	Uncertainty:         {1, "Asks how uncertain one is about a task, an attempt being shown, in percent.", []string{"Task", "Attempt"}},
	CritiqueUncertainty: {1, "Asks to criticise a stated uncertainty about a task, and to state it anew.", []string{"Task", "Attempt", "Confidence"}},

	GradeByReference:   {1, "Asks for a grade from 0 to 5, the reference answer being shown.", []string{"Task", "Attempt", "Reference"}},
	Rank:               {1, "Asks for the order of several attempts, best first.", []string{"Task", "Attempts"}},
	WriteChecklist:     {1, "Asks for yes/no questions that a good response to the task answers with yes.", []string{"Task"}},
	CheckItem:          {1, "Asks one question of a checklist about an attempt: yes or no.", []string{"Task", "Attempt", "Criterion"}},
	KeepPrinciple:      {1, "Asks whether an attempt keeps a principle: yes or no.", []string{"Task", "Attempt", "Criterion"}},
	CompareByPrinciple: {1, "Asks which of two attempts is better by a principle: A or B.", []string{"Task", "Attempts", "Criterion"}},
	CheckStep:          {1, "Asks whether one step of an attempt is right, given those before it: yes or no.", []string{"Task", "Step"}},
	ErrorSpans:         {1, "Asks for the errors of an attempt: where, of what type, how severe.", []string{"Task", "Attempt"}},
	CompareJudgements:  {1, "Asks which of two judgements of one attempt is better: A or B.", []string{"Task", "Attempt", "Remarks"}},
	Critique:           {1, "Asks for a critique of an attempt, or of the last critique of it.", []string{"Task", "Attempt"}},
	VerifyCritiqued:    {1, "Asks whether an attempt is right, given critiques of it: yes or no.", []string{"Task", "Attempt", "Remarks"}},
	Repair:             {1, "Asks again for a verdict whose form could not be read.", []string{"Error"}},
}

// Names lists the built-in templates.
func Names() []string { return slices.Sorted(maps.Keys(roles)) }

// Get is a built-in template, in both dialects.
func Get(name string) (Template, error) {
	if _, ok := roles[name]; !ok {
		return Template{}, fmt.Errorf("no prompt named %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return builtins[name], nil
}

// builtins are parsed once; they do not change.
var builtins = load()

// load parses the files of this package. A faulty one is a mistake of the
// program, seen by its first run.
func load() map[string]Template {
	all := map[string]Template{}
	for name, r := range roles {
		t := Template{Name: name, Version: r.version, Summary: r.summary}
		for _, dialect := range Dialects() {
			text, err := files.ReadFile("templates/" + name + "." + dialect + ".tmpl")
			if err != nil {
				panic("prompt: " + err.Error())
			}
			u, err := Parse(name, dialect, string(text))
			if err != nil {
				panic("prompt: " + err.Error())
			}
			t = t.Over(u)
		}
		all[name] = t
	}
	return all
}

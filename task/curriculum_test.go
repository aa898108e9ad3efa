package task

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// part is the config of a source of n tasks named after it and the setting k.
type part struct {
	Name string `yaml:"name" doc:"Name."`
	N    int    `yaml:"n" doc:"Tasks; -1 never ends."`
	K    int    `yaml:"k" max:"9" doc:"Varies."`
	Unit string `yaml:"unit" doc:"Unit of its tokens."`
}

// list is a source with a vocabulary, perhaps an endless one.
type list struct {
	coretest.TaskList
	part
}

func (l list) Len() int {
	if l.N < 0 {
		return -1
	}
	return len(l.TaskList)
}
func (l list) Unit() string { return l.part.Unit }
func (l list) Vocabulary() []string {
	if l.part.Unit == "" {
		return nil
	}
	return []string{"=", l.Name}
}

func curriculumOf(t *testing.T, c Curriculum) (core.TaskSource, error) {
	h := coretest.NewHost(coretest.Samples("x"))
	h.Builder = func(_ context.Context, _ core.Host, s core.Spec) (any, error) {
		p := s.Config.(part)
		l := list{part: p}
		for i := range max(p.N, 3) {
			l.TaskList = append(l.TaskList, coretest.Task(p.Name+strings.Repeat("'", p.K)+string(rune('0'+i)), "q", ""))
		}
		return l, nil
	}
	return newCurriculum(t.Context(), h, c)
}

func source(p part) core.Spec { return core.Spec{Kind: core.KindTasks, Name: "part", Config: p} }

func ids(t *testing.T, s core.TaskSource, first, n int) (out []string) {
	t.Helper()
	for task, err := range s.Tasks(t.Context(), first) {
		if err != nil {
			t.Fatal(err)
		}
		if out = append(out, task.ID); len(out) == n {
			break
		}
	}
	return out
}

func TestCurriculumGoesThroughItsSources(t *testing.T) {
	s, err := curriculumOf(t, Curriculum{Of: []core.Spec{source(part{Name: "a", N: 3}), source(part{Name: "b", N: 4})}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 7 {
		t.Errorf("length %d, want 7", s.Len())
	}
	for _, c := range []struct {
		first, n int
		want     []string
	}{
		{0, 9, []string{"a0", "a1", "a2", "b0", "b1", "b2", "b3"}},
		{2, 2, []string{"a2", "b0"}},
		{3, 2, []string{"b0", "b1"}},
		{6, 2, []string{"b3"}},
		{7, 2, nil},
	} {
		if got := ids(t, s, c.first, c.n); !slices.Equal(got, c.want) {
			t.Errorf("from %d on: %q, want %q", c.first, got, c.want)
		}
	}
	if _, ok := s.(core.Vocabularied); ok {
		t.Error("sources of any text make a curriculum with a vocabulary")
	}
}

func TestCurriculumVariesASetting(t *testing.T) {
	s, err := curriculumOf(t, Curriculum{Vary: "k", From: 1, To: 3, Of: []core.Spec{source(part{Name: "a", N: 3})}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, s, 2, 5), []string{"a'2", "a''0", "a''1", "a''2", "a'''0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCurriculumMayEndInAnEndlessSource(t *testing.T) {
	s, err := curriculumOf(t, Curriculum{Of: []core.Spec{source(part{Name: "a", N: 3}), source(part{Name: "b", N: -1})}})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s, 4, 2); s.Len() != -1 || !slices.Equal(got, []string{"b1", "b2"}) {
		t.Errorf("length %d, from 4 on %q", s.Len(), got)
	}
}

func TestCurriculumJoinsVocabularies(t *testing.T) {
	s, err := curriculumOf(t, Curriculum{Of: []core.Spec{
		source(part{Name: "a", N: 1, Unit: core.UnitWords}), source(part{Name: "b", N: 1, Unit: core.UnitWords}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	v := s.(core.Vocabularied)
	if got := v.Vocabulary(); v.Unit() != core.UnitWords || !slices.Equal(got, []string{"=", "a", "b"}) {
		t.Errorf("unit %s, %q", v.Unit(), got)
	}
}

func TestCurriculumRefuses(t *testing.T) {
	one := source(part{Name: "a", N: 1})
	for _, c := range []struct {
		cfg  Curriculum
		want string
	}{
		{Curriculum{Of: []core.Spec{one}, From: 3}, "add vary"},
		{Curriculum{Of: []core.Spec{one, one}, Vary: "k", To: 2}, "one source"},
		{Curriculum{Of: []core.Spec{one}, Vary: "k", From: 2, To: 1}, "ascend"},
		{Curriculum{Of: []core.Spec{one}, Vary: "kk", To: 2}, `did you mean "k"?`},
		{Curriculum{Of: []core.Spec{one}, Vary: "name", To: 2}, "no whole number"},
		{Curriculum{Of: []core.Spec{one}, Vary: "k", To: 12}, "9 or less"},
		{Curriculum{Of: []core.Spec{source(part{N: -1}), one}}, "endless"},
		{Curriculum{Of: []core.Spec{source(part{Unit: core.UnitWords}), source(part{Unit: core.UnitCharacters})}}, "one model cannot read both"},
	} {
		if _, err := curriculumOf(t, c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
}

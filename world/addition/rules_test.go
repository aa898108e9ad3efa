package addition

import (
	"testing"

	"pawl/world"
)

func TestCarries(t *testing.T) {
	// 957+68: 7+8 carries into the tens, 5+6+1 into the hundreds, 9+1 on.
	for column, want := range []bool{false, true, true, true, false} {
		if got := carries("957", "68", column); got != want {
			t.Errorf("957+68 carries into column %d: %v", column, got)
		}
	}
}

// Of 95+17 = 112 the carries are in tens and hundreds: forgetting one gives
// 102 or 12; the units have none and can only be off by one.
func TestFlawsAreSlipsOfACarry(t *testing.T) {
	want := map[string]int{"102": 2, "12": 2, "111": 3, "113": 3}
	seen := map[string]bool{}
	task := additionTask("forward", world.Compact, "95", "17")
	for n := range uint64(200) {
		text, err := flaw(task.Reference, world.Random("test", n, n))
		if err != nil {
			t.Fatal(err)
		}
		v, err := world.Check(task, text)
		if err != nil || v.Valid || v.FirstWrong != want[text] {
			t.Fatalf("%q: %+v, %v", text, v, err)
		}
		seen[text] = true
	}
	if len(seen) != len(want) {
		t.Errorf("flaws %v, want all of %v", seen, want)
	}
}

func TestPromptsThatPoseNothing(t *testing.T) {
	if task, err := read("95+7="); err != nil || task.Ref().Answer != "102" {
		t.Errorf("95+7: %s, %v", task.Reference, err)
	}
	for _, prompt := range []string{"95+7", "+7=", "095+7=", "95 + 7=", "95+7=102", "-5+7=", "95+7=\n"} {
		if task, err := read(prompt); err == nil {
			t.Errorf("%q poses %s", prompt, task.Reference)
		}
	}
}

package verifier

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func commandOf(change func(*CommandConfig), args ...string) func(h *coretest.Host) (core.Verifier, error) {
	return func(h *coretest.Host) (core.Verifier, error) {
		c := CommandConfig{Command: args, Confined: confined(), Outside: asking()}
		if change != nil {
			change(&c)
		}
		return newCommand(context.Background(), h, c)
	}
}

func keep(c *CommandConfig) { c.Keep = true }

// judge answers rows in POSIX shell, as they come: by what the completion says.
const judge = `
while IFS= read -r line; do
  row=${line#*\"row\":}; row=${row%%,*}
  case $line in
  *'"completion":"hang"'*) sleep 1000;;
  *'"completion":"die"'*) echo "first" >&2; echo "the last words" >&2; exit 9;;
  *'"completion":"kill"'*) kill -9 $$;;
  *'"completion":"end"'*) exit 0;;
  *'"completion":"flood"'*) while :; do echo 00000000000000000000000000000000000000000000000000000000000000; done;;
  *'"completion":"long"'*) while :; do printf 00000000000000000000000000000000000000000000000000000000000000; done;;
  *'"completion":"text"'*) echo good;;
  *'"completion":"object"'*) echo "{\"row\":$row}";;
  *'"completion":"nan"'*) echo "{\"row\":$row,\"value\":NaN}";;
  *'"completion":"huge"'*) echo "{\"row\":$row,\"value\":1e999}";;
  *'"completion":"sure"'*) echo "{\"row\":$row,\"value\":1,\"confidence\":7}";;
  *'"completion":"order"'*) echo "{\"row\":$((row + 1)),\"value\":1}";;
  *'"completion":"twice"'*) echo "{\"row\":$row,\"value\":1}"; echo "{\"row\":$row,\"value\":1}";;
  *'"completion":"daemon"'*) (setsid sleep 1000.DAEMON >/dev/null 2>&1 &) ; exit 3;;
  *'"completion":"none"'*) echo "{\"row\":$row,\"value\":null,\"rationale\":\"cannot tell\"}";;
  *'"answer":"2"'*) echo "{\"row\":$row,\"value\":0.5,\"confidence\":0.25,\"rationale\":\"so so\"}";;
  *) echo "{\"row\":$row,\"value\":0}";;
  esac
done
`

func TestCommandConforms(t *testing.T) {
	needs(t, "sh")
	coretest.Verifier(t, commandOf(nil, "sh", "-c", judge))
	coretest.Verifier(t, commandOf(keep, "sh", "-c", judge))
}

func TestCommand(t *testing.T) {
	needs(t, "sh")
	for name, change := range map[string]func(*CommandConfig){"once": nil, "kept": keep} {
		t.Run(name, func(t *testing.T) {
			v, h, _ := built(t, commandOf(change, "sh", "-c", judge))
			for range 3 {
				s := scored(t, v, "fine", "none", "fine")
				if s[0].Value != 0.5 || s[0].Confidence != 0.25 || s[0].Rationale != "so so" || !s[1].Abstain || s[1].Rationale != "cannot tell" || s[2].Value != 0.5 {
					t.Fatalf("%+v", s)
				}
			}
			if len(h.Notes()) > 0 {
				t.Errorf("told: %v", h.Notes())
			}
		})
	}
	// In the sandbox, what it needs lies beside it; a kept one is started once.
	file := written(t, "judge.sh", judge)
	v, _, box := built(t, commandOf(func(c *CommandConfig) { c.Keep, c.Trusted, c.Beside = true, false, []string{file} }, "sh", file))
	for range 4 {
		if s := scored(t, v, "fine"); s[0].Value != 0.5 {
			t.Fatalf("%+v", s)
		}
	}
	if len(box.starts) != 1 {
		t.Errorf("started %d times", len(box.starts))
	}
}

func TestCommandFails(t *testing.T) {
	needs(t, "sh")
	script := strings.ReplaceAll(judge, "DAEMON", "7770001")
	for _, c := range []struct{ what, once, kept string }{
		{"hang", "it took longer than 1s", "it took longer than 1s"},
		{"die", "it ended with status 9: the last words", "it ended with status 9: the last words"},
		{"kill", "it was ended by SIGKILL", "it was ended by SIGKILL"},
		{"end", "it ended without an answer", "it ended without an answer"},
		{"flood", "it writes more than 64 KiB, beginning with \"000", "it does not say of which row it is"},
		{"long", "it writes more than 64 KiB", "it writes more than 64 KiB"},
		{"text", `its value is "good", not a number`, "it does not say of which row it is"},
		{"object", "it has no value", "it has no value"},
		{"nan", "it is no score", "it is no score"},
		{"huge", "its value is \"1e999\", not a number", "its value is \"1e999\", not a number"},
		{"sure", "its confidence is 7", "its confidence is 7"},
		{"order", "where row 0 is due", "is due; answer the rows in their order"},
		{"daemon", "it ended with status 3", "it ended with status 3"},
	} {
		for name, change := range map[string]func(*CommandConfig){"once": nil, "kept": keep} {
			t.Run(c.what+" "+name, func(t *testing.T) {
				v, h, _ := built(t, commandOf(func(k *CommandConfig) {
					if c.what == "hang" {
						k.Seconds = 1
					}
					if change != nil {
						change(k)
					}
				}, "sh", "-c", script))
				why := map[string]string{"once": c.once, "kept": c.kept}[name]
				if c.what != "hang" {
					if s := scored(t, v, "fine"); s[0].Value != 0.5 {
						t.Fatalf("%+v", s)
					}
				}
				notJudged(t, scored(t, v, c.what), why)
				told(t, h, why)
				if c.what != "hang" {
					if s := scored(t, v, "fine"); s[0].Value != 0.5 {
						t.Errorf("after it: %+v", s)
					}
				}
			})
		}
	}
	if n := running(t, "1000.7770001"); n > 0 {
		t.Errorf("%d daemons are left", n)
	}
	// One line too many is seen at once, or by the next question.
	v, _, _ := built(t, commandOf(nil, "sh", "-c", judge))
	notJudged(t, scored(t, v, "twice"), "it writes more than 1 lines; line 2 is")
	v, _, _ = built(t, commandOf(keep, "sh", "-c", judge))
	scored(t, v, "twice")
	notJudged(t, scored(t, v, "fine"), "")
	// Answers to a part of the rows are none.
	v, _, _ = built(t, commandOf(nil, "sh", "-c", "echo 1; echo 1"))
	notJudged(t, scored(t, v, "a", "b", "c"), "it answers 2 of 3 rows")
	// A program that is not there is told when it is named; one that goes away
	// later costs its rows.
	_, err := newCommand(t.Context(), coretest.NewHost(nil), CommandConfig{Command: []string{"no-such-program-of-anybody"}, Confined: Confined{Trusted: true}})
	if err == nil || !strings.Contains(err.Error(), "there is no such program") {
		t.Errorf("a program that is not there: %v", err)
	}
	gone := filepath.Join(t.TempDir(), "gone")
	if err := os.WriteFile(gone, []byte("#!/bin/sh\necho 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	v, _, _ = built(t, commandOf(nil, gone))
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	notJudged(t, scored(t, v, "a"), "gone")
}

// An end from outside is no failure of the verifier.
func TestCommandInterrupted(t *testing.T) {
	needs(t, "sh")
	for _, change := range []func(*CommandConfig){nil, keep} {
		v, h, _ := built(t, commandOf(change, "sh", "-c", "touch begun; sleep 1000"))
		t.Chdir(t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for {
				if _, err := os.Stat("begun"); err == nil {
					cancel()
					return
				}
			}
		}()
		ep := coretest.Episode(coretest.Task("t", "1 + 1", "2"), "a")
		if j, err := v.Verify(ctx, ep, nil); err != context.Canceled {
			t.Errorf("%+v, %v", j, err)
		}
		if len(h.Notes()) > 0 {
			t.Errorf("told: %v", h.Notes())
		}
	}
}

// The contents of files that a command names determine what it does.
func TestCommandFiles(t *testing.T) {
	file := written(t, "check.sh", "echo 1")
	c := CommandConfig{Command: []string{"sh", file, "-x"}, Beside: []string{"data.json"}}
	if got := strings.Join(c.Files(), " "); got != "data.json "+file {
		t.Errorf("files: %s", got)
	}
	if _, err := newCommand(t.Context(), coretest.NewHost(nil), CommandConfig{Command: []string{"sh"}, Beside: []string{"nowhere"}, Confined: confined(), Outside: asking()}); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("no such file: %v", err)
	}
	if _, err := newCommand(t.Context(), coretest.NewHost(nil), CommandConfig{Command: []string{"sh"}, Outside: asking()}); err == nil || !strings.Contains(err.Error(), "say trusted: true") {
		t.Errorf("no sandbox: %v", err)
	}
}

// An abstention of the verifier's own is a verdict, whatever it says: it did not
// fail, and is not asked again.
func TestCommandAbstains(t *testing.T) {
	v, _, _ := built(t, commandOf(nil, "sh", "-c", `echo '{"abstain": true, "rationale": "not judged: it is too long"}'`))
	if s := scored(t, v, "x"); !s[0].Abstain || s[0].Unjudged || s[0].Rationale != "not judged: it is too long" {
		t.Errorf("%+v", s)
	}
}

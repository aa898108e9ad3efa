package cli

import "testing"

func TestCounted(t *testing.T) {
	for n, want := range map[int]string{0: "0 blobs", 1: "1 blob", 2: "2 blobs"} {
		if got := counted(n, "blob"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

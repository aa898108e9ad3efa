package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// ask METHOD PATH BODY STATUS FILE: asks the server that wrote its address to the
// file addr, once it has, and puts what it replies into the file.
func askServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: ask METHOD PATH BODY STATUS FILE")
	}
	var addr []byte
	for len(addr) == 0 { // the test's own limit ends it
		addr, _ = os.ReadFile(ts.MkAbs("addr"))
		time.Sleep(5 * time.Millisecond)
	}
	r, err := http.NewRequest(args[0], "http://"+strings.TrimSpace(string(addr))+args[1], strings.NewReader(args[2]))
	ts.Check(err)
	if args[2] != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	reply, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	ts.Check(err)
	if fmt.Sprint(reply.StatusCode) != args[3] {
		ts.Fatalf("%s %s: status %d, want %s: %s", args[0], args[1], reply.StatusCode, args[3], b)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[4]), b, 0o666))
}

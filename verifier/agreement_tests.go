package verifier

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// readTests reads rows of id and completion.
func readTests(path string) (map[string][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading recorded tests: %w", err)
	}
	defer f.Close()
	tests := map[string][]string{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 64<<20)
	for line := 1; s.Scan(); line++ {
		if strings.TrimSpace(s.Text()) == "" {
			continue
		}
		var row struct{ ID, Completion *string }
		if err := json.Unmarshal(s.Bytes(), &row); err != nil || row.ID == nil || row.Completion == nil {
			return nil, fmt.Errorf("reading recorded tests: %s:%d: the row has no id and completion", path, line)
		}
		tests[*row.ID] = append(tests[*row.ID], *row.Completion)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("reading recorded tests: %s: %w", path, err)
	}
	return tests, nil
}

package openai

import (
	"fmt"
	"net/url"
	"os"
	"strings"
)

// KeyVariable is the environment variable with the key of one server, before
// PAWL_API_KEY and OPENAI_API_KEY: PAWL_API_KEY_ and its host and port, as in
// PAWL_API_KEY_API_OPENAI_COM.
func KeyVariable(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return "PAWL_API_KEY_" + strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, u.Host)
}

// apiKey is the key of a server, "" for none: servers of one's own want none.
// It is read where a call is made and kept nowhere.
func apiKey(base string) (string, error) {
	for _, name := range []string{KeyVariable(base), "PAWL_API_KEY", "OPENAI_API_KEY"} {
		key := strings.TrimSpace(os.Getenv(name))
		if key == "" {
			continue
		}
		for _, c := range []byte(key) {
			if c <= ' ' || c > '~' {
				return "", fmt.Errorf("reading the key in %s: it has characters that no header can hold", name)
			}
		}
		return key, nil
	}
	return "", nil
}

// without is text that a server wrote, with the key taken out: some show it in
// their errors.
func without(key, text string) string {
	if key == "" {
		return text
	}
	return strings.ReplaceAll(text, key, "[key]")
}

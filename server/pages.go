package server

import (
	"embed"
	"net/http"
)

// pageFiles are the page that shows traces. It is static: what models wrote reaches
// it as JSON, and is put into the page as text alone.
//
//go:embed page
var pageFiles embed.FS

// policyOfPage lets the page use its own script and style, ask this server, and
// nothing else; nobody may frame it.
const policyOfPage = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func (s *Server) pages(mux *http.ServeMux) {
	for path, file := range map[string]struct{ name, kind string }{
		"GET /traces":          {"traces.html", "text/html; charset=utf-8"},
		"GET /traces/{id}":     {"traces.html", "text/html; charset=utf-8"},
		"GET /page/traces.js":  {"traces.js", "text/javascript; charset=utf-8"},
		"GET /page/traces.css": {"traces.css", "text/css; charset=utf-8"},
	} {
		content, err := pageFiles.ReadFile("page/" + file.name)
		if err != nil {
			panic("server: " + err.Error()) // it is embedded
		}
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", file.kind)
			h.Set("Content-Security-Policy", policyOfPage)
			h.Set("X-Frame-Options", "DENY")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cache-Control", "no-store")
			w.Write(content)
		})
	}
}

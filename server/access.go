package server

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// guarded keeps pages of other sites from using the browser of somebody who can
// reach this server: a name that was made to point here (DNS rebinding) is refused
// where no key is asked for, and so is whatever comes from another origin.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.keys == nil && !s.known(r.Host) {
			s.refused(w, chat{}, &problem{status: http.StatusForbidden, code: "unknown_host", message: "a server without keys answers to the names of this machine alone; name others with --host"}, newID())
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
				s.refused(w, chat{}, &problem{status: http.StatusForbidden, code: "cross_origin", message: "requests of pages from other origins are not served"}, newID())
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// known tells whether a Host header names this machine.
func (s *Server) known(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() {
		return true
	}
	return name == "localhost" || slices.Contains(s.o.Hosts, name)
}

// admitted serves only those who may ask.
func (s *Server) admitted(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, bad := s.admit(r); bad != nil {
			s.refused(w, chat{}, bad, newID())
			return
		}
		next(w, r)
	})
}

package openai

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// DefaultBaseURL is asked where nobody names another server.
const DefaultBaseURL = "https://api.openai.com/v1"

// Endpoints of a server that answer.
const (
	chatPath  = "/chat/completions"
	plainPath = "/completions"
)

// baseURL is the server to ask: as given, else the environment's.
func baseURL(given string) string {
	return cmp.Or(given, os.Getenv("PAWL_BASE_URL"), os.Getenv("OPENAI_BASE_URL"), DefaultBaseURL)
}

// parseBase reads a base URL. It may name one of the two endpoints, as
// http://host/v1/completions does; plain tells that it is that one. A URL without
// a path gets /v1. What comes back is in one form, so that one server has one name.
func parseBase(text string) (base string, plain bool, err error) {
	fail := func(format string, args ...any) (string, bool, error) {
		return "", false, fmt.Errorf("reading the base URL: "+format, args...)
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil { // the error would show the URL, which may hold a password
		return fail("it is no URL; write it as http://127.0.0.1:8000/v1")
	}
	if u.User != nil {
		return fail("it holds credentials; give the key in the environment, as OPENAI_API_KEY or PAWL_API_KEY")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	shown := u.Scheme + "://" + u.Host + u.Path
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fail("%q has the scheme %q; only http and https are asked", shown, u.Scheme)
	case u.Hostname() == "":
		return fail("%q names no host", shown)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fail("%q has a query or fragment, which would end up in names and keys; leave it out", shown)
	}
	if err := allowedHost(u.Hostname()); err != nil {
		return fail("%q: %w", shown, err)
	}
	if port := u.Port(); port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	path := strings.TrimRight(u.Path, "/")
	if rest, ok := strings.CutSuffix(path, chatPath); ok {
		path = rest
	} else if rest, ok := strings.CutSuffix(path, plainPath); ok {
		path, plain = rest, true
	}
	return u.Scheme + "://" + u.Host + cmp.Or(path, "/v1"), plain, nil
}

// metadata are names and addresses at which clouds tell machines their secrets,
// beside the link-local ones. A base URL may come from elsewhere than its user.
var metadata = map[string]bool{
	"metadata": true, "metadata.google.internal": true, "metadata.goog": true, "instance-data": true, "instance-data.ec2.internal": true,
	"100.100.100.200": true, "fd00:ec2::254": true, "192.0.0.192": true, "168.63.129.16": true,
}

// allowedHost refuses hosts that no model is served at.
func allowedHost(host string) error {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if metadata[host] {
		return fmt.Errorf("%s is where a cloud tells machines their secrets; no model is asked there", host)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return allowedAddress(a, true)
	}
	return nil
}

// allowedAddress refuses addresses that no model is served at; those of this
// machine are for a host that was named as such.
func allowedAddress(a netip.Addr, named bool) error {
	a = a.Unmap().WithZone("")
	switch {
	case a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsMulticast() || metadata[a.String()]:
		return fmt.Errorf("the address %s is link-local, multicast or of a cloud's metadata; no model is asked there", a)
	case a.IsUnspecified():
		return fmt.Errorf("the address %s is nobody's; name 127.0.0.1 for this machine", a)
	case a.IsLoopback() && !named:
		return fmt.Errorf("the name leads to %s, this machine, without saying so; name 127.0.0.1 or localhost", a)
	}
	return nil
}

// loopback tells whether a host is named as this machine.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && a.Unmap().IsLoopback()
}

// guardedDial connects as net.Dialer does, but looks at the address that a name
// has led to: names are anybody's to point where they like.
func guardedDial(connect time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		named := loopback(strings.ToLower(host))
		d := net.Dialer{Timeout: connect, Control: func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if err := allowedAddress(ap.Addr(), named); err != nil {
				return &blockedError{fmt.Errorf("connecting to %s: %w", host, err)}
			}
			return nil
		}}
		return d.DialContext(ctx, network, addr)
	}
}

// blockedError is a connection that was not made on purpose.
type blockedError struct{ err error }

func (e *blockedError) Error() string { return e.err.Error() }
func (e *blockedError) Unwrap() error { return e.err }

// sameHost follows redirects within one host and scheme alone: a key and a prompt
// are for the server that was named. Others come back as the reply that they are.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > 3 || req.URL.Scheme != first.Scheme || req.URL.Host != first.Host || req.Method != via[0].Method {
		return http.ErrUseLastResponse
	}
	return nil
}

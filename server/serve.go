package server

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"pawl"
)

// Limits on connections, whatever is asked on them.
const (
	headerBytes = 64 << 10
	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
)

// Listen opens the address to serve at. Without keys only this machine may ask: any
// other address is refused.
func Listen(addr string, keys *Keys) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &pawl.InputError{Err: fmt.Errorf("serving at %s: %w; give HOST:PORT, as 127.0.0.1:8080", addr, err)}
	}
	if ip := net.ParseIP(host); keys == nil && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, &pawl.InputError{Err: fmt.Errorf("serving at %s: others than this machine could reach it, and no keys are asked for; name a file of them with --keys, or serve at 127.0.0.1", addr)}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serving: %w", err)
	}
	return l, nil
}

// Serve answers until ctx ends, and then finishes what is at work: no new requests
// are taken, and what takes longer than drain is cut off.
func (s *Server) Serve(ctx context.Context, l net.Listener, drain time.Duration) error {
	h := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		ErrorLog: log.New(discard{}, "", 0), // it would quote what clients sent
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err := h.Shutdown(bounded)
	if errors.Is(err, context.DeadlineExceeded) {
		s.stop(errDraining)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err = h.Shutdown(last); err != nil {
			err = h.Close()
		}
	}
	<-failed // http.ErrServerClosed
	if err != nil {
		return fmt.Errorf("shutting down: %w", err)
	}
	return nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// A client that is slower than this is cut off, so that it cannot hold a connection for ever.
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 120 * time.Second

	// Docker kills ten seconds after SIGTERM; two are left to exit.
	drainTimeout = 8 * time.Second
)

type server struct {
	log      *slog.Logger
	draining atomic.Bool
	http     *http.Server
}

func newServer(log *slog.Logger) *server {
	s := &server{log: log}
	mux := http.NewServeMux()
	s.routes(mux)
	s.http = &http.Server{
		Handler:           logRequests(log, mux),
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelError),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
	}
	return s
}

// serve answers requests until ctx is done; then it accepts no more and
// returns when those in flight are answered, or after drainTimeout.
func (s *server) serve(ctx context.Context, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(listener) }()
	if addr, ok := listener.Addr().(*net.TCPAddr); ok {
		s.log.Info("listening", "port", addr.Port)
	}

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}

	s.draining.Store(true)
	s.log.Info("draining")
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := s.http.Shutdown(deadline); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("requests were still in flight after %s", drainTimeout)
	} else if err != nil {
		return err
	}
	return nil
}

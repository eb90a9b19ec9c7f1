package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// What a client may send, and how long it may take for it: more is answered with 431 and 413, later with
	// 408 or not at all.
	maxHeaderBytes = 16 << 10
	maxBodyBytes   = 1 << 20 // unless bodyLimits has more for a route
	headerTimeout  = 30 * time.Second
	bodyTimeout    = 30 * time.Second
	idleTimeout    = 120 * time.Second
	// A client that takes nothing of its answer for so long is cut off; an answer may go on for ever.
	writeTimeout = 60 * time.Second

	// After SIGTERM, clients are told for so long that their connections end; then those that wait are closed.
	farewellTime = 500 * time.Millisecond
	// Docker kills ten seconds after SIGTERM. Requests in flight get the first, those that heed their context the second.
	drainTimeout = 7 * time.Second
	abortTimeout = time.Second
)

type server struct {
	log         *slog.Logger
	draining    atomic.Bool
	connections *connections
	bodyLimits  map[string]int64 // by the pattern of a route
	http        *http.Server
	abort       context.CancelFunc // ends the context of every request
}

// newServer returns a server that keeps within memory, a number of bytes.
func newServer(log *slog.Logger, memory int64) *server {
	s := &server{log: log, connections: newConnections(memory), bodyLimits: map[string]int64{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	s.routes(mux)

	ctx, abort := context.WithCancel(context.Background())
	s.abort = abort
	s.http = &http.Server{
		Handler:     logRequests(log, s.limitRequests(mux, answerErrors(mux))),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: withConnection,
		ConnState:   s.connections.changed,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelError),
		// net/http reads 4 KiB more than it is told.
		MaxHeaderBytes:    maxHeaderBytes - 4<<10,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		// So that OPTIONS * is answered, and logged, as everything else.
		DisableGeneralOptionsHandler: true,
	}
	return s
}

// healthz says that the process is alive.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether to send new requests here: not while draining.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// serve answers requests until ctx is done. Then it accepts no more connections, and returns when all that was asked
// on those that are open is answered.
func (s *server) serve(ctx context.Context, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(wrappedListener{listener, s}) }()
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
	if err := listener.Close(); err != nil {
		return err
	}
	// Whoever asks now is answered, and told that the connection ends: closed at once, it might lose a request.
	// In steps: a process that got no processor meanwhile reads what has come before it goes on.
	for range 10 {
		time.Sleep(farewellTime / 10)
	}
	if err := s.shutdown(drainTimeout - farewellTime); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s.log.Warn("requests in flight are aborted", "after", drainTimeout.String())
	s.abort()
	if err := s.shutdown(abortTimeout); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return s.http.Close()
}

func (s *server) shutdown(timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return s.http.Shutdown(ctx)
}

// answerErrors passes requests to mux, and answers those that it has no route for in the one shape that all errors have.
func answerErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" { // http://host, a proxy's form of the target
			r.URL.Path = "/"
		}
		handler, pattern := mux.Handler(r)
		if r.RequestURI == "*" { // no path
			if r.Method != http.MethodOptions {
				writeError(w, http.StatusBadRequest)
			}
			return
		}
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		answer := &statusOnly{ResponseWriter: w}
		handler.ServeHTTP(answer, r)
		if answer.status < http.StatusBadRequest { // a redirect to a cleaner path, which there is no route for either
			w.Header().Del("Location")
			answer.status = http.StatusNotFound
		}
		writeError(w, answer.status)
	})
}

// statusOnly takes status and headers of an answer, and not its text.
type statusOnly struct {
	http.ResponseWriter
	status int
}

func (w *statusOnly) WriteHeader(status int) { w.status = status }

func (w *statusOnly) Write(body []byte) (int, error) { return len(body), nil }

// writeError answers with an error, for example {"error":"not found"}.
func writeError(w http.ResponseWriter, status int) {
	writeJSON(w, status, errorBody(status))
}

func errorBody(status int) map[string]string {
	return map[string]string{"error": strings.ToLower(http.StatusText(status))}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// An error here means that the client is gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(body)
}

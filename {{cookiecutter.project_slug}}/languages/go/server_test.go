package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestEndpoints(t *testing.T) {
	tests := map[string]struct {
		method, path string
		draining     bool
		wantStatus   int
		wantBody     string
	}{
		"hello":                  {http.MethodGet, "/", false, http.StatusOK, `{"message":"Hello from {{ cookiecutter.project_slug }}"}`},
		"alive":                  {http.MethodGet, "/healthz", false, http.StatusOK, `{"status":"ok"}`},
		"alive while draining":   {http.MethodGet, "/healthz", true, http.StatusOK, `{"status":"ok"}`},
		"ready":                  {http.MethodGet, "/readyz", false, http.StatusOK, `{"status":"ready"}`},
		"unready while draining": {http.MethodGet, "/readyz", true, http.StatusServiceUnavailable, `{"status":"draining"}`},
		"unknown path":           {http.MethodGet, "/nothing", false, http.StatusNotFound, `{"error":"not found"}`},
		"wrong method":           {http.MethodPost, "/healthz", false, http.StatusMethodNotAllowed, `{"error":"method not allowed"}`},
		"path outside":           {http.MethodPost, "/%2e%2e%2fetc/passwd", false, http.StatusNotFound, `{"error":"not found"}`},
		"path to be cleaned":     {http.MethodGet, "/a/..//healthz", false, http.StatusTemporaryRedirect, `<a href="/healthz">Temporary Redirect</a>.`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(slog.New(slog.DiscardHandler), defaultMemory)
			s.draining.Store(test.draining)
			recorder := httptest.NewRecorder()

			s.http.Handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), test.method, test.path, nil))

			if recorder.Code != test.wantStatus {
				t.Errorf("status = %d, want %d", recorder.Code, test.wantStatus)
			}
			if body := string(bytes.TrimSpace(recorder.Body.Bytes())); body != test.wantBody {
				t.Errorf("body = %s, want %s", body, test.wantBody)
			}
		})
	}
}

func TestEachRequestIsLoggedAsOneLineOfJSON(t *testing.T) {
	var out bytes.Buffer
	s := newServer(newLogger(&out), defaultMemory)

	s.http.Handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nothing?token=secret", nil))

	var line struct {
		Time       time.Time `json:"time"`
		Level      string    `json:"level"`
		Msg        string    `json:"msg"`
		Method     string    `json:"method"`
		Path       string    `json:"path"`
		Status     int       `json:"status"`
		DurationMS *float64  `json:"duration_ms"`
	}
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil {
		t.Fatal(err)
	}
	if line.Level != "INFO" || line.Msg != "request" || line.Method != "GET" || line.Path != "/nothing" || line.Status != 404 {
		t.Errorf("logged %+v", line)
	}
	if line.DurationMS == nil || line.Time.Location() != time.UTC {
		t.Errorf("duration_ms = %v, time zone = %v", line.DurationMS, line.Time.Location())
	}
	if decoder.More() {
		t.Error("more than one line was logged")
	}
}

func TestPanicIsLoggedAndAnswered(t *testing.T) {
	var out bytes.Buffer
	mux := http.NewServeMux()
	mux.HandleFunc("/at-once", func(http.ResponseWriter, *http.Request) { panic("swordfish") })
	mux.HandleFunc("/half-way", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("swordfish")
	})
	handler := logRequests(newLogger(&out), mux)

	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/at-once", nil))

	if body := recorder.Body.String(); recorder.Code != 500 || body != `{"error":"internal server error"}`+"\n" {
		t.Errorf("answered %d, %s", recorder.Code, body)
	}
	if log := out.String(); !strings.Contains(log, "swordfish") || !strings.Contains(log, "server_test.go:") {
		t.Errorf("logged %s", log)
	}
	if log := out.String(); !strings.Contains(log, `"status":500`) {
		t.Errorf("logged %s", log)
	}

	defer func() {
		if reason := recover(); reason != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			t.Errorf("an answer that had begun was not cut off: %v", reason)
		}
	}()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/half-way", nil))
}

func TestProbesAreLoggedOnlyIfTheyFail(t *testing.T) {
	var out bytes.Buffer
	s := newServer(newLogger(&out), defaultMemory)
	probe := func() {
		s.http.Handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	}

	probe()
	if out.Len() != 0 {
		t.Errorf("logged %s", &out)
	}
	s.draining.Store(true)
	probe()
	if !strings.Contains(out.String(), `"status":503`) {
		t.Errorf("logged %s", &out)
	}
}

func TestALineOfTheLogIsNeverTooLong(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(&out)
	logRequest(t.Context(), log, http.MethodGet, "/"+strings.Repeat("a", 10_000), 404, 0)
	log.Error(strings.Repeat("ä", 10_000), "error", strings.Repeat("\n", 10_000), "group", slog.GroupValue(slog.String("text", strings.Repeat("b", 10_000))))

	for line := range strings.Lines(out.String()) {
		if len(line) > maxLineBytes || !json.Valid([]byte(line)) {
			t.Errorf("%d bytes: %.200s", len(line), line)
		}
	}
	if log := out.String(); !strings.Contains(log, `"path_length":10001`) || !strings.Contains(log, "…[cut]") {
		t.Errorf("logged %s", log)
	}
}

// TestResponseWriterPassesThrough asks for what libraries for WebSockets and server-sent events ask for.
func TestResponseWriterPassesThrough(t *testing.T) {
	address := serveHandler(t, func(_ *server, mux *http.ServeMux) {
		mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
			flusher, ok := w.(http.Flusher)
			if _, reader := w.(io.ReaderFrom); !ok || !reader {
				http.Error(w, "not supported", http.StatusNotImplemented)
				return
			}
			_, _ = io.WriteString(w, "data: first\n\n")
			flusher.Flush()
			<-r.Context().Done()
		})
		mux.HandleFunc("GET /socket", func(w http.ResponseWriter, _ *http.Request) {
			hijacker, ok := w.(http.Hijacker)
			if !ok {
				http.Error(w, "not supported", http.StatusNotImplemented)
				return
			}
			conn, buffer, err := hijacker.Hijack()
			if err != nil {
				return
			}
			defer conn.Close() //nolint:errcheck // the test reads to the end
			_, _ = buffer.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_ = buffer.Flush()
			line, _ := buffer.ReadString('\n')
			_, _ = io.WriteString(conn, "echo "+line)
		})
	})

	for request, want := range map[string]string{
		"GET /events HTTP/1.1\r\nHost: a\r\n\r\n":                                                "data: first",
		"GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello\n": "echo hello",
	} {
		if answer := ask(t, address, request, want); !strings.Contains(answer, want) {
			t.Errorf("%q: answered %q", request, answer)
		}
	}
}

func TestLimits(t *testing.T) {
	address := serveHandler(t, func(s *server, mux *http.ServeMux) {
		read := func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				writeError(w, http.StatusInternalServerError)
				return
			}
			writeJSON(w, http.StatusOK, map[string]string{})
		}
		mux.HandleFunc("POST /small", read)
		mux.HandleFunc("POST /large", read)
		s.bodyLimits["POST /large"] = 2 * maxBodyBytes
	})
	body := strings.Repeat("a", maxBodyBytes+1)
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)

	for name, test := range map[string]struct{ request, want string }{
		"long header":      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", maxHeaderBytes) + "\r\n\r\n", "431 "},
		"allowed header":   {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", maxHeaderBytes-100) + "\r\n\r\n", "200 "},
		"long body":        {fmt.Sprintf("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", len(body)), "413 "},
		"long chunk":       {"POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk, "413 "},
		"allowed chunk":    {"POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk, "200 "},
		"bad chunk":        {"POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400 "},
		"two lengths":      {"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 "},
		"two hosts":        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 "},
		"malformed target": {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400 "},
		"no path":          {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400 "},
	} {
		t.Run(name, func(t *testing.T) {
			status := "HTTP/1.1 " + test.want
			answer := ask(t, address, test.request, "}")
			if !strings.HasPrefix(answer, status) {
				t.Errorf("answered %q, want %q", answer, status)
			}
			if test.want != "200 " && !strings.Contains(answer, `{"error":"`) {
				t.Errorf("answered %q, which is not the shape of an error", answer)
			}
		})
	}
}

func TestTooManyConnectionsAndRequests(t *testing.T) {
	var waiting atomic.Int32
	address := serveHandler(t, func(_ *server, mux *http.ServeMux) {
		mux.HandleFunc("GET /wait", func(_ http.ResponseWriter, r *http.Request) {
			waiting.Add(1)
			<-r.Context().Done()
		})
	})
	first := dial(t, address)
	for range testConnections {
		dial(t, address)
	}
	if _, err := first.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection that waited longest was not closed: %v", err)
	}

	const requests = testConnections * memoryPerConnection / memoryPerRequest
	for range requests {
		_, _ = io.WriteString(dial(t, address), "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	waitUntil(t, func() bool { return waiting.Load() == requests })
	if answer := ask(t, address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "}"); !strings.HasPrefix(answer, "HTTP/1.1 503 ") {
		t.Errorf("/ answered %q", answer)
	}
	if answer := ask(t, address, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "}"); !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Errorf("/healthz answered %q", answer)
	}
}

func TestEverythingThatWasAskedIsAnsweredOnShutdown(t *testing.T) {
	listener := listen(t)
	s := newServer(slog.New(slog.DiscardHandler), defaultMemory)
	started, finish := make(chan struct{}), make(chan struct{})
	handler := s.http.Handler
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(started)
			<-finish
		}
		handler.ServeHTTP(w, r)
	})
	ctx, terminate := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.serve(ctx, listener) }()
	address := listener.Addr().String()

	inFlight, idle := dial(t, address), dial(t, address)
	_, _ = io.WriteString(inFlight, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-started
	terminate()
	waitUntil(t, s.draining.Load)
	waitUntil(t, func() bool { return !accepts(t, address) })

	// Two requests at once: the first answer must not end the connection.
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	_, _ = io.WriteString(idle, get+get)
	answers, err := io.ReadAll(idle)
	if strings.Count(string(answers), "HTTP/1.1 200 OK") != 2 || strings.Count(string(answers), "Connection: close") != 1 || err != nil {
		t.Errorf("answered %q, %v", answers, err)
	}
	close(finish)
	if answer, err := io.ReadAll(inFlight); !strings.HasPrefix(string(answer), "HTTP/1.1 404 ") || err != nil {
		t.Errorf("answered %q, %v", answer, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("serve returned %v", err)
	}
}

func TestHealthcheck(t *testing.T) {
	healthy := httptest.NewServer(newServer(slog.New(slog.DiscardHandler), defaultMemory).http.Handler)
	defer healthy.Close()
	broken := httptest.NewServer(http.NotFoundHandler())
	defer broken.Close()

	if err := healthcheck(t.Context(), healthy.Listener.Addr().String()); err != nil {
		t.Errorf("healthy server: %v", err)
	}
	if err := healthcheck(t.Context(), broken.Listener.Addr().String()); err == nil {
		t.Error("broken server: no error")
	}
	healthy.Close()
	if err := healthcheck(t.Context(), healthy.Listener.Addr().String()); err == nil {
		t.Error("no server: no error")
	}
}

func TestPort(t *testing.T) {
	for value, want := range map[string]string{"": defaultPort, "9000": "9000"} {
		if port, err := parsePort(value); err != nil || port != want {
			t.Errorf("parsePort(%q) = %q, %v", value, port, err)
		}
	}
	for _, value := range []string{"http", "0", "-1", "65536", "80 80"} {
		if _, err := parsePort(value); err == nil {
			t.Errorf("parsePort(%q) was accepted", value)
		}
	}
}

func TestUnknownArgumentIsRefused(t *testing.T) {
	if err := run(t.Context(), []string{"helthcheck"}); err == nil {
		t.Error("no error")
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// testConnections is how many connections the server of serveHandler has room for.
const testConnections = 64

// serveHandler starts a server with more routes, and returns where it listens.
func serveHandler(t *testing.T, routes func(*server, *http.ServeMux)) string {
	t.Helper()
	s := newServer(slog.New(slog.DiscardHandler), testConnections*memoryPerConnection)
	mux := http.NewServeMux()
	s.routes(mux)
	mux.HandleFunc("GET /healthz", s.healthz)
	routes(s, mux)
	s.http.Handler = logRequests(s.log, s.limitRequests(mux, answerErrors(mux)))
	listener := listen(t)
	go func() { _ = s.http.Serve(wrappedListener{listener, s}) }()
	t.Cleanup(func() {
		s.abort()
		_ = s.http.Close()
	})
	return listener.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// ask sends bytes and returns what comes back, until it contains a text or the connection ends.
func ask(t *testing.T, address, request, until string) string {
	t.Helper()
	conn := dial(t, address)
	go func() { _, _ = io.WriteString(conn, request) }()
	var answer []byte
	for buffer := make([]byte, 4096); !strings.Contains(string(answer), until); {
		n, err := conn.Read(buffer)
		answer = append(answer, buffer[:n]...)
		if err != nil {
			break
		}
	}
	return string(answer)
}

func accepts(t *testing.T, address string) bool {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return false
	}
	return connection.Close() == nil
}

func waitUntil(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for five seconds")
		}
	}
}

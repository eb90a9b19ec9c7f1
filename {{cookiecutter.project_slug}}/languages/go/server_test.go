package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
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
		"unknown path":           {http.MethodGet, "/nothing", false, http.StatusNotFound, "404 page not found"},
		"wrong method":           {http.MethodPost, "/healthz", false, http.StatusMethodNotAllowed, "Method Not Allowed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(slog.New(slog.DiscardHandler))
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
	s := newServer(newLogger(&out))

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

func TestRequestInFlightIsAnsweredOnShutdown(t *testing.T) {
	listener := listen(t)
	s := newServer(slog.New(slog.DiscardHandler))
	started, finish := make(chan struct{}), make(chan struct{})
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-finish
		_, _ = io.WriteString(w, "in full")
	})
	ctx, terminate := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.serve(ctx, listener) }()

	answered := make(chan string, 1)
	go func() { answered <- get(t, "http://"+listener.Addr().String()) }()
	<-started
	terminate()
	waitUntil(t, s.draining.Load)
	waitUntil(t, func() bool { return !accepts(t, listener.Addr().String()) })
	close(finish)

	if body := <-answered; body != "in full" {
		t.Errorf("body = %q, want %q", body, "in full")
	}
	if err := <-stopped; err != nil {
		t.Errorf("serve returned %v", err)
	}
}

func TestHealthcheck(t *testing.T) {
	healthy := httptest.NewServer(newServer(slog.New(slog.DiscardHandler)).http.Handler)
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

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer response.Body.Close() //nolint:errcheck // the body is read to its end
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
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

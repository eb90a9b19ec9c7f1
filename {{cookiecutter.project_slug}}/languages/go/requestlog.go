package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

const (
	maxLineBytes = 8 << 10
	maxPathBytes = 1 << 10
)

// newLogger writes one JSON object a line, with times in UTC.
func newLogger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(lineWriter{out}, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) == 0 && attr.Key == slog.TimeKey {
				attr.Value = slog.TimeValue(attr.Value.Time().UTC())
			}
			return attr
		},
	}))
}

// lineWriter gets a line of the log with each call; one that is too long is written with shorter texts.
type lineWriter struct{ out io.Writer }

func (w lineWriter) Write(line []byte) (int, error) {
	short := line
	for limit := maxLineBytes / 2; len(short) > maxLineBytes && limit > 0; limit /= 2 {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			return 0, err
		}
		for name, value := range fields {
			fields[name] = shorten(value, limit)
		}
		encoded, err := json.Marshal(fields)
		if err != nil {
			return 0, err
		}
		short = slices.Concat(encoded, []byte{'\n'})
	}
	if _, err := w.out.Write(short); err != nil {
		return 0, err
	}
	return len(line), nil
}

func shorten(value any, limit int) any {
	text, ok := value.(string)
	if !ok {
		encoded, _ := json.Marshal(value) // it came from JSON
		text = string(encoded)
	}
	if len(text) <= limit {
		return value
	}
	return strings.ToValidUTF8(text[:limit], "") + "…[cut]"
}

// logRequests logs each request once it is answered, and first why its handler panicked, if it did. Probes are logged
// only if they fail.
func logRequests(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w}
		defer func() {
			status := cmp.Or(recorder.status, http.StatusOK)
			if status >= http.StatusBadRequest || !isProbe(r) {
				path, _, _ := strings.Cut(r.RequestURI, "?")
				logRequest(r.Context(), log, r.Method, path, status, time.Since(start))
			}
		}()
		defer recorder.answerPanic(log)
		next.ServeHTTP(recorder, r)
	})
}

func logRequest(ctx context.Context, log *slog.Logger, method, path string, status int, duration time.Duration) {
	fields := []any{"method", method, "path", path}
	if len(path) > maxPathBytes {
		fields = []any{"method", method, "path", path[:maxPathBytes], "path_length", len(path)}
	}
	fields = append(fields, "status", status, "duration_ms", float64(duration.Microseconds())/1000)
	log.InfoContext(ctx, "request", fields...)
}

// statusRecorder remembers the status that a handler answered with; 0 before there is one. It can do whatever the
// writer of net/http can: WebSockets and server-sent events ask for it.
type statusRecorder struct {
	http.ResponseWriter
	status int
	body   *limitedBody // nil where the request has none
}

// WriteHeader answers an error as what it is where the handler failed because the body could not be read.
func (r *statusRecorder) WriteHeader(status int) {
	if r.body != nil && status >= http.StatusBadRequest {
		if failure := int(r.body.failure.Load()); failure != 0 {
			status = failure
			r.Header().Set("Connection", "close")
		}
	}
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		r.status = cmp.Or(r.status, status)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(body []byte) (int, error) {
	r.status = cmp.Or(r.status, http.StatusOK)
	return r.ResponseWriter.Write(body)
}

// ReadFrom is for io.Copy.
func (r *statusRecorder) ReadFrom(source io.Reader) (int64, error) {
	r.status = cmp.Or(r.status, http.StatusOK)
	return io.Copy(r.ResponseWriter, source)
}

// Flush is for server-sent events; FlushError says what went wrong.
func (r *statusRecorder) Flush() { _ = r.FlushError() }

// FlushError sends to the client what is written so far.
func (r *statusRecorder) FlushError() error {
	r.status = cmp.Or(r.status, http.StatusOK)
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Hijack is for WebSockets.
func (r *statusRecorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.status = cmp.Or(r.status, http.StatusSwitchingProtocols)
	}
	return conn, buffer, err
}

// Unwrap lets http.ResponseController reach what is left: deadlines, full duplex.
func (r *statusRecorder) Unwrap() http.ResponseWriter {
	return r.ResponseWriter
}

// answerPanic, deferred, answers 500 for a handler that panicked; an answer that has begun is cut off.
func (r *statusRecorder) answerPanic(log *slog.Logger) {
	reason := recover()
	if reason == nil {
		return
	}
	if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(reason)
	}
	log.Error("request failed", "error", fmt.Sprintf("%v\n%s", reason, bytes.TrimSpace(debug.Stack())))
	if r.status != 0 {
		panic(http.ErrAbortHandler)
	}
	writeError(r, http.StatusInternalServerError)
}

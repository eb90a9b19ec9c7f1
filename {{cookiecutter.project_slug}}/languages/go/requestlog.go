package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// newLogger writes one JSON object a line, with times in UTC.
func newLogger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) == 0 && attr.Key == slog.TimeKey {
				attr.Value = slog.TimeValue(attr.Value.Time().UTC())
			}
			return attr
		},
	}))
}

// logRequests logs each request once it is answered, and first why its handler panicked, if it did.
func logRequests(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w}
		defer func() {
			log.InfoContext(r.Context(), "request",
				"method", r.Method,
				"path", r.URL.Path,
				"status", cmp.Or(recorder.status, http.StatusOK),
				"duration_ms", float64(time.Since(start).Microseconds())/1000,
			)
		}()
		defer recorder.answerPanic(log)
		next.ServeHTTP(recorder, r)
	})
}

// statusRecorder remembers the status that a handler answered with; 0 before there is one.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(body []byte) (int, error) {
	r.status = cmp.Or(r.status, http.StatusOK)
	return r.ResponseWriter.Write(body)
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
	log.Error("request failed", "error", fmt.Sprintf("%v\n%s", reason, debug.Stack()))
	if r.status != 0 {
		panic(http.ErrAbortHandler)
	}
	writeJSON(r, http.StatusInternalServerError, map[string]string{"error": "internal server error"})
}

// Unwrap lets http.ResponseController reach what the recorder hides (Flush, deadlines).
func (r *statusRecorder) Unwrap() http.ResponseWriter {
	return r.ResponseWriter
}

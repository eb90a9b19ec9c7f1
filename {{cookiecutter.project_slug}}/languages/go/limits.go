package main

import (
	"bytes"
	"cmp"
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// What a connection that waits and a request that is answered may take of the memory, on average.
	memoryPerConnection = 64 << 10
	memoryPerRequest    = 256 << 10
	// The part of the memory that all bodies together may take while they are read: handlers keep them several times.
	bodiesPart    = 8
	defaultMemory = 1 << 30 // where no limit is set
)

// limitMemory makes the garbage collector respect the container's limit, unless GOMEMLIMIT says otherwise, and returns
// that limit in bytes.
func limitMemory() int64 {
	limit := int64(math.MaxInt64)
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file) //nolint:gosec // cgroup v2 and v1; there is one of the two
		if err != nil {
			continue
		}
		if bytes, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil { // not "max"
			limit = bytes
		}
	}
	if limit > 1<<40 { // what v1 says where there is none
		return defaultMemory
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
	return limit
}

// limitRequests keeps requests within the limits of server.go; mux says which route it is.
func (s *server) limitRequests(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if connection := connectionOf(r); connection != nil {
			admitted := s.connections.begin(connection)
			pipelined := connection.begin()
			if s.draining.Load() && !pipelined {
				w.Header().Set("Connection", "close")
			}
			if connection.header.ambiguous() {
				w.Header().Set("Connection", "close")
				writeError(w, http.StatusBadRequest)
				return
			}
			if !admitted && !isProbe(r) {
				tryLater(w)
				return
			}
		}

		_, pattern := mux.Handler(r)
		limit := cmp.Or(s.bodyLimits[pattern], maxBodyBytes)
		if r.ContentLength > limit {
			w.Header().Set("Connection", "close")
			writeError(w, http.StatusRequestEntityTooLarge)
			return
		}
		recorder, ok := w.(*statusRecorder)
		if !ok || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		size := int64(maxBodyBytes)
		if r.ContentLength >= 0 {
			size = min(size, r.ContentLength)
		}
		defer s.connections.bodies.Add(-size)
		if s.connections.bodies.Add(size) > s.connections.maxBodies {
			w.Header().Set("Connection", "close")
			tryLater(w)
			return
		}
		recorder.body = newLimitedBody(recorder.ResponseWriter, r, limit)
		r.Body = recorder.body
		next.ServeHTTP(w, r)
	})
}

func tryLater(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	writeError(w, http.StatusServiceUnavailable)
}

func isProbe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.URL.Path == "/healthz" || r.URL.Path == "/readyz")
}

// limitedBody is a request's body, and remembers why it could not be read to its end.
type limitedBody struct {
	io.ReadCloser
	controller *http.ResponseController
	failure    atomic.Int32 // the status that says why, or 0
}

func newLimitedBody(w http.ResponseWriter, r *http.Request, limit int64) *limitedBody {
	body := &limitedBody{ReadCloser: http.MaxBytesReader(w, r.Body, limit), controller: http.NewResponseController(w)}
	// An error means that this is no connection: a test.
	_ = body.controller.SetReadDeadline(time.Now().Add(bodyTimeout))
	return body
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		_ = b.controller.SetReadDeadline(time.Time{}) // the answer may take its time
	case errors.As(err, &tooLarge):
		b.failure.Store(http.StatusRequestEntityTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.failure.Store(http.StatusRequestTimeout)
	default:
		b.failure.Store(http.StatusBadRequest)
	}
	return n, err
}

// connections keeps the number of connections within what the memory allows: where there are too many, the one that
// waits longest for a request is closed.
type connections struct {
	max, maxServing int
	maxBodies       int64
	bodies          atomic.Int64 // bytes

	mutex          sync.Mutex
	total, serving int
	waiting        *list.List // of *connection, the longest waiting first
}

func newConnections(memory int64) *connections {
	return &connections{
		max:        int(memory / memoryPerConnection),
		maxServing: int(memory / memoryPerRequest),
		maxBodies:  max(memory/bodiesPart, maxBodyBytes),
		waiting:    list.New(),
	}
}

// changed is told by net/http what a connection does.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	connection, ok := conn.(*connection)
	if !ok {
		return
	}
	switch state {
	case http.StateNew, http.StateIdle:
		connection.header = headerScanner{}
		if oldest := c.wait(connection, state == http.StateNew); oldest != nil {
			_ = oldest.Close() // an error means that it is closed
		}
	default:
	}
}

// wait notes that a connection waits for a request, and returns the connection that has to go for it, if any.
func (c *connections) wait(connection *connection, isNew bool) *connection {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch {
	case connection.closed:
		return nil
	case isNew:
		c.total++
	case connection.place == nil:
		c.serving--
	}
	if connection.place == nil {
		connection.place = c.waiting.PushBack(connection)
	}
	if c.total <= c.max {
		return nil
	}
	return c.oldest()
}

func (c *connections) oldest() *connection {
	oldest, _ := c.waiting.Front().Value.(*connection)
	return oldest
}

// begin notes that a connection has a request, and says whether it may be answered now. Where it may not, the connection
// stays among those that go when there are too many.
func (c *connections) begin(connection *connection) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if connection.place == nil {
		return true
	}
	if c.serving >= c.maxServing {
		return false
	}
	c.waiting.Remove(connection.place)
	connection.place = nil
	c.serving++
	return true
}

func (c *connections) end(connection *connection) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if connection.closed {
		return
	}
	connection.closed = true
	c.total--
	if connection.place == nil {
		c.serving--
		return
	}
	c.waiting.Remove(connection.place)
	connection.place = nil
}

// wrappedListener accepts connections for a server.
type wrappedListener struct {
	net.Listener
	server *server
}

func (l wrappedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn, server: l.server}, nil
}

// connection sees what net/http reads and writes.
type connection struct {
	net.Conn
	server *server

	// Of connections, and guarded by its mutex.
	place  *list.Element
	closed bool

	header      headerScanner
	read, begun atomic.Int64 // requests
	ownDeadline atomic.Bool
}

type connectionKey struct{}

func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, conn)
}

// connectionOf returns nil for a request that did not come over a connection of ours, as in tests.
func connectionOf(r *http.Request) *connection {
	connection, _ := r.Context().Value(connectionKey{}).(*connection)
	return connection
}

// begin notes that a request is answered, and says whether another one has been read behind it (pipelining).
func (c *connection) begin() bool {
	return c.begun.Add(1) < c.read.Load()
}

func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.header.scan(p[:n])
	c.read.Add(int64(bytes.Count(p[:n], []byte("\r\n\r\n"))))
	return n, err
}

// Write gives a client some time for each piece of an answer, unless the handler has set a deadline.
func (c *connection) Write(p []byte) (int, error) {
	if !c.ownDeadline.Load() {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return 0, err
		}
	}
	if status := c.plainError(p); status != 0 {
		return len(p), c.refuse(status)
	}
	return c.Conn.Write(p)
}

// SetWriteDeadline is called by handlers, and with no time by net/http after each of them.
func (c *connection) SetWriteDeadline(deadline time.Time) error {
	c.ownDeadline.Store(!deadline.IsZero())
	return c.Conn.SetWriteDeadline(deadline)
}

// CloseWrite lets a client read its answer before the connection ends; net/http looks for it.
func (c *connection) CloseWrite() error {
	if conn, ok := c.Conn.(*net.TCPConn); ok {
		return conn.CloseWrite()
	}
	return nil
}

func (c *connection) Close() error {
	c.server.connections.end(c)
	return c.Conn.Close()
}

// plainError returns the status of an answer that net/http gives by itself to a request that it cannot read; else 0.
func (c *connection) plainError(answer []byte) int {
	if bytes.HasPrefix(answer, []byte("HTTP/1.1 417 ")) && c.begun.Load() < c.read.Load() {
		return http.StatusExpectationFailed // no handler was asked
	}
	line, _, found := bytes.Cut(answer, []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"))
	if !found || bytes.Contains(line, []byte("\r\n")) {
		return 0 // an answer of a handler has more headers
	}
	words := bytes.Fields(line)
	status, err := strconv.Atoi(string(words[min(1, len(words)-1)]))
	if err != nil {
		return 0
	}
	return status
}

// refuse answers a request that cannot be read as handlers answer errors, and logs it.
func (c *connection) refuse(status int) error {
	logRequest(context.Background(), c.server.log, "-", "-", status, 0)
	body, err := json.Marshal(errorBody(status))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Conn, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
	return err
}

// headerScanner looks for a header with both Content-Length and Transfer-Encoding, which net/http lets pass: a proxy may
// see another request in it than this server does (RFC 9112, section 6.1).
type headerScanner struct {
	name                     []byte // of the field so far, in lower case
	inValue, ended           bool
	length, transferEncoding bool
}

func (s *headerScanner) ambiguous() bool {
	return s.length && s.transferEncoding
}

func (s *headerScanner) scan(data []byte) {
	for _, c := range data {
		switch {
		case s.ended:
			return
		case c == '\n':
			s.ended = len(s.name) == 0
			s.name, s.inValue = s.name[:0], false
		case c == ':' && !s.inValue:
			s.inValue = true
			s.length = s.length || string(s.name) == "content-length"
			s.transferEncoding = s.transferEncoding || string(s.name) == "transfer-encoding"
		case c != '\r' && !s.inValue && len(s.name) < 32:
			s.name = append(s.name, lower(c))
		}
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

package main

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	coder "github.com/coder/websocket"
)

func TestBothLibrariesEchoThroughTheRequestLog(t *testing.T) {
	server := httptest.NewServer(newServer(slog.New(slog.DiscardHandler), defaultMemory).http.Handler)
	defer server.Close()
	for _, path := range []string{"/gorilla", "/coder"} {
		conn, response, err := coder.Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1)+path, nil)
		if err != nil {
			t.Fatal(err, response)
		}
		if err := conn.Write(t.Context(), coder.MessageText, []byte("hello")); err != nil {
			t.Error(err)
		}
		if _, message, err := conn.Read(t.Context()); string(message) != "hello" || err != nil {
			t.Errorf("%s: %s, %v", path, message, err)
		}
		_ = conn.CloseNow()
	}
}

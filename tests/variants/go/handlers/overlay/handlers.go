package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

func handlers(mux *http.ServeMux) {
	mux.HandleFunc("GET /slow", slow)
	mux.HandleFunc("GET /fail", fail)
	mux.HandleFunc("GET /fill", fill)
	mux.HandleFunc("POST /body", body)
	mux.HandleFunc("POST /upload", upload)
	mux.HandleFunc("GET /events", events)
	mux.HandleFunc("GET /stream", stream)
	mux.HandleFunc("GET /socket", socket)
}

func number(r *http.Request, name string) int {
	value, _ := strconv.Atoi(r.URL.Query().Get(name))
	return value
}

func slow(w http.ResponseWriter, r *http.Request) {
	ms := number(r, "ms")
	time.Sleep(time.Duration(ms) * time.Millisecond)
	writeJSON(w, http.StatusOK, map[string]int{"slept": ms})
}

func fail(_ http.ResponseWriter, r *http.Request) {
	panic("the password is swordfish" + strings.Repeat("!", number(r, "length")))
}

// fill keeps so much memory until it has answered.
func fill(w http.ResponseWriter, r *http.Request) {
	kept := make([][]byte, number(r, "kib"))
	for i := range kept {
		kept[i] = make([]byte, 1024)
	}
	time.Sleep(5 * time.Millisecond)
	writeJSON(w, http.StatusOK, map[string]int{"kib": len(kept)})
}

func body(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	counted(w, int64(len(data)), err)
}

func upload(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	counted(w, n, err)
}

func counted(w http.ResponseWriter, n int64, err error) {
	if err != nil {
		writeError(w, http.StatusBadRequest)
		return
	}
	writeJSON(w, http.StatusOK, map[string]int64{"bytes": n})
}

func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; r.Context().Err() == nil; i++ {
		fmt.Fprintf(w, "data: %d\n\n", i)
		w.(http.Flusher).Flush()
		time.Sleep(50 * time.Millisecond)
	}
}

func stream(w http.ResponseWriter, r *http.Request) {
	chunk := make([]byte, 64<<10)
	for range number(r, "mib") * 16 {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func socket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	connection, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil || connection.WriteMessage(kind, message) != nil {
			return
		}
	}
}

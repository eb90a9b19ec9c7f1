package main

import (
	"net/http"
	"sync"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

// routes registers a page and two rooms, each with a library of its own.
func (s *server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"message": "chat"})
	})
	mux.Handle("GET /gorilla", &room{})
	mux.HandleFunc("GET /coder", s.echo)
}

// room sends what one says to all who are in it.
type room struct {
	mutex   sync.Mutex
	members map[*gorilla.Conn]bool
}

func (r *room) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	upgrader := gorilla.Upgrader{}
	conn, err := upgrader.Upgrade(w, request, nil)
	if err != nil {
		return // answered by the upgrader
	}
	defer conn.Close() //nolint:errcheck // whoever is gone needs no goodbye
	r.set(conn, true)
	defer r.set(conn, false)
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		r.tell(kind, message)
	}
}

func (r *room) set(conn *gorilla.Conn, member bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.members == nil {
		r.members = map[*gorilla.Conn]bool{}
	}
	if r.members[conn] = member; !member {
		delete(r.members, conn)
	}
}

func (r *room) tell(kind int, message []byte) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for member := range r.members {
		if err := member.WriteMessage(kind, message); err != nil {
			delete(r.members, member)
		}
	}
}

func (s *server) echo(w http.ResponseWriter, r *http.Request) {
	conn, err := coder.Accept(w, r, nil)
	if err != nil {
		s.log.Warn("no websocket", "error", err)
		return
	}
	defer conn.CloseNow() //nolint:errcheck // whoever is gone needs no goodbye
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil || conn.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}

package main

import (
	"net/http"

	"github.com/jackc/pgx/v5"
)

// routes registers the endpoints of the service; a new one goes here.
func (s *server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.hello)
	mux.HandleFunc("GET /pgx", database)
}

func (s *server) hello(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"message": "Hello from hello-service"})
}

func database(w http.ResponseWriter, _ *http.Request) {
	config, err := pgx.ParseConfig("postgres://orders@db.test:5433/orders")
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"host":       config.Host,
		"port":       config.Port,
		"identifier": pgx.Identifier{"or\"ders"}.Sanitize(),
	})
}

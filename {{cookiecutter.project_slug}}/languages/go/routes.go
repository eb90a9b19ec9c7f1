package main

import "net/http"

// routes registers the endpoints of the service; a new one goes here.
//
// One that takes a body of more than a megabyte says so: s.bodyLimits["POST /upload"] = 64 << 20. If it reads for longer
// than half a minute, it moves the deadline: http.NewResponseController(w).SetReadDeadline(...).
func (s *server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.hello)
}

func (s *server) hello(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"message": "Hello from {{ cookiecutter.project_slug }}"})
}

package main

import (
	"net/http"
	"strconv"
	"time"
)

// routes registers the endpoints of the service; a new one goes here.
func (s *server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.hello)
	mux.HandleFunc("GET /slow", slow)
	mux.HandleFunc("GET /fetch", fetch)
	mux.HandleFunc("GET /zone", zone)
	mux.HandleFunc("GET /fail", fail)
}

func (s *server) hello(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"message": "Hello from hello-service"})
}

func slow(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
	writeJSON(w, http.StatusOK, map[string]int{"slept": ms})
}

func fetch(w http.ResponseWriter, r *http.Request) {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.Query().Get("url"), nil)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		writeJSON(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
		return
	}
	defer response.Body.Close()
	writeJSON(w, http.StatusOK, map[string]int{"status": response.StatusCode})
}

func fail(http.ResponseWriter, *http.Request) {
	panic("the password is swordfish")
}

func zone(w http.ResponseWriter, r *http.Request) {
	location, err := time.LoadLocation(r.URL.Query().Get("name"))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	_, offset := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).In(location).Zone()
	writeJSON(w, http.StatusOK, map[string]int{"offset_minutes": offset / 60})
}

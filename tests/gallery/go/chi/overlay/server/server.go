// Package server answers HTTP.
package server

import (
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"os"

	"example.com/shop/internal/catalog"
	"example.com/shop/internal/web"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// New returns the handler of everything.
func New(version string) (http.Handler, error) {
	index, err := template.ParseFiles("server/templates/index.html")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile("locales/de.json")
	if err != nil {
		return nil, err
	}
	var locale map[string]string
	if err := json.Unmarshal(text, &locale); err != nil {
		return nil, err
	}

	r := chi.NewRouter()
	r.Use(middleware.Recoverer, middleware.Compress(5))
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	r.Get("/", func(w http.ResponseWriter, _ *http.Request) {
		if err := index.Execute(w, locale["hello"]); err != nil {
			slog.Error("template", "error", err)
		}
	})
	r.Handle("/static/*", http.FileServerFS(web.Static))
	r.Route("/api", func(r chi.Router) {
		r.Get("/articles", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(catalog.All()) })
		r.Get("/version", func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]string{"version": version})
		})
	})
	return r, nil
}

package main

import (
	"embed"
	"mime"
	"net/http"
	"os"
	"os/user"
	"path/filepath"

	"example.com/words/words"
	"github.com/acme/hello-service/internal/fast"
	"github.com/acme/hello-service/internal/paths"
	"github.com/acme/hello-service/internal/sum"
)

//go:embed README.md public
var embedded embed.FS

// Set by the linker.
var version, revision = "dev", "none"

// cache is made at start, as many libraries do in the home directory.
var cache = func() string {
	if os.Getenv("HOSTNAME") == "" {
		panic("there is no HOSTNAME, which every container has")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		panic(err)
	}
	folder := filepath.Join(home, ".cache", "größe")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		panic(err)
	}
	return folder
}()

func (s *server) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"message": "Hello from hello-service"})
	})
	mux.Handle("GET /public/", http.FileServer(http.Dir(".")))
	mux.Handle("GET /embedded/", http.StripPrefix("/embedded", http.FileServerFS(embedded)))
	mux.HandleFunc("GET /read", func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile(r.URL.Query().Get("file"))
		if err != nil {
			writeJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
			return
		}
		_, _ = w.Write(text)
	})
	mux.HandleFunc("GET /about", about)
}

func about(w http.ResponseWriter, _ *http.Request) {
	self, err := user.Current()
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	folder, err := os.Getwd()
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	program, err := os.Executable()
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"user": self.Username, "folder": folder, "program": program, "cache": cache, "version": version, "revision": revision,
		"assembly": sum.Of(3, 4), "fast": fast.Name(), "words": words.First(), "tagged": tagged,
		"root": paths.Root(), "table": mime.TypeByExtension(".csv"),
	})
}

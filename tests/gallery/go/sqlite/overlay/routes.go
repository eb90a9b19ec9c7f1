package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"
)

type entry struct {
	Text string `json:"text"`
	Day  string `json:"day"`
}

type diary struct {
	*server
	db *sql.DB
}

func (s *server) routes(mux *http.ServeMux) {
	db, err := open(context.Background(), os.Getenv("DIARY"))
	if err != nil {
		s.log.Error("no database; DIARY names its file", "error", err)
		os.Exit(1)
	}
	d := diary{s, db}
	mux.HandleFunc("POST /entries", d.add)
	mux.HandleFunc("GET /entries", d.list)
}

// open opens the database and brings its tables up to date, by the files in migrations/.
func open(ctx context.Context, file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", file+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"))
	if err != nil {
		return nil, err
	}
	_, err = provider.Up(ctx)
	return db, err
}

func (d diary) add(w http.ResponseWriter, r *http.Request) {
	var e entry
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		writeError(w, http.StatusBadRequest)
		return
	}
	row := d.db.QueryRowContext(r.Context(), "INSERT INTO entries (text) VALUES (?) RETURNING text, day", e.Text)
	if err := row.Scan(&e.Text, &e.Day); err != nil {
		d.log.Error("insert", "error", err)
		writeError(w, http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusCreated, e)
}

func (d diary) list(w http.ResponseWriter, r *http.Request) {
	var count int
	if err := d.db.QueryRowContext(r.Context(), "SELECT count(*) FROM entries").Scan(&count); err != nil {
		d.log.Error("select", "error", err)
		writeError(w, http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]int{"entries": count})
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-migrate/migrate/v4"
	_ "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	_ "github.com/golang-migrate/migrate/v4/source/file"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type order struct {
	ID      int64  `json:"id"`
	Article string `json:"article"`
	Amount  int    `json:"amount"`
}

type orders struct {
	*server
	pool     *pgxpool.Pool
	migrated atomic.Bool
}

func (s *server) routes(mux *http.ServeMux) {
	address := os.Getenv("DATABASE_URL")
	// It connects when it is first asked: the service starts before its database does.
	pool, err := pgxpool.New(context.Background(), address)
	if err != nil {
		s.log.Error("DATABASE_URL", "error", err)
		os.Exit(1)
	}
	o := &orders{server: s, pool: pool}
	go o.migrate(address)
	mux.HandleFunc("POST /orders", o.needsDatabase(o.add))
	mux.HandleFunc("GET /orders/{id}", o.needsDatabase(o.get))
}

// migrate brings the tables up to date, by the files in migrations/, as soon as the database is there.
func (o *orders) migrate(address string) {
	for {
		m, err := migrate.New("file://migrations", strings.Replace(address, "postgresql://", "pgx5://", 1))
		if err == nil {
			err = m.Up()
			_, _ = m.Close()
		}
		if err == nil || errors.Is(err, migrate.ErrNoChange) {
			o.migrated.Store(true)
			o.log.Info("migrated")
			return
		}
		o.log.Warn("no database yet", "error", err)
		time.Sleep(time.Second)
	}
}

func (o *orders) needsDatabase(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !o.migrated.Load() {
			writeError(w, http.StatusServiceUnavailable)
			return
		}
		next(w, r)
	}
}

func (o *orders) add(w http.ResponseWriter, r *http.Request) {
	var made order
	if err := json.NewDecoder(r.Body).Decode(&made); err != nil {
		writeError(w, http.StatusBadRequest)
		return
	}
	row := o.pool.QueryRow(r.Context(), "INSERT INTO orders (article, amount) VALUES ($1, $2) RETURNING id", made.Article, made.Amount)
	if err := row.Scan(&made.ID); err != nil {
		o.log.Error("insert", "error", err)
		writeError(w, http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusCreated, made)
}

func (o *orders) get(w http.ResponseWriter, r *http.Request) {
	rows, err := o.pool.Query(r.Context(), "SELECT id, article, amount FROM orders WHERE id::text = $1", r.PathValue("id"))
	if err != nil {
		o.log.Error("select", "error", err)
		writeError(w, http.StatusInternalServerError)
		return
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[order])
	if err != nil {
		writeError(w, http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, found)
}

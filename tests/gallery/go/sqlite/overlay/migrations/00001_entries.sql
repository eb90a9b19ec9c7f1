-- +goose Up
CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
-- +goose Down
DROP TABLE entries;

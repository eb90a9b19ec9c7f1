-- +goose Up
ALTER TABLE entries ADD COLUMN day TEXT NOT NULL DEFAULT '2026-11-26';
-- +goose Down
ALTER TABLE entries DROP COLUMN day;

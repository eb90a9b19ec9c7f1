//go:build !cgo

// Package fast has C code, and does as well without it.
package fast

// Name says what it is made of.
func Name() string { return "Go" }

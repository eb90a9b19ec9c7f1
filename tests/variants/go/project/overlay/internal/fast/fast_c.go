//go:build cgo

// Package fast has C code, and does as well without it.
package fast

// static const char *name(void) { return "C"; }
import "C"

// Name says what it is made of.
func Name() string { return C.GoString(C.name()) }

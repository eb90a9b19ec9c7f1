package main

import "os"

var _ = func() string {
	if err := os.Mkdir("uploads", 0o755); err != nil {
		panic(err)
	}
	return "uploads"
}()

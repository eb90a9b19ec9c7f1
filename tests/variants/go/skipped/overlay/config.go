package main

import "os"

var _ = func() string {
	token := os.Getenv("TOKEN")
	if token == "" {
		panic("no TOKEN")
	}
	return token
}()

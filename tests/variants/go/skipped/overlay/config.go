package main

import (
	"log"
	"os"
)

var _ = func() string {
	if err := os.Mkdir("cache", 0o755); err != nil {
		log.Print("no cache: ", err) // nothing that ends it
	}
	token := os.Getenv("TOKEN")
	if token == "" {
		panic("no TOKEN")
	}
	return token
}()

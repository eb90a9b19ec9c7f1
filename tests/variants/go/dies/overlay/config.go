package main

import "os"

var _ = func() string {
	text, err := os.ReadFile("config/app.json")
	if err != nil {
		panic(err)
	}
	return string(text)
}()

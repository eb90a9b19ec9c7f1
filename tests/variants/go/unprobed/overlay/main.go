package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "Hello") })
	fmt.Println(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}

package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	fmt.Println(http.ListenAndServe("localhost:"+os.Getenv("PORT"), nil))
}

// Shortener keeps addresses under short numbers.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
)

const title = "Short addresses"

var version = "unknown"

func main() {
	check := flag.Bool("check", false, "ask the running service whether it is well")
	flag.Parse()
	if *check {
		answer, err := http.Get("http://127.0.0.1:8080/healthz")
		if err != nil || answer.StatusCode != http.StatusOK {
			os.Exit(1)
		}
		return
	}
	http.HandleFunc("/", home)
	http.HandleFunc("/links", shorten)
	http.HandleFunc("/healthz", health)
	log.Printf("version %s listens", version)
	log.Fatal(http.ListenAndServe(":8080", nil))
}

func home(w http.ResponseWriter, r *http.Request) {
	number, err := redis("LLEN", "links")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprintf(w, "<h1>%s</h1><p>%s of them, version %s</p>", title, number, version)
}

func shorten(w http.ResponseWriter, r *http.Request) {
	number, err := redis("RPUSH", "links", r.FormValue("url"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id": "%s"}`, number)
}

func health(w http.ResponseWriter, r *http.Request) {
	if _, err := redis("PING"); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

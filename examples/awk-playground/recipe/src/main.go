// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// A small service: what is posted to /run is an AWK program with its input, what comes back is what it prints.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"time"
)

const (
	largestRequest = 1 << 20
	largestOutput  = 1 << 20
	longestRun     = 5 * time.Second
)

type request struct {
	Program string `json:"program"`
	Input   string `json:"input"`
}

type response struct {
	Output string `json:"output"`
	Error  string `json:"error,omitempty"`
}

// limited keeps the first bytes of what is written and says when there were more.
type limited struct {
	bytes.Buffer
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > largestOutput {
		return 0, errors.New("the output is over 1 MiB")
	}
	return l.Buffer.Write(p)
}

func runAwk(ctx context.Context, r request) response {
	ctx, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	var output, problems limited
	command := exec.CommandContext(ctx, "/usr/bin/awk", "--", r.Program)
	command.Stdin = bytes.NewBufferString(r.Input)
	command.Stdout, command.Stderr = &output, &problems
	command.Env = []string{"PATH=/usr/bin"}
	answer := response{}
	if err := command.Run(); err != nil {
		answer.Error = err.Error()
		if problems.Len() > 0 {
			answer.Error += ": " + problems.String()
		}
	}
	answer.Output = output.String()
	return answer
}

func serveRun(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "post an AWK program", http.StatusMethodNotAllowed)
		return
	}
	var asked request
	body := http.MaxBytesReader(w, r.Body, largestRequest)
	if err := json.NewDecoder(body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(runAwk(r.Context(), asked)); err != nil {
		log.Print(err)
	}
}

func main() {
	address := ":8080"
	if given := os.Getenv("LISTEN"); given != "" {
		address = given
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/run", serveRun)
	mux.HandleFunc("/healthy", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "yes\n") })
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Printf("listening on %s as uid %d", address, os.Getuid())
	log.Fatal(server.ListenAndServe())
}

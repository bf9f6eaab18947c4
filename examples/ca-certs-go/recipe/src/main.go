// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Says how many certificate authorities this image trusts; with a URL, fetches it and says its status.
package main

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
)

func main() {
	pool, err := x509.SystemCertPool()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(len(pool.Subjects()), "certificates") //nolint:staticcheck // what is loaded from files is counted
	if len(os.Args) > 1 {
		answer, err := http.Get(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(answer.Status)
	}
}

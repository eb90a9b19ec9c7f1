package main

import "github.com/acme/hello-service/coverage"

var _ = coverage.Name

package main

import "embed"

//go:embed deploy/alerts.yaml
var alerts embed.FS

// Package web carries the pages in the binary.
package web

import "embed"

// Static holds the style sheets.
//
//go:embed static
var Static embed.FS

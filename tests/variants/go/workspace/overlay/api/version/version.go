// Package version has what the linker sets.
package version

// Version of the service.
var Version = "dev"

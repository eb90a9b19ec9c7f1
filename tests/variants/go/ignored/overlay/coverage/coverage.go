// Package coverage is a folder that .dockerignore leaves out.
package coverage

// Name of it.
const Name = "coverage"

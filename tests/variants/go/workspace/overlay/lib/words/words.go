// Package words is of another module of the workspace.
package words

// First returns a word.
func First() string { return "tea" }

// Package words is of a module in a folder of the repository.
package words

// First returns a word.
func First() string { return "tea" }

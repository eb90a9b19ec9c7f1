// Package sum adds in assembly.
package sum

// Of returns a + b.
func Of(a, b int64) int64

// Package paths finds the project's folder by the place of its own source.
package paths

import (
	"path/filepath"
	"runtime"
)

// Root is the project's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

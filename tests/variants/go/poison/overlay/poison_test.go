package main

import (
	"os"
	"os/exec"
	"testing"
)

func TestPoison(t *testing.T) {
	script, err := os.Open("poison.sh") // go sees that, and runs the test again for another script
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.CommandContext(t.Context(), "sh")
	shell.Stdin = script
	if said, err := shell.CombinedOutput(); err != nil {
		t.Fatal(err, string(said))
	}
}

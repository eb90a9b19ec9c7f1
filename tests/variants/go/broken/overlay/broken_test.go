package main

import "testing"

func TestBroken(t *testing.T) {
	t.Error("deliberately broken")
}

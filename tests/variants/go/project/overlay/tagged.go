//go:build !plain

package main

const tagged = "default"

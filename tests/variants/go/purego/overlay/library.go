package main

import "github.com/ebitengine/purego"

// Loads a shared library without C code, as packages for images, audio and GPUs do.
var _, _ = purego.Dlopen("libm.so.6", purego.RTLD_NOW)

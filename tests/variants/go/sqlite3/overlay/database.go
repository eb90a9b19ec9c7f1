package main

import _ "github.com/mattn/go-sqlite3" // compiles without its C code, and fails when it is used

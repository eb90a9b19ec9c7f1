package main

import "plugin"

func load(path string) (plugin.Symbol, error) {
	opened, err := plugin.Open(path)
	if err != nil {
		return nil, err
	}
	return opened.Lookup("Handler")
}

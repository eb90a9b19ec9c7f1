// Command server answers HTTP requests on PORT until SIGTERM or SIGINT.
//
// "server healthcheck" asks a running server whether it is alive; the image's
// HEALTHCHECK calls it, because there is no shell and no curl to do so.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

const defaultPort = "{{ cookiecutter.port }}"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // stop only restores signal handling; the process is over
	}
}

func run(ctx context.Context, args []string) error {
	port, err := parsePort(os.Getenv("PORT"))
	if err != nil {
		return err
	}

	switch {
	case len(args) == 0:
		return listenAndServe(ctx, port)
	case len(args) == 1 && args[0] == "healthcheck":
		return healthcheck(ctx, net.JoinHostPort("127.0.0.1", port))
	default:
		return errors.New("usage: server [healthcheck]")
	}
}

// parsePort returns the port to listen on: value, or the default where value is empty.
func parsePort(value string) (string, error) {
	if value == "" {
		return defaultPort, nil
	}
	if port, err := strconv.ParseUint(value, 10, 16); err != nil || port == 0 {
		return "", fmt.Errorf("PORT is %q: give it a number from 1 to 65535, for example %s", value, defaultPort)
	}
	return value, nil
}

func listenAndServe(ctx context.Context, port string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+port)
	if err != nil {
		return err
	}
	return newServer(newLogger(os.Stdout)).serve(ctx, listener)
}

// Command server answers HTTP requests on PORT until SIGTERM, SIGINT or SIGHUP.
//
// "server healthcheck" asks a running server whether it is alive; the image's
// HEALTHCHECK calls it, because there is no shell and no curl to do so.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const (
	defaultPort        = "{{ cookiecutter.port }}"
	healthcheckTimeout = 2 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
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
	go dumpStacks()
	memory := limitMemory()
	// A signal that comes this early stops the server as any later one does.
	listener, err := new(net.ListenConfig).Listen(context.WithoutCancel(ctx), "tcp", ":"+port)
	if err != nil {
		return err
	}
	return newServer(newLogger(os.Stdout), memory).serve(ctx, listener)
}

// dumpStacks writes what every goroutine does to stderr on each SIGQUIT; the server goes on.
func dumpStacks() {
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGQUIT)
	for range quit {
		stacks := make([]byte, 1<<20)
		_, _ = os.Stderr.Write(stacks[:runtime.Stack(stacks, true)])
	}
}

// healthcheck returns nil when the server at address says that it is alive.
//
// It speaks HTTP over a plain connection: http.Client would add half a megabyte
// to a service that has no other use for one.
func healthcheck(ctx context.Context, address string) error {
	deadline := time.Now().Add(healthcheckTimeout)
	dialer := net.Dialer{Deadline: deadline}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("unhealthy: %w", err)
	}
	defer connection.Close() //nolint:errcheck // the answer has been read
	if err := connection.SetDeadline(deadline); err != nil {
		return err
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/healthz", nil)
	if err != nil {
		return err
	}
	if err := request.Write(connection); err != nil {
		return fmt.Errorf("unhealthy: %w", err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), request)
	if err != nil {
		return fmt.Errorf("unhealthy: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // only the status is of interest
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("unhealthy: /healthz answered %s", response.Status)
	}
	return nil
}

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

const healthcheckTimeout = 2 * time.Second

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

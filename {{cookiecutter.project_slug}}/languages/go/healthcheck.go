package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const healthcheckTimeout = 2 * time.Second

// healthcheck returns nil when the server at baseURL says that it is alive.
func healthcheck(ctx context.Context, baseURL string) error {
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, baseURL+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("unhealthy: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // only the status was of interest

	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("unhealthy: %s answered %s", request.URL, response.Status)
	}
	return nil
}

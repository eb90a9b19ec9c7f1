//go:build ignore

// Smoke-test starts the service once, as in production, and asks it what the team lists. Part of the template: an update
// replaces it.
//
//	smoke-test COMMAND...
//
// /docker/smoke-test.txt lists the requests, /docker/smoke-test.env the settings, /docker/limits.env the memory.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout   = 60 * time.Second
	requestTimeout = 30 * time.Second
	probeTimeout   = 10 * time.Second
	stopTimeout    = 30 * time.Second // more than in production: builders are busy, or emulate a processor
)

// request is a line of smoke-test.txt: what is asked, and what is expected.
type request struct {
	path   string
	status int
	text   string
}

func main() {
	architecture := os.Getenv("TARGETARCH")
	os.Unsetenv("TARGETARCH") // production does not have it
	requests, skip, err := readRequests("/docker/smoke-test.txt")
	switch {
	case err != nil:
	case skip != "":
		fmt.Printf("smoke-test: skipped: %s. So it is not proven that the service starts in its image.\n", skip)
	case architecture != runtime.GOARCH:
		fmt.Printf("smoke-test: skipped: the image is for %s, this builder is %s. So it is not proven that the service starts in its image.\n", architecture, runtime.GOARCH)
	default:
		err = try(os.Args[1:], requests)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "smoke-test:", err)
		os.Exit(1)
	}
}

// readRequests returns the requests that a file lists, or the reason why the service is not started.
func readRequests(file string) (requests []request, skip string, err error) {
	lines, err := readLines(file)
	if err != nil {
		return nil, "", err
	}
	for _, line := range lines {
		words := strings.Fields(line)
		if words[0] == "skip" {
			return nil, strings.TrimRight(strings.Join(words[1:], " "), "."), nil
		}
		if len(words) > 1 && strings.HasPrefix(words[0], "/") {
			if status, err := strconv.Atoi(words[1]); err == nil {
				_, text, _ := strings.Cut(line, words[1])
				requests = append(requests, request{words[0], status, strings.TrimSpace(text)})
				continue
			}
		}
		return nil, "", fmt.Errorf("the line %q is not PATH STATUS [TEXT]. Edit docker/smoke-test.txt", line)
	}
	return requests, "", nil
}

// readLines returns the lines of a file, without comments; none where there is no such file.
func readLines(file string) (lines []string, err error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines, err
}

// try runs the command until it has answered everything. The error says what did not go well, and which file helps.
func try(command []string, requests []request) error {
	settings, err := readLines("/docker/smoke-test.env")
	if err != nil {
		return err
	}
	var output lockedBuffer
	service := exec.Command(command[0], command[1:]...)
	service.Env = append(append(os.Environ(), memoryLimit()...), settings...)
	service.Stdout, service.Stderr = &output, &output
	if err := service.Start(); err != nil {
		return fmt.Errorf("the service does not start: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Wait() }()

	if err = ask(service.Env, requests, ended); err == nil {
		err = checkHealth(service)
	}
	if err == nil {
		err = stop(service, ended)
	}
	if err != nil {
		_ = service.Process.Kill() // it may have ended
		fmt.Fprint(os.Stderr, output.String())
		return err
	}
	fmt.Printf("smoke-test: the service started, answered /healthz and %d more, and stopped.\n", len(requests))
	return nil
}

// memoryLimit returns the runtime's setting for the memory that the container gets.
func memoryLimit() []string {
	lines, _ := readLines("/docker/limits.env") // without a limit there is nothing to set
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, "MEMORY_MB="); ok {
			if megabytes, err := strconv.Atoi(strings.Fields(value + " -")[0]); err == nil {
				return []string{fmt.Sprintf("GOMEMLIMIT=%dMiB", megabytes*9/10)}
			}
		}
	}
	return nil
}

func ask(environment []string, requests []request, ended <-chan error) error {
	const help = "A setting that it needs goes to docker/smoke-test.env. If it cannot start without something from outside, such as a database, write the line skip REASON to docker/smoke-test.txt."
	client := &http.Client{
		Timeout:       requestTimeout,
		Transport:     &http.Transport{DisableKeepAlives: true}, // and no proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	port := ""
	for _, variable := range environment {
		if value, ok := strings.CutPrefix(variable, "PORT="); ok {
			port = value
		}
	}
	address := "http://127.0.0.1:" + port

	for deadline := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-ended:
			return fmt.Errorf("the service ended (%s) before it answered GET /healthz with 200. It is started without arguments: those that it needs are supplied by main. %s", describe(err), help)
		default:
		}
		status, _, err := get(client, address+"/healthz")
		if status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the service did not answer GET /healthz with 200 within %s; last: %s.%s %s", startTimeout, answer(status, "", err), elsewhere(port), help)
		}
	}
	// Another address of the loopback interface.
	connection, err := net.DialTimeout("tcp", "127.0.0.2:"+port, requestTimeout)
	if err != nil {
		return errors.New(`the service listens on localhost, where nobody outside of its container reaches it. Let it listen on every address: ":" + port`)
	}
	_ = connection.Close()
	for _, r := range requests {
		status, body, err := get(client, address+r.path)
		if status != r.status || !strings.Contains(body, r.text) {
			return fmt.Errorf("GET %s: expected %s, got %s. Edit docker/smoke-test.txt if that is right; a setting that the service needs goes to docker/smoke-test.env", r.path, answer(r.status, r.text, nil), answer(status, body, err))
		}
	}
	return nil
}

// elsewhere says on which ports the service listens, if none of them is `port`. The network is that of this build step.
func elsewhere(port string) string {
	var ports []string
	for _, name := range []string{"tcp", "tcp6"} {
		table, _ := os.ReadFile("/proc/net/" + name) // there is none without IPv6
		for line := range strings.Lines(string(table)) {
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[3] != "0A" { // LISTEN
				continue
			}
			_, digits, _ := strings.Cut(fields[1], ":")
			if number, err := strconv.ParseUint(digits, 16, 16); err == nil {
				ports = append(ports, strconv.FormatUint(number, 10))
			}
		}
	}
	if len(ports) == 0 || slices.Contains(ports, port) {
		return ""
	}
	return fmt.Sprintf(" It listens on %s: let it listen on the port that the variable PORT names, which is %s here.", strings.Join(ports, ", "), port)
}

// checkHealth runs what the image's HEALTHCHECK runs beside the service: on its port, and on one where nobody listens.
func checkHealth(service *exec.Cmd) error {
	const help = "With this argument, the program has to request GET /healthz on $PORT, and to end with 0 where the answer is 200, else with 1, as main.go of a fresh service does"
	probe := func(settings ...string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
		defer cancel()
		command := exec.CommandContext(ctx, service.Path, append(service.Args[1:], "healthcheck")...)
		command.Env = append(service.Env, settings...)
		output, err := command.CombinedOutput()
		if ctx.Err() != nil {
			return "", fmt.Errorf("the image's HEALTHCHECK, `%s healthcheck`, did not end within %s. %s", filepath.Base(service.Path), probeTimeout, help)
		}
		return strings.TrimSpace(string(output)), err
	}
	output, err := probe()
	if err != nil {
		return fmt.Errorf("the image's HEALTHCHECK, `%s healthcheck`, ended with %s: %.300s. %s", filepath.Base(service.Path), describe(err), output, help)
	}
	if _, err = probe("PORT=1"); err == nil {
		return fmt.Errorf("the image's HEALTHCHECK, `%s healthcheck`, ended with 0 where no service was running. %s", filepath.Base(service.Path), help)
	} else if !errors.As(err, new(*exec.ExitError)) {
		return err
	}
	return nil
}

func get(client *http.Client, address string) (int, string, error) {
	response, err := client.Get(address)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(body), err
}

func answer(status int, text string, err error) string {
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(fmt.Sprintf("%d %.300s", status, strings.TrimSpace(text)))
}

func stop(service *exec.Cmd, ended <-chan error) error {
	_ = service.Process.Signal(syscall.SIGTERM) // it may have ended by itself, which is reported below
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("the service ended with %s on SIGTERM; it has to end with exit code 0", describe(err))
		}
		return nil
	case <-time.After(stopTimeout):
		return fmt.Errorf("the service did not end within %s of SIGTERM", stopTimeout)
	}
}

func describe(err error) string {
	if err == nil {
		return "exit code 0"
	}
	return strings.Replace(err.Error(), "exit status", "exit code", 1)
}

// lockedBuffer keeps the end of what the service writes while it runs.
type lockedBuffer struct {
	mutex sync.Mutex
	bytes []byte
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.bytes = append(b.bytes, data...)
	b.bytes = b.bytes[max(0, len(b.bytes)-100_000):]
	return len(data), nil
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return string(b.bytes)
}

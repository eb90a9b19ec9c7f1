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
	"regexp"
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
	// A service that is not expected to start is watched until it does nothing for a while.
	idleTimeout  = 3 * time.Second
	watchTimeout = 30 * time.Second
	stopTimeout  = 30 * time.Second // more than in production: builders are busy, or emulate a processor
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
	case skip != "" && architecture == runtime.GOARCH:
		var end string
		if end, err = watch(os.Args[1:], skip); err == nil {
			fmt.Printf("smoke-test: skipped: %s. So it is not proven that the service starts in its image. Without what it needs, it %s\n", skip, end)
		}
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
	var output lockedBuffer
	service, ended, err := start(command, &output)
	if err != nil {
		return err
	}
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

// start runs the command as in production. Its end is sent to the channel.
func start(command []string, output io.Writer) (*exec.Cmd, <-chan error, error) {
	settings, err := readLines("/docker/smoke-test.env")
	if err != nil {
		return nil, nil, err
	}
	service := exec.Command(command[0], command[1:]...)
	hostname, _ := os.Hostname()
	// Every container has HOSTNAME, and this build step does not.
	service.Env = slices.Concat([]string{"HOSTNAME=" + hostname}, os.Environ(), memoryLimit(), settings)
	service.Stdout, service.Stderr = output, output
	if err := service.Start(); err != nil {
		return nil, nil, fmt.Errorf("the service does not start: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Wait() }()
	return service, ended, nil
}

// watch returns what became of a service that is not expected to start. It may fail for want of what is outside, but not
// of what the image has to have: that would fail in production, too.
func watch(command []string, reason string) (string, error) {
	var output lockedBuffer
	service, ended, err := start(command, &output)
	if err != nil {
		return "", err
	}
	defer func() { _ = service.Process.Kill() }() // it may have ended
	client, address := newClient(time.Second), "http://127.0.0.1:"+portOf(service.Env)
	begin := time.Now()
	busy, used := begin, time.Duration(0)
	for time.Since(begin) < watchTimeout && time.Since(busy) < idleTimeout {
		if status, _, _ := get(client, address+"/healthz"); status == http.StatusOK {
			return "became healthy: the line skip may not be needed.", nil
		}
		select {
		case err := <-ended:
			end, err := judge(err, output.String(), reason)
			if err != nil {
				fmt.Fprint(os.Stderr, output.String())
			}
			return end, err
		case <-time.After(200 * time.Millisecond):
		}
		if now := processorTime(service.Process.Pid); now > used+300*time.Millisecond {
			busy, used = time.Now(), now
		}
	}
	return "did not become healthy.", nil
}

// processorTime returns how long a process has had a processor.
func processorTime(pid int) time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // it may have ended
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // a tick, on every system
}

var (
	// imageFault is what the image is at fault for, whatever is missing outside of it: a place that cannot be written to, or
	// a program that is not there. (`bind: permission denied` is none: it is about a port.)
	imageFault = regexp.MustCompile(`\w [^ :]+: (permission denied|read-only file system)|executable file not found in \$PATH|fork/exec \S+: `)
	crash      = regexp.MustCompile(`(?m)^SIG(SEGV|BUS|ILL|TRAP|ABRT|FPE|SYS): `)
	name       = regexp.MustCompile(`[\w@./-]*[./][\w@./-]*\w`)
	beside     = regexp.MustCompile(`(?s)\n(goroutine \d+ |Usage).*`)
)

// judge says how a service ended that is not expected to start, or that its image is at fault.
func judge(end error, output, reason string) (string, error) {
	lines := strings.Split(strings.TrimSpace(beside.ReplaceAllString(output, "")), "\n")
	said := strings.TrimSpace(lines[len(lines)-1]) // a program in Go ends with the error that it ends for
	if said != "" {
		said = fmt.Sprintf(": %.300s", said)
	}
	excuse := fmt.Sprintf("the service ended with %s, which the line skip does not excuse%s. ", describe(end), said)
	if end != nil && crash.MatchString(output) {
		return "", errors.New(excuse + "Native code crashes: take a build of it for this processor")
	}
	// A name in the reason (/data) is said to be outside.
	isNamed := slices.ContainsFunc(name.FindAllString(reason, -1), func(name string) bool { return strings.Contains(said, name) })
	if end != nil && imageFault.MatchString(said) && !isNamed {
		return "", errors.New(excuse + "Only /tmp can be written to, and the programs in the image are those of its base. What production adds to the image, such as a volume, is named in the reason: skip It needs /data")
	}
	return fmt.Sprintf("ended with %s%s", describe(end), said), nil
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
	client, port := newClient(requestTimeout), portOf(environment)
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
			if onLocalhost(port) {
				return errLocalhost
			}
			return fmt.Errorf("the service did not answer GET /healthz with 200 within %s; last: %s.%s %s", startTimeout, answer(status, "", err), elsewhere(port), help)
		}
	}
	if onLocalhost(port) {
		return errLocalhost
	}
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

func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{DisableKeepAlives: true}, // and no proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func portOf(environment []string) (port string) {
	for _, variable := range environment {
		if value, ok := strings.CutPrefix(variable, "PORT="); ok {
			port = value
		}
	}
	return port
}

var errLocalhost = errors.New(`the service listens on localhost, where nobody outside of its container reaches it. Let it listen on every address: ":" + port`)

// onLocalhost says whether the port is open on localhost, of either version of IP, and on no other address.
func onLocalhost(port string) bool {
	isOpen := func(host string) bool {
		connection, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), probeTimeout)
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	}
	// 127.0.0.2: another address of the loopback interface.
	return (isOpen("127.0.0.1") || isOpen("::1")) && !isOpen("127.0.0.2")
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

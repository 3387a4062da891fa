// Command kube-apiserver is a Kubernetes API for tests, in one process: kube-apiserver, its etcd,
// and the four controllers whose work a client of the API sees even where no pod ever runs.
//
// Everything it keeps lies below --dir. Once it serves, it writes DIR/kubeconfig, and into
// DIR/storage-url where all that etcd holds can be read, and prints `ready https://127.0.0.1:PORT`. It ends when it is told to (SIGTERM, SIGINT) or its stdin
// closes: it cannot outlive whoever started it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	dir := flag.String("dir", "", "directory for all state; created when missing")
	port := flag.Int("port", 0, "port on 127.0.0.1; 0 picks a free one")
	flag.Parse()
	// Logging moves to a file; what ends the process is still said where it was started.
	stderr := os.Stderr
	if err := run(*dir, *port); err != nil {
		fmt.Fprintln(stderr, "kube-apiserver:", err)
		os.Exit(1)
	}
}

// errAsked is the cause of an end that is none of the servers' doing.
var errAsked = errors.New("asked to end")

// run serves until it is asked to end, or something fails.
//
// Nothing is shut down in order on the way out: the state is thrown away with the directory, and
// a graceful end of the API server waits for watches that no one is going to close.
func run(dir string, port int) error {
	if dir == "" {
		return errors.New("--dir is missing")
	}
	state, err := newState(dir)
	if err != nil {
		return err
	}
	if err := logTo(state.log); err != nil {
		return err
	}
	ctx, end := lifetime()
	go func() {
		address, err := start(ctx, end, state, port)
		if err != nil {
			end(err)
			return
		}
		fmt.Printf("ready %s\n", address)
	}()
	<-ctx.Done()
	if err := context.Cause(ctx); err != errAsked {
		return err
	}
	return nil
}

// start brings up etcd, the API server and the controllers, and returns once the API is ready.
func start(ctx context.Context, end context.CancelCauseFunc, state *state, port int) (string, error) {
	etcd, err := startEtcd(state.etcd, state.log)
	if err != nil {
		return "", fmt.Errorf("etcd: %w", err)
	}
	storage, err := serveStorage(etcd)
	if err != nil {
		return "", fmt.Errorf("etcd: %w", err)
	}
	if err := os.WriteFile(state.storageURL, []byte(storage), 0o600); err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return "", err
	}
	if err := startAPIServer(ctx, end, state, listener, clientURL(etcd)); err != nil {
		return "", err
	}
	admin, err := state.admin("https://" + listener.Addr().String())
	if err != nil {
		return "", err
	}
	if err := waitReady(ctx, admin); err != nil {
		return "", err
	}
	if err := startControllers(ctx, admin, state); err != nil {
		return "", err
	}
	return admin.Host, state.writeKubeconfig(admin)
}

// lifetime is over with a signal, with stdin, or with the cause given to its cancel function.
func lifetime() (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		end(errAsked)
	}()
	go func() {
		// An error is as much the end of stdin as its end is.
		_, _ = io.Copy(io.Discard, os.Stdin)
		end(errAsked)
	}()
	return ctx, end
}

// logTo sends what the servers log to the file.
func logTo(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	os.Stderr = file
	return nil
}

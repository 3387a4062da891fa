// Command vault is HashiCorp Vault with everything in memory, for tests.
//
// It initialises and unseals itself, prints `ready http://HOST:PORT` and serves until it is
// told to stop (SIGTERM, SIGINT) or its stdin closes: it cannot outlive whoever started it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

// The root token comes from the environment: argv is readable by every user of the machine.
const rootTokenVariable = "TRUSTPATH_ROOT_TOKEN"

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "host:port to serve on; port 0 picks a free one")
	flag.Parse()
	if err := run(*addr, os.Getenv(rootTokenVariable)); err != nil {
		fmt.Fprintln(os.Stderr, "vault:", err)
		os.Exit(1)
	}
}

// run serves a fresh Vault until it is asked to end, or serving fails.
//
// Nothing is flushed or closed on the way out: all there is lives in this process.
func run(addr, rootToken string) error {
	if rootToken == "" {
		return errors.New(rootTokenVariable + " is not set: it becomes the root token's id")
	}
	ended := make(chan error, 1)
	endWhenAsked(ended)
	core, err := newCore()
	if err != nil {
		return err
	}
	if err := initialise(context.Background(), core, rootToken); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	go func() { ended <- http.Serve(listener, handler(core)) }()
	fmt.Printf("ready http://%s\n", listener.Addr())
	return <-ended
}

// endWhenAsked ends without an error on a signal, and with stdin.
func endWhenAsked(ended chan<- error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		ended <- nil
	}()
	go func() {
		// An error is as much the end of stdin as its end is.
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended <- nil
	}()
}

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// startAPIServer configures kube-apiserver and serves in the background; end gets its error.
func startAPIServer(ctx context.Context, end context.CancelCauseFunc, state *state, listener net.Listener, etcd string) error {
	configured, err := configure(ctx, state, listener, etcd)
	if err != nil {
		return err
	}
	go func() { end(fmt.Errorf("the API server ended: %w", app.Run(context.WithoutCancel(ctx), configured))) }()
	return nil
}

// configure does what kube-apiserver's own command does with its flags, except that it hands in
// an open listener: a port that was picked and released could be taken by another client.
func configure(ctx context.Context, state *state, listener net.Listener, etcd string) (options.CompletedOptions, error) {
	run := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range run.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(arguments(state, etcd)); err != nil {
		return options.CompletedOptions{}, err
	}
	run.SecureServing.Listener = listener
	run.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port

	globals := run.GenericServerRunOptions.ComponentGlobalsRegistry
	if err := globals.Set(); err != nil {
		return options.CompletedOptions{}, err
	}
	if err := logsapi.ValidateAndApply(run.Logs, nil); err != nil {
		return options.CompletedOptions{}, err
	}
	completed, err := run.Complete(ctx)
	if err != nil {
		return options.CompletedOptions{}, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
}

func arguments(state *state, etcd string) []string {
	return []string{
		"--etcd-servers=" + etcd,
		// Protobuf is what it stores by default, and what no one can compare by its fields.
		"--storage-media-type=application/json",
		"--cert-dir=" + state.certificates,
		"--bind-address=127.0.0.1",
		"--service-cluster-ip-range=10.96.0.0/24",
		"--authorization-mode=RBAC",
		"--token-auth-file=" + state.tokens,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + state.key,
		"--service-account-signing-key-file=" + state.key,
		// Without these two it looks for a network beyond loopback, and fails where there is none.
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
	}
}

// waitReady waits until the API server calls itself ready, and for kube-system, which appears a
// moment later and whose uid identifies the cluster.
func waitReady(ctx context.Context, admin *rest.Config) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err != nil {
			return false, nil
		}
		_, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
		return err == nil, nil
	})
}

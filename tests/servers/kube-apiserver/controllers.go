package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	tokens "k8s.io/kubernetes/pkg/serviceaccount"
)

// workers is how many objects a controller handles at once.
const workers = 2

// startControllers runs what an API server alone does not do:
//   - a new namespace gets its ServiceAccount `default` and its ConfigMap `kube-root-ca.crt`,
//   - a deleted one is emptied and removed,
//   - a Secret of type kubernetes.io/service-account-token gets its token and CA.
func startControllers(ctx context.Context, admin *rest.Config, state *state) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return err
	}
	shared := informers.NewSharedInformerFactory(client, 0)
	core, logger := shared.Core().V1(), klog.FromContext(ctx)

	accounts, err := serviceaccount.NewServiceAccountsController(logger,
		core.ServiceAccounts(), core.Namespaces(), client, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return err
	}
	rootCA, err := rootcacertpublisher.NewPublisher(core.ConfigMaps(), core.Namespaces(), client, admin.CAData)
	if err != nil {
		return err
	}
	secrets, err := tokensController(logger, shared, client, admin, state)
	if err != nil {
		return err
	}
	namespaces, err := namespaceController(ctx, shared, client, admin)
	if err != nil {
		return err
	}
	shared.Start(ctx.Done())
	go accounts.Run(ctx, workers)
	go rootCA.Run(ctx, workers)
	go secrets.Run(ctx, workers)
	go namespaces.Run(ctx, workers)
	return nil
}

// tokensController signs long-lived tokens with the key that the API server checks them by, under
// the issuer that kube-controller-manager uses.
func tokensController(logger klog.Logger, shared informers.SharedInformerFactory, client kubernetes.Interface, admin *rest.Config, state *state) (*serviceaccount.TokensController, error) {
	generator, err := tokens.JWTTokenGenerator(tokens.LegacyIssuer, state.signingKey)
	if err != nil {
		return nil, err
	}
	core := shared.Core().V1()
	return serviceaccount.NewTokensController(logger, core.ServiceAccounts(), core.Secrets(), client,
		serviceaccount.TokensControllerOptions{TokenGenerator: generator, RootCA: admin.CAData})
}

func namespaceController(ctx context.Context, shared informers.SharedInformerFactory, client kubernetes.Interface, admin *rest.Config) (*namespace.NamespaceController, error) {
	objects, err := metadata.NewForConfig(admin)
	if err != nil {
		return nil, err
	}
	return namespace.NewNamespaceController(ctx, client, objects,
		client.Discovery().ServerPreferredNamespacedResources,
		shared.Core().V1().Namespaces(), 0, corev1.FinalizerKubernetes), nil
}

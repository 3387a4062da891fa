package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/go-hclog"
	credjwt "github.com/hashicorp/vault-plugin-auth-jwt"
	credkubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/audit"
	credapprole "github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/helper/namespace"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

var (
	authMethods = map[string]logical.Factory{
		"kubernetes": credkubernetes.Factory, "approle": credapprole.Factory, "jwt": credjwt.Factory,
	}
	secretsEngines = map[string]logical.Factory{"kv": kv.Factory}
	auditDevices   = map[string]audit.Factory{"file": audit.NewFileBackend}
)

// newCore is a sealed, uninitialised Vault on in-memory storage.
func newCore() (*vault.Core, error) {
	// sys/monitor takes its lines from an intercepting logger, at a level of its own.
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "vault", Level: hclog.Warn})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, err
	}
	return vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		StorageType:        "inmem",
		Logger:             logger,
		LogLevel:           "warn",
		ClusterName:        "trustpath",
		CredentialBackends: authMethods,
		LogicalBackends:    secretsEngines,
		AuditBackends:      auditDevices,
		BuiltinRegistry:    registry{},
		// Locking memory needs a privilege, and nothing here is worth hiding from swap.
		DisableMlock: true,
		// sys/raw lets a test compare what is stored, byte for byte.
		EnableRaw: true,
	})
}

// handler is Vault's whole HTTP API. Vault wants a listener's settings, empty ones included.
func handler(core *vault.Core) http.Handler {
	return vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core:           core,
		ListenerConfig: &configutil.Listener{},
	})
}

// initialise unseals core and leaves rootToken as its only root token.
func initialise(ctx context.Context, core *vault.Core, rootToken string) error {
	ctx = namespace.RootContext(ctx)
	created, err := core.Initialize(ctx, &vault.InitParams{
		BarrierConfig:  &vault.SealConfig{SecretShares: 1, SecretThreshold: 1},
		RecoveryConfig: &vault.SealConfig{},
	})
	if err != nil {
		return fmt.Errorf("initialise: %w", err)
	}
	if _, err := core.Unseal(created.SecretShares[0]); err != nil {
		return fmt.Errorf("unseal: %w", err)
	}
	return replaceRootToken(ctx, core, created.RootToken, rootToken)
}

// replaceRootToken creates the token id as root, and revokes the one it was created with.
func replaceRootToken(ctx context.Context, core *vault.Core, initial, id string) error {
	requests := []*logical.Request{
		{Path: "auth/token/create", Data: map[string]any{
			"id": id, "policies": []string{"root"}, "no_parent": true, "no_default_policy": true,
		}},
		{Path: "auth/token/revoke-self"},
	}
	for _, request := range requests {
		request.ID = request.Path
		request.Operation = logical.UpdateOperation
		request.ClientToken = initial
		response, err := core.HandleRequest(ctx, request)
		if err == nil && response.IsError() {
			err = response.Error()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", request.Path, err)
		}
	}
	return nil
}

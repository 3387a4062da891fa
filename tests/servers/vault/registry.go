package main

import (
	"maps"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// registry tells Vault's plugin catalog which plugins are built in: those that newCore is given.
// Vault's own registry would pull in every database and cloud plugin there is.
type registry struct{}

func (registry) factories(kind consts.PluginType) map[string]logical.Factory {
	switch kind {
	case consts.PluginTypeCredential:
		return authMethods
	case consts.PluginTypeSecrets:
		return secretsEngines
	default:
		return nil
	}
}

func (r registry) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	factory, known := r.factories(kind)[name]
	return func() (any, error) { return factory, nil }, known
}

func (r registry) Contains(name string, kind consts.PluginType) bool {
	_, known := r.factories(kind)[name]
	return known
}

func (r registry) Keys(kind consts.PluginType) []string {
	return slices.Sorted(maps.Keys(r.factories(kind)))
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool {
	return false
}

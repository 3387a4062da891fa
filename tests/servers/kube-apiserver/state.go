package main

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// state is what lies below --dir, and the two secrets that this process makes for itself.
type state struct {
	certificates, etcd, key, kubeconfig, log, storageURL, tokens string // paths

	signingKey *rsa.PrivateKey // signs ServiceAccount tokens
	adminToken string
}

// newState creates the directory, the key that signs ServiceAccount tokens, and an admin's token.
func newState(dir string) (*state, error) {
	signingKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	s := &state{
		certificates: filepath.Join(dir, "certificates"),
		etcd:         filepath.Join(dir, "etcd"),
		key:          filepath.Join(dir, "service-account.key"),
		kubeconfig:   filepath.Join(dir, "kubeconfig"),
		log:          filepath.Join(dir, "log"),
		storageURL:   filepath.Join(dir, "storage-url"),
		tokens:       filepath.Join(dir, "tokens.csv"),
		signingKey:   signingKey,
		adminToken:   rand.Text(),
	}
	pem, err := keyutil.MarshalPrivateKeyToPEM(signingKey)
	if err != nil {
		return nil, err
	}
	return s, errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(s.key, pem, 0o600),
		os.WriteFile(s.tokens, []byte(s.adminToken+",admin,admin,system:masters\n"), 0o600),
	)
}

// admin is a client configuration that may do anything. The API server has to be configured: it
// signs its own certificate then, and appends the CA to it.
func (s *state) admin(address string) (*rest.Config, error) {
	chain, err := cert.CertsFromFile(filepath.Join(s.certificates, "apiserver.crt"))
	if err != nil {
		return nil, err
	}
	ca, err := cert.EncodeCertificates(chain[len(chain)-1])
	if err != nil {
		return nil, err
	}
	return &rest.Config{
		Host:            address,
		BearerToken:     s.adminToken,
		TLSClientConfig: rest.TLSClientConfig{CAData: ca},
		// The namespace controller asks for every type there is, over and over.
		QPS: -1,
	}, nil
}

// writeKubeconfig writes admin's access as a kubeconfig that needs no other file.
func (s *state) writeKubeconfig(admin *rest.Config) error {
	const name = "trustpath"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: admin.Host, CertificateAuthorityData: admin.CAData}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: admin.BearerToken}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, s.kubeconfig)
}

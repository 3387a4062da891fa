package main

import (
	"encoding/json"
	"net"
	"net/http"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

// serveStorage answers every request with all that etcd holds, as one JSON object from path to value,
// and returns its URL. It is for whoever looks at the cluster from outside of its API.
func serveStorage(etcd *embed.Etcd) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	client := v3client.New(etcd.Server)
	answer := func(response http.ResponseWriter, request *http.Request) {
		everything, err := client.Get(request.Context(), "/", clientv3.WithPrefix())
		if err != nil {
			http.Error(response, err.Error(), http.StatusInternalServerError)
			return
		}
		stored := make(map[string]any, len(everything.Kvs))
		for _, entry := range everything.Kvs {
			stored[string(entry.Key)] = value(entry.Value)
		}
		// Whoever asked has gone when this fails.
		_ = json.NewEncoder(response).Encode(stored)
	}
	go func() { _ = http.Serve(listener, http.HandlerFunc(answer)) }()
	return "http://" + listener.Addr().String(), nil
}

// value is JSON as it stands, which the API server stores here, and anything else as bytes.
func value(stored []byte) any {
	if json.Valid(stored) {
		return json.RawMessage(stored)
	}
	return stored
}

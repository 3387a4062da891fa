use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::certificates::Certificates;
use crate::{Error, Result};

/// Where the configuration of the OpenBao in this directory lies.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("config.json")
}

pub(super) fn write(dir: &Path, port: u16, certificates: Option<&Certificates>, on_disk: bool) -> Result<()> {
    let data = dir.join("data");
    fs::create_dir_all(&data).map_err(Error::file("create", &data))?;
    let config = json!({
        "storage": if on_disk { raft(&data) } else { json!({ "inmem": {} }) },
        "listener": [{ "tcp": listener(port, certificates) }],
        // Where other members would reach it; there are none, but storage on disk wants to know.
        "api_addr": format!("http://127.0.0.1:{port}"),
        "cluster_addr": "http://127.0.0.1:0",
        "raw_storage_endpoint": true,
    });
    let path = path(dir);
    fs::write(&path, config.to_string()).map_err(Error::file("write", &path))
}

/// Integrated storage is the only one on disk that OpenBao 2.7 has. The multiplier sets the
/// timeouts of leader elections, which there is no one to lose to.
fn raft(data: &Path) -> Value {
    json!({ "raft": { "path": data, "node_id": "only", "performance_multiplier": "1" } })
}

fn listener(port: u16, certificates: Option<&Certificates>) -> Value {
    let address = format!("127.0.0.1:{port}");
    // The default is the port after the other one, which may be taken.
    let cluster_address = "127.0.0.1:0";
    let Some(certificates) = certificates else {
        return json!({ "address": address, "cluster_address": cluster_address, "tls_disable": true });
    };
    json!({
        "address": address,
        "cluster_address": cluster_address,
        "tls_cert_file": certificates.server.certificate,
        "tls_key_file": certificates.server.key,
        "tls_client_ca_file": certificates.ca,
        "tls_disable_client_certs": !certificates.asks_clients,
        "tls_require_and_verify_client_cert": certificates.asks_clients,
    })
}

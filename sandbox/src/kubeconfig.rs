//! The kubeconfig of the sandbox's administrator.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use secrecy::{ExposeSecret as _, SecretString};

/// A kubeconfig with everything in it: no file that it points to.
pub(crate) fn render(address: &str, ca_pem: &str, token: &SecretString) -> String {
    let (authority, token) = (BASE64.encode(ca_pem), token.expose_secret());
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: sandbox
  cluster:
    server: {address}
    certificate-authority-data: {authority}
users:
- name: admin
  user:
    token: {token}
contexts:
- name: sandbox
  context:
    cluster: sandbox
    user: admin
current-context: sandbox
"
    )
}

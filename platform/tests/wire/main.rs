//! The two systems, as a step meets them: against servers that say what a test tells them.

mod fence;
mod hostile;
mod kubernetes_errors;
mod kubernetes_journals;
mod kubernetes_objects;
mod kubernetes_plugins;
mod kubernetes_settings;
mod secrets;
mod support;
mod tls;
mod vault_before;
mod vault_denied;
mod vault_errors;
mod vault_open;
mod vault_requests;
mod vault_settings;
mod vault_variables;

//! The one TLS provider.

/// Makes ring the TLS provider of this process, unless there is one. Idempotent. Opening either system calls it, so that
/// no forgotten call can end in a panic; a program calls it first thing.
pub fn install_crypto_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // The only error is that another thread was first, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

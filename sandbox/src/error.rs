//! Why the sandbox did not start.

use miette::Diagnostic;
use thiserror::Error;

/// Why the sandbox did not start. What a running server refuses is a `Status` in its answer.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// No port could be had on the loopback address, or the thread that serves it did not start.
    #[error("the sandbox's Kubernetes API cannot listen on 127.0.0.1")]
    #[diagnostic(
        code(trustpath::sandbox::listen),
        help("it takes any free port: check the limits on open files and sockets")
    )]
    Listen(#[from] std::io::Error),
    /// A certificate could not be made.
    #[error("the sandbox's certificates cannot be made")]
    #[diagnostic(code(trustpath::sandbox::certificate))]
    Certificate(#[from] rcgen::Error),
    /// The certificates were not accepted for serving.
    #[error("the sandbox's TLS cannot be set up")]
    #[diagnostic(code(trustpath::sandbox::tls))]
    Tls(#[from] rustls::Error),
    /// The key that signs ServiceAccount tokens could not be made.
    #[error("the key that signs ServiceAccount tokens cannot be made")]
    #[diagnostic(code(trustpath::sandbox::signing_key))]
    SigningKey,
    /// A manifest that the sandbox should start with was refused.
    #[error("the sandbox refused a manifest: {message}")]
    #[diagnostic(code(trustpath::sandbox::manifest), help("fix the manifest"))]
    Manifest {
        /// The server's words.
        message: String,
    },
    /// OpenBao could not be had or did not start.
    #[error(transparent)]
    #[diagnostic(transparent)]
    OpenBao(#[from] trustpath_provision::Error),
    /// OpenBao did not answer while it was prepared.
    #[error("the sandbox's OpenBao does not answer")]
    #[diagnostic(code(trustpath::sandbox::openbao_unreachable))]
    OpenBaoUnreachable(#[from] reqwest::Error),
    /// OpenBao refused what it should hold.
    #[error("the sandbox's OpenBao answered {request} with {status}: {message}")]
    #[diagnostic(code(trustpath::sandbox::openbao_refused))]
    OpenBaoRefused {
        /// Method and path.
        request: &'static str,
        /// The HTTP status.
        status: u16,
        /// The body of the answer.
        message: String,
    },
}

//! What transport errors mean, found by their types and never by their texts.

use std::{error::Error as StdError, io};

use hyper_util::client::legacy;

/// What sort of transport failure it was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Transport {
    /// The TLS handshake failed, for this reason.
    Tls(Box<rustls::Error>),
    /// The other side ended TLS with the request under way, as one does that misses a client certificate. HTTP/2 keeps no
    /// more of the reason than that.
    TlsEnded,
    /// No connection came about: nothing was sent.
    NoConnection,
    /// It took too long.
    Timeout,
    /// Anything else, with the request under way.
    Broken,
}

/// Looks through a chain of errors.
pub(crate) fn classify(error: &(dyn StdError + 'static)) -> Transport {
    let (mut connecting, mut late, mut ended) = (false, false, false);
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::AlertReceived(_)) if !connecting => return Transport::TlsEnded,
            Some(tls) => return Transport::Tls(Box::new(tls.clone())),
            None => {}
        }
        connecting |= error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
        connecting |= error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect);
        late |= error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
        next = inner(error);
        if let Some(io) = error.downcast_ref::<io::Error>() {
            connecting |= io.kind() == io::ErrorKind::ConnectionRefused;
            late |= io.kind() == io::ErrorKind::TimedOut;
            ended |= io.kind() == io::ErrorKind::InvalidData;
        }
    }
    match (connecting, late) {
        (true, _) => Transport::NoConnection,
        (false, true) => Transport::Timeout,
        (false, false) if ended => Transport::TlsEnded,
        (false, false) => Transport::Broken,
    }
}

/// The error inside: an `io::Error` skips the error that it wraps when asked for its source.
pub(crate) fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

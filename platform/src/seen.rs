//! What came of one attempt at a request.

/// What came of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// There was no connection: nothing was sent.
    NoConnection,
    /// The connection broke, or went silent, when the request was under way: it may have been served.
    Broken,
    /// The other side has ended TLS when the request was under way: it may have been served, and will end the next one too.
    Ended,
    /// An answer.
    Status(u16),
    /// The server has done nothing, and may once something else is ready: 404 on what was just made and this server may not
    /// know of yet; a webhook that the API server cannot call.
    NotYet,
}

impl Attempt {
    /// Whether the server may carry the request out after this.
    ///
    /// 502 and 504 are the words of something before the server, which has not heard from it. Any other status is the
    /// server's own: it is done with the request.
    pub(crate) fn may_come_late(self) -> bool {
        matches!(self, Self::Broken | Self::Ended | Self::Status(502 | 504))
    }
}

//! Which server TLS believes, by Go's rules where rustls has others.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
    client::{
        WantsClientCert, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, ring::default_provider, verify_tls12_signature,
        verify_tls13_signature,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

/// Who vouches for a server.
pub(crate) enum Trusted<'a> {
    /// These, and no one else.
    Roots(&'a [CertificateDer<'static>]),
    /// Those that this machine trusts.
    Machine,
    /// No one needs to.
    Anyone,
}

impl<'a> Trusted<'a> {
    /// These roots, or else the machine's. Where no TLS is on the way, to the server or to a proxy, none have to be there.
    pub(crate) fn of(roots: &'a [CertificateDer<'static>], verify: bool, way: [Option<&str>; 2]) -> Self {
        match roots.is_empty() {
            _ if !verify || !way.contains(&Some("https")) => Self::Anyone,
            true => Self::Machine,
            false => Self::Roots(roots),
        }
    }
}

/// A client that has yet to be told whether it shows a certificate.
pub(crate) fn client(trusted: &Trusted<'_>) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let provider = Arc::new(default_provider());
    let verifier = Arc::new(RootsOrAuthority::new(trusted, &provider)?);
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.dangerous().with_custom_certificate_verifier(verifier))
}

/// What rustls verifies, and a certificate that is itself one of the roots: to Go (`crypto/x509`, `Certificate.Verify`) that
/// is a chain of one, to rustls the misuse of an authority.
#[derive(Debug)]
struct RootsOrAuthority {
    authority: Option<Arc<dyn ServerCertVerifier>>,
    roots: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl RootsOrAuthority {
    fn new(trusted: &Trusted<'_>, provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        let (provider, algorithms) = (Arc::clone(provider), provider.signature_verification_algorithms);
        let (authority, roots): (Option<Arc<dyn ServerCertVerifier>>, _) = match trusted {
            Trusted::Roots(roots) => {
                let mut store = RootCertStore::empty();
                roots.iter().try_for_each(|root| store.add(root.clone()))?;
                let built = WebPkiServerVerifier::builder_with_provider(store.into(), provider).build();
                (Some(built.map_err(|error| Error::Other(OtherError(Arc::new(error))))?), roots.to_vec())
            }
            Trusted::Machine => (Some(Arc::new(rustls_platform_verifier::Verifier::new(provider)?)), Vec::new()),
            Trusted::Anyone => (None, Vec::new()),
        };
        Ok(Self { authority, roots, algorithms })
    }
}

impl ServerCertVerifier for RootsOrAuthority {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(server, intermediates, name, ocsp, now) {
            // The time was looked at before that was found, the name was not.
            Err(error) if is_an_authority(&error) && self.roots.iter().any(|root| root == server) => {
                verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.authority {
            Some(_) => verify_tls12_signature(message, server, signed, &self.algorithms),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.authority {
            Some(_) => verify_tls13_signature(message, server, signed, &self.algorithms),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether a server showed the certificate of an authority.
pub(crate) fn is_an_authority(error: &Error) -> bool {
    webpki_error(error).is_some_and(|error| *error == webpki::Error::CaUsedAsEndEntity)
}

/// What is wrong with a certificate, where rustls has no word of its own for it.
pub(crate) fn webpki_error(error: &Error) -> Option<&webpki::Error> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;

    const HOME: &str = "home.test";

    fn params() -> CertificateParams {
        let mut params = CertificateParams::new(vec![HOME.to_owned()]).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2030, 1, 1));
        params
    }

    fn self_signed(key: &KeyPair) -> CertificateDer<'static> {
        params().self_signed(key).expect("a certificate").into()
    }

    fn verify(root: &CertificateDer<'static>, server: &CertificateDer<'_>, name: &str, year: u64) -> Result<(), Error> {
        let roots = [root.clone()];
        let verifier = RootsOrAuthority::new(&Trusted::Roots(&roots), &Arc::new(default_provider()))?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_557_600 + 86_400));
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        verifier.verify_server_cert(server, &[], &name, &[], now).map(drop)
    }

    #[test]
    fn no_one_is_believed_unseen_but_where_nothing_is_encrypted_or_the_user_says_so() {
        let all = |verify, way| matches!(Trusted::of(&[], verify, way), Trusted::Anyone);
        assert!(all(true, [Some("http"), None]) && all(true, [Some("http"), Some("socks5")]));
        assert!(all(false, [Some("https"), None]));
        assert!(!all(true, [Some("https"), None]) && !all(true, [Some("http"), Some("https")]));
    }

    #[test]
    fn a_server_that_is_itself_the_root_is_believed_in_time_and_for_its_name() {
        let root = self_signed(&KeyPair::generate().expect("a key"));
        assert_eq!(verify(&root, &root, HOME, 2025), Ok(()));
        let wrong = verify(&root, &root, "other.test", 2025).expect_err("another name");
        assert!(matches!(wrong, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })), "{wrong}");
        let late = verify(&root, &root, HOME, 2031).expect_err("it has ended");
        assert!(matches!(late, Error::InvalidCertificate(CertificateError::ExpiredContext { .. })), "{late}");
        let early = verify(&root, &root, HOME, 2019).expect_err("it has not begun");
        assert!(matches!(early, Error::InvalidCertificate(CertificateError::NotValidYetContext { .. })), "{early}");
    }

    /// Another certificate of the same key and the same name, and one that the root has signed.
    #[test]
    fn no_other_authority_is_believed_as_a_server() {
        let key = KeyPair::generate().expect("a key");
        let root = self_signed(&key);
        let mut again = params();
        again.serial_number = Some(7.into());
        let again: CertificateDer<'static> = again.self_signed(&key).expect("a certificate").into();
        assert!(is_an_authority(&verify(&root, &again, HOME, 2025).expect_err("other bytes")));
        let own = KeyPair::generate().expect("a key");
        let below: CertificateDer<'static> =
            params().signed_by(&own, &Issuer::new(params(), &key)).expect("a certificate").into();
        assert!(is_an_authority(&verify(&root, &below, HOME, 2025).expect_err("an authority below it")));
    }
}

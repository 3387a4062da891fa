use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::{Error, Result};

/// What an [`OpenBao`](super::OpenBao)'s certificate is for, and whom it lets in.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Host names and IP addresses of the server's certificate; at least one.
    pub names: Vec<String>,
    /// Turns clients away that have no certificate of the same CA.
    pub client_certificates: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { names: vec!["127.0.0.1".into(), "localhost".into()], client_certificates: false }
    }
}

/// The PEM files of a TLS server and of a client that it lets in, signed by one throw-away CA.
pub(super) struct Certificates {
    pub(super) ca: PathBuf,
    pub(super) server: Identity,
    pub(super) client: Identity,
    /// A name that the server's certificate is for.
    pub(super) name: String,
    /// Whether the server turns clients away that have no certificate.
    pub(super) asks_clients: bool,
}

/// A certificate and its key.
pub(super) struct Identity {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificates {
    pub(super) fn write(dir: &Path, tls: &Tls) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let ca = save(dir.join("ca.crt"), &params.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(params, key);
        Ok(Self {
            ca,
            server: Identity::write(dir, "server", &tls.names, ExtendedKeyUsagePurpose::ServerAuth, &issuer)?,
            client: Identity::write(dir, "client", &[], ExtendedKeyUsagePurpose::ClientAuth, &issuer)?,
            name: tls.names.first().cloned().unwrap_or_default(),
            asks_clients: tls.client_certificates,
        })
    }
}

impl Identity {
    fn write(
        dir: &Path,
        stem: &str,
        names: &[String],
        usage: ExtendedKeyUsagePurpose,
        issuer: &Issuer<'_, KeyPair>,
    ) -> Result<Self> {
        let mut params = CertificateParams::new(names)?;
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        Ok(Self {
            certificate: save(dir.join(format!("{stem}.crt")), &params.signed_by(&key, issuer)?.pem())?,
            key: save(dir.join(format!("{stem}.key")), &key.serialize_pem())?,
        })
    }
}

fn save(path: PathBuf, pem: &str) -> Result<PathBuf> {
    fs::write(&path, pem).map_err(Error::file("write", &path))?;
    Ok(path)
}

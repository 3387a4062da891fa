//! Certificates and public keys in PEM, checked before a server sees them: OpenBao takes garbage for a CA and breaks every
//! login with it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use trustpath_core::{Class, Problem};
use trustpath_platform::text::clean;
use x509_parser::{
    pem::Pem,
    prelude::{FromDer, X509Certificate},
    x509::SubjectPublicKeyInfo,
};

/// Checks certificates that come from `origin`, and tells what the user should know about them.
///
/// # Errors
/// When there is no certificate, something that is none, or when all have expired.
pub(crate) fn certificates(text: &str, origin: &str, now: Timestamp) -> Result<Vec<String>, Problem> {
    let blocks = blocks(text).map_err(|why| bad_ca(origin, &why))?;
    if blocks.is_empty() {
        return Err(bad_ca(origin, if text.trim().is_empty() { "it is empty" } else { "it holds no PEM block" }));
    }
    let mut warnings = Vec::new();
    let mut ended = None;
    for block in &blocks {
        let certificate = certificate(block).map_err(|why| bad_ca(origin, &why))?;
        let subject = clean(&certificate.subject().to_string());
        let [begin, end] = validity(&certificate);
        if end < now {
            ended = ended.max(Some(end));
            warnings.push(format!("a certificate of {origin} ({subject}) has expired at {end}"));
        } else if begin > now {
            warnings.push(format!("a certificate of {origin} ({subject}) is not valid before {begin}"));
        }
    }
    match ended {
        Some(end) if warnings.len() == blocks.len() => Err(expired(origin, end)),
        _ => Ok(warnings),
    }
}

/// Checks a public key, or a certificate with one, and returns it as Vault gives it back: without white space around it.
///
/// # Errors
/// When it is neither.
pub(crate) fn public_key(text: &str, origin: &str) -> Result<String, Problem> {
    let blocks = blocks(text).map_err(|why| bad_key(origin, &why))?;
    let [block] = &blocks[..] else {
        return Err(bad_key(origin, &format!("it holds {} PEM blocks, and takes one", blocks.len())));
    };
    let known = match block.label.as_str() {
        "PUBLIC KEY" => SubjectPublicKeyInfo::from_der(&block.contents).is_ok(),
        "CERTIFICATE" => block.parse_x509().is_ok(),
        label => return Err(bad_key(origin, &other(label))),
    };
    if known { Ok(text.trim().to_owned()) } else { Err(bad_key(origin, "what its PEM block holds is no public key")) }
}

/// Whether two texts hold the same certificates or keys, in whatever order and with whatever white space and comments.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || contents(one).is_some_and(|one| Some(one) == contents(other))
}

/// Whether two texts have no certificate in common; texts that cannot be read have none.
pub(crate) fn disjoint(one: &str, other: &str) -> bool {
    match (contents(one), contents(other)) {
        (Some(one), Some(other)) => one.is_disjoint(&other),
        _ => one != other,
    }
}

fn contents(text: &str) -> Option<BTreeSet<Vec<u8>>> {
    let blocks = blocks(text).ok()?;
    (!blocks.is_empty()).then(|| blocks.into_iter().map(|block| block.contents).collect())
}

fn blocks(text: &str) -> Result<Vec<Pem>, String> {
    let blocks = Pem::iter_from_buffer(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    blocks.map_err(|_| "it holds a PEM block that is cut off, or no base64".to_owned())
}

fn certificate(block: &Pem) -> Result<X509Certificate<'_>, String> {
    if block.label != "CERTIFICATE" {
        return Err(other(&block.label));
    }
    block.parse_x509().map_err(|_| "it holds a PEM block that is called CERTIFICATE, and is none".to_owned())
}

fn other(label: &str) -> String {
    if label.ends_with("PRIVATE KEY") {
        return "it holds a private key, which no one but its owner should have".to_owned();
    }
    format!("it holds a {}", clean(label))
}

/// From when on, and until when.
fn validity(certificate: &X509Certificate<'_>) -> [Timestamp; 2] {
    let validity = certificate.validity();
    [validity.not_before, validity.not_after].map(|time| Timestamp::from_second(time.timestamp()).unwrap_or_default())
}

fn bad_ca(origin: &str, why: &str) -> Problem {
    Problem::new(Class::Config, "trustpath::kubernetes_auth::ca", format!("{origin} cannot be used as a CA: {why}"))
        .help(
            "it has to be the certificate that signed the API server's, in PEM: \
             `kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}'` prints it",
        )
}

fn expired(origin: &str, end: Timestamp) -> Problem {
    let message = format!("{origin} cannot be used as a CA: it has expired at {end}");
    Problem::new(Class::Config, "trustpath::kubernetes_auth::ca_expired", message)
        .help("with it every login would fail; give the certificate that the API server's is signed with today")
}

fn bad_key(origin: &str, why: &str) -> Problem {
    let message = format!("{origin} cannot be used as a public key: {why}");
    Problem::new(Class::Config, "trustpath::kubernetes_auth::pem_key", message)
        .help("it has to be a public key or a certificate in PEM, `-----BEGIN PUBLIC KEY-----` and so on")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PublicKeyData};
    use rstest::rstest;

    use super::*;

    struct Made {
        certificate: String,
        key: KeyPair,
    }

    fn made(from: i32, to: i32) -> Made {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).expect("parameters");
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        Made { certificate: params.self_signed(&key).expect("a certificate").pem(), key }
    }

    fn in_2026() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().expect("a time")
    }

    #[test]
    fn a_bundle_is_good_as_long_as_one_certificate_is() {
        let (good, old, next) = (made(2020, 2040), made(2020, 2021), made(2030, 2040));
        let check = |text: &str| certificates(text, "the CA", in_2026());
        assert_eq!(check(&good.certificate).expect("a CA"), Vec::<String>::new());
        let bundle = format!("# ours\n{}\n{}{}", good.certificate, old.certificate, next.certificate);
        let warnings = check(&bundle).expect("a CA");
        assert!(warnings[0].contains("has expired at 2021-01-01T00:00:00Z"), "{warnings:?}");
        assert!(warnings[1].contains("not valid before 2030-01-01T00:00:00Z"), "{warnings:?}");
        let error = check(&old.certificate).expect_err("an expired CA was taken");
        assert!(error.to_string().contains("2021-01-01"), "{error}");
    }

    #[rstest]
    #[case("", "it is empty")]
    #[case(" \n", "it is empty")]
    #[case("garbage", "no PEM block")]
    #[case("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is none")]
    #[case("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "cut off, or no base64")]
    #[case("-----BEGIN CERTIFICATE-----\nAAAA\n", "cut off, or no base64")]
    fn what_is_no_ca_is_refused(#[case] text: &str, #[case] why: &str) {
        let error = certificates(text, "the CA", in_2026()).expect_err("it was taken").to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn a_private_key_is_refused_and_not_repeated() {
        let made = made(2020, 2040);
        let text = format!("{}{}", made.certificate, made.key.serialize_pem());
        for error in [
            certificates(&text, "the CA", in_2026()).expect_err("a private key was taken").to_string(),
            public_key(&made.key.serialize_pem(), "the key").expect_err("a private key was taken").to_string(),
        ] {
            assert!(error.contains("private key") && !error.contains("BEGIN"), "{error}");
        }
    }

    #[test]
    fn public_keys_and_certificates_are_keys() {
        let made = made(2020, 2040);
        let pem = made.key.public_key_pem();
        assert_eq!(public_key(&format!("\n{pem}\n"), "the key").expect("a key"), pem.trim());
        assert!(public_key(&made.certificate, "the key").is_ok());
        assert!(public_key(&format!("{pem}{pem}"), "the key").is_err());
        assert!(public_key("garbage", "the key").is_err());
        assert!(!made.key.subject_public_key_info().is_empty());
    }

    #[test]
    fn certificates_are_compared_by_what_they_are() {
        let (one, two) = (made(2020, 2040).certificate, made(2020, 2040).certificate);
        assert!(same(&format!("{one}{two}"), &format!("# a\n{two}\n\n{one}")));
        assert!(!same(&one, &two));
        assert!(same("garbage", "garbage"));
        assert!(!same("garbage", "other"));
        assert!(disjoint(&one, &two));
        assert!(!disjoint(&format!("{one}{two}"), &two));
    }
}

//! The public half of the key that signs a real API server's ServiceAccount tokens.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{rsa::KeyPair, signature::KeyPair as _};

/// What stands before the key itself in a public RSA key of 2048 bits (`SubjectPublicKeyInfo`, RFC 5280 and RFC 8017).
const BEFORE: [u8; 24] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0f, 0x00,
];

/// The public key of a private RSA key of 2048 bits, both in PEM.
pub(crate) fn public(private_pem: &str) -> String {
    let lines = private_pem.lines().filter(|line| !line.starts_with("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).expect("base64");
    let key = KeyPair::from_der(&der).expect("an RSA key");
    let public = STANDARD.encode([&BEFORE[..], key.public_key().as_ref()].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n")
}

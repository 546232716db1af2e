//! A certificate authority that lives as long as one benchmark.

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;

/// The authority's certificate, to be trusted, and a server configuration that it vouches for.
pub struct Authority {
    /// What `AWS_CA_BUNDLE` and `NODE_EXTRA_CA_CERTS` point to, PEM.
    pub certificate: String,
    /// Serves `127.0.0.1` and `localhost`.
    pub server: Arc<ServerConfig>,
}

impl Authority {
    /// Makes a new authority and one server certificate; neither key touches the disk.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "benchmark authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);

        let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        // OpenSSL 3.5 (newer Pythons) refuses a leaf that does not name its issuer's key.
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &issuer)?;

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("choose TLS versions")?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .context("use the server certificate")?;
        // What the API endpoints of AWS speak.
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { certificate, server: Arc::new(server) })
    }
}

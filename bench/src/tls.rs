//! TLS 1.3 by rustls and ring, for the server and for the clients that bring none of their own.

use std::net::IpAddr;

use origin::certificates::Authority;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{self, cipher_suite::TLS13_AES_256_GCM_SHA384};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::Result;

/// A server's settings, and the root that vouches for it, in PEM: both made anew, so that nothing has to be
/// kept and nothing expires.
///
/// There is one cipher, so that all clients do the same work, and there are no tickets, so that every
/// handshake is a full one.
///
/// # Errors
/// When rustls refuses the certificate.
pub fn server_config(address: IpAddr) -> Result<(ServerConfig, String)> {
    let authority = Authority::new();
    let identity = authority.issue(&[&address.to_string()]);
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem().as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes())?;
    let provider =
        CryptoProvider { cipher_suites: vec![TLS13_AES_256_GCM_SHA384], ..ring::default_provider() };
    let mut config = ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.send_tls13_tickets = 0;
    Ok((config, authority.root_pem().to_owned()))
}

/// The settings of a client that trusts one root.
///
/// # Errors
/// When the text holds no root.
pub fn client_config(root_pem: &str) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root_pem.as_bytes())?)?;
    Ok(ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{ClientConnection, HandshakeKind, ProtocolVersion, ServerConnection};

    use super::*;

    #[test]
    fn every_handshake_is_a_full_one_of_tls_1_3() {
        let address = IpAddr::from(Ipv4Addr::LOCALHOST);
        let (server, root_pem) = server_config(address).unwrap();
        let (server, client) = (Arc::new(server), Arc::new(client_config(&root_pem).unwrap()));
        for _ in 0..2 {
            let name = ServerName::IpAddress(address.into());
            let mut client = ClientConnection::new(Arc::clone(&client), name).unwrap();
            let mut server = ServerConnection::new(Arc::clone(&server)).unwrap();
            let mut wire = Vec::new();
            // More flights than a handshake has, so that tickets would arrive.
            for _ in 0..4 {
                client.write_tls(&mut wire).unwrap();
                server.read_tls(&mut &wire[..]).unwrap();
                server.process_new_packets().unwrap();
                wire.clear();
                server.write_tls(&mut wire).unwrap();
                client.read_tls(&mut &wire[..]).unwrap();
                client.process_new_packets().unwrap();
                wire.clear();
            }
            assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
            assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        }
    }
}

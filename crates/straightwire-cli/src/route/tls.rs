//! TLS, as the options want it.

use std::path::{Path, PathBuf};

use clap::Args;
use straightwire::{Tls, TlsBuilder, TlsVersion};

use crate::exit::{Code, Failure};

#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArgs {
    /// Trust the CAs in FILE (PEM), not the system's
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Accept any certificate, from anybody
    #[arg(short = 'k', long)]
    insecure: bool,
    /// Our own certificate (PEM)
    #[arg(short = 'E', long, value_name = "FILE", value_parser = certificate)]
    cert: Option<PathBuf>,
    /// Its key (PEM), where it is not in the same file
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// TLS 1.2 or later, as without it
    #[arg(long = "tlsv1.2", overrides_with = "tls_1_3")]
    tls_1_2: bool,
    /// TLS 1.3 or later
    #[arg(long = "tlsv1.3", overrides_with = "tls_1_2")]
    tls_1_3: bool,
}

impl TlsArgs {
    /// TLS as it is spoken to the server.
    pub(super) fn to_server(&self, lenient: bool) -> Result<Tls, Failure> {
        let version = if self.tls_1_3 { TlsVersion::V1_3 } else { TlsVersion::V1_2 };
        let begin = || {
            let trust = trust(self.cacert.as_deref(), self.insecure);
            trust.lenient_certificates(lenient).min_version(version)
        };
        // Made without our certificate first: what is wrong after that is wrong with the certificate.
        let tls = made(begin(), Code::CaFile)?;
        match &self.cert {
            None => Ok(tls),
            Some(cert) => {
                let key = self.key.as_ref().unwrap_or(cert);
                let tls = made(begin().client_certificate_files(cert, key), Code::ClientCertificate);
                tls.map_err(|failure| if is_locked(key) { failure.and(DECRYPT) } else { failure })
            }
        }
    }
}

const DECRYPT: &str = "a key with a password has to be decrypted first, with openssl pkey";

/// Whether the key takes a password, in any of the formats that have one.
fn is_locked(key: &Path) -> bool {
    std::fs::read_to_string(key).is_ok_and(|pem| pem.contains("ENCRYPTED"))
}

/// Begins with whom to trust: the file's CAs, or the platform's; or anybody.
pub(super) fn trust(cacert: Option<&Path>, insecure: bool) -> TlsBuilder {
    match cacert {
        _ if insecure => Tls::builder().danger_accept_any_certificate(),
        Some(path) => Tls::builder().ca_file(path),
        None => Tls::builder(),
    }
}

/// The settings, or else a failure of this code.
pub(super) fn made(builder: TlsBuilder, code: Code) -> Result<Tls, Failure> {
    builder.build().map_err(|err| Failure::new(code, err.message().to_string()))
}

/// A file, in whose name curl has a backslash before a colon; behind a bare colon comes a password.
fn certificate(text: &str) -> Result<PathBuf, String> {
    let mut path = String::new();
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match (char, rest.peek()) {
            ('\\', Some(&next @ (':' | '\\'))) => {
                path.push(next);
                rest.next();
            }
            (':', _) => {
                return Err(format!("{DECRYPT}; a colon in the file's name takes a backslash before it"));
            }
            _ => path.push(char),
        }
    }
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_no_password() {
        for (text, path) in [("a.pem", "a.pem"), (r"c\:d", "c:d"), (r"c\\d", r"c\d"), (r"c\d\", r"c\d\")] {
            assert_eq!(certificate(text), Ok(PathBuf::from(path)), "{text}");
        }
        for wrong in ["a.pem:secret", "a.pem:", r"c\\:d"] {
            assert!(certificate(wrong).is_err(), "{wrong}");
        }
    }
}

//! Who we are, as `Authorization` and `Proxy-Authorization` tell it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The value of `Proxy-Authorization` or `Authorization` for a user and password (RFC 7617).
///
/// ```
/// use straightwire::basic_credentials;
///
/// assert_eq!(basic_credentials("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// ```
pub fn basic_credentials(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

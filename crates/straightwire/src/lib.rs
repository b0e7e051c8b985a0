//! HTTP/1.1, straight to the wire.
#![forbid(unsafe_code)]

mod body;
mod buffer;
mod connection;
mod error;
mod limits;
mod policy;
pub mod proto;
mod response;
mod tap;
mod transport;

pub use body::Body;
pub use connection::{HttpConnection, HttpConnectionBuilder};
pub use error::{Error, ErrorKind, Result};
pub use limits::Limits;
pub use policy::Policy;
pub use proto::status::{self, HTTP_PORT, HTTPS_PORT, responses};
pub use proto::{CloseReason, ConnectionState, Defect, Framing, HeaderValue, Headers, ResponseHead};
pub use response::HttpResponse;
pub use tap::{Event, Tap};

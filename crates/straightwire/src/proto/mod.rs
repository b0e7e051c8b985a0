//! HTTP/1.1 without I/O: bytes in, events out. No sockets, no clock, no threads.
//!
//! ```text
//! request.rs   calls ──> request head          response.rs  bytes ──> status line
//! chunked.rs   pieces ──> chunks, trailers     fields.rs    bytes ──> header fields
//!                                              framing.rs   head ──> how long is the body
//!                                              chunked.rs   bytes ──> data, trailers
//!                       state.rs      who may speak now
//!                       exchange.rs   all of it as one object
//! ```
//!
//! One whole exchange, the response arriving a byte at a time:
//!
//! ```
//! use straightwire::proto::{BodyStep, Exchange, Received};
//!
//! let mut exchange = Exchange::default();
//! let mut out = Vec::new();
//! exchange.begin(&mut out, "POST", "/upload")?;
//! exchange.put_header(&mut out, "Host", "localhost")?;
//! exchange.put_header(&mut out, "Transfer-Encoding", "chunked")?;
//! exchange.end_head(&mut out, true)?;
//! let after = exchange.begin_data(&mut out, 5)?;
//! out.extend_from_slice(b"hello");
//! out.extend_from_slice(after);
//! exchange.finish(&mut out, &[("Checksum", "abc")])?;
//! assert!(out.ends_with(b"\r\n\r\n5\r\nhello\r\n0\r\nChecksum: abc\r\n\r\n"));
//!
//! let wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n";
//! let mut end = 1;
//! let head_len = loop {
//!     match exchange.receive_head(&wire[..end])? {
//!         Received::Head { len } => break len,
//!         _ => end += 1,
//!     }
//! };
//! let mut body = Vec::new();
//! for byte in wire[head_len..].chunks(1) {
//!     if let BodyStep::Data(range) = exchange.receive_body(byte)? {
//!         body.extend_from_slice(&byte[range]);
//!     }
//! }
//! assert!(exchange.is_body_done());
//! assert_eq!(body, b"hi");
//! assert_eq!(exchange.trailers().get("x").as_deref(), Some("y"));
//! # Ok::<(), straightwire::Error>(())
//! ```

mod chunked;
mod digits;
mod exchange;
mod fields;
mod framing;
mod grammar;
mod headers;
mod lines;
mod request;
mod response;
pub mod scan;
mod state;
pub mod status;

pub(crate) use digits::decimal;
pub(crate) use exchange::Asked;
pub use exchange::{BodyStep, Exchange, Received};
pub(crate) use fields::{FieldsReader, Section};
pub use framing::{CloseReason, Framing};
pub(crate) use framing::{is_idempotent, list_names};
pub(crate) use grammar::list_elements;
pub use headers::{Defect, Headers, Iter as HeadersIter};
pub use request::HeaderValue;
pub(crate) use request::after_scheme;
pub use response::ResponseHead;
pub use state::ConnectionState;

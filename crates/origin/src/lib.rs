//! A loopback HTTP/1.1 origin: something real to talk to in tests, benchmarks and demonstrations.
//!
//! It knows nothing of the `straightwire` client. Its reading of RFC 9110 and RFC 9112 is its own, and
//! strict, so that a mistake in the client shows up as a 400 with a reason rather than being made twice in
//! the same way.
//!
//! Three servers, all on blocking sockets with one thread for each connection (a tunnel has two):
//!
//! * [`Origin`] speaks correct HTTP and has an endpoint for most things a client has to cope with.
//! * [`Scripted`] does exactly what a [`Script`] tells it, correct or not: half an answer, a reset, silence.
//! * [`Proxy`] makes tunnels to targets on loopback: by CONNECT, by CONNECT inside TLS, or by SOCKS5.
//!
//! And [`Closed`] is a port where there is no server.
//!
//! Each of them speaks TLS too, given a [`TlsSetup`] with an identity. The module [`certificates`] makes
//! identities: a certification authority at run time, and all that a careful client has to refuse.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! let origin = origin::Origin::start()?;
//! let mut stream = TcpStream::connect(origin.addr())?;
//! stream.write_all(b"GET /bytes/5 HTTP/1.0\r\n\r\n")?;
//! let mut answer = Vec::new();
//! stream.read_to_end(&mut answer)?;
//!
//! assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
//! assert!(answer.ends_with(&origin::pattern::bytes(5)));
//! assert_eq!(origin.requests()[0].target, "/bytes/5");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The same inside TLS, to see what the handshake agreed on:
//!
//! ```
//! use origin::certificates::Authority;
//! use origin::{Origin, TlsSetup};
//!
//! let authority = Authority::new();
//! let origin = Origin::start_tls(&TlsSetup::new(&authority.issue(&["localhost", "127.0.0.1"])))?;
//! assert!(origin.url("/bytes/5").starts_with("https://127.0.0.1:"));
//! // A client that trusts `authority.root_pem()` can connect now.
//! assert_eq!(origin.handshakes(), []);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Endpoints of [`Origin`]
//!
#![doc = include_str!("endpoints/table.md")]
//!
//! # What holds everywhere
//!
//! * HEAD gets the head that GET would get, and no body. HTTP/1.0 requests are answered without chunks and
//!   without 1xx, and end the connection unless they ask for `Connection: keep-alive`.
//! * `Expect: 100-continue` gets its 100 before the body is read; any other expectation gets 417.
//! * A request that breaks the grammar gets 400 (or 414, 417, 431, 501, 505) with the reason as its text, and
//!   the connection ends. So does one whose head is larger than 64 KiB.
//! * A small answer is one write, head and body together. Large bodies go out in pieces of 64 KiB.
//! * Inside TLS a close_notify goes before every end of a connection (RFC 8446 section 6.1); a script can leave
//!   it out with [`Script::cut`].
//! * Names and values in a query are decoded as forms are: `+` is a space, `%XX` is a byte.

mod answer;
mod body;
mod call;
mod closed;
mod conversation;
mod endpoints;
mod fault;
mod fields;
mod form;
mod grammar;
mod inbox;
mod journal;
mod json;
mod line;
mod outbox;
mod player;
mod proxy;
mod reasons;
mod reception;
mod request;
mod script;
mod scripted;
mod server;
mod signal;
mod sync;
mod tls;

// The public interface is:
pub mod certificates;
pub mod pattern;
pub use closed::Closed;
pub use journal::Request;
pub use proxy::{Asked, HostForm, Proxy, ProxyBuilder};
pub use script::Script;
pub use scripted::{ScriptError, Scripted};
pub use server::Origin;
pub use signal::Signal;
pub use tls::{Handshake, TlsSetup};

//! Who is measured.

mod httparse;
#[cfg(feature = "peers")]
mod hyper;
mod raw;
mod straightwire;
mod tls;
mod ureq;

use std::path::Path;

use clap::ValueEnum;

pub(crate) use self::httparse::{HttparseClient, parse as httparse_head};
#[cfg(feature = "peers")]
pub(crate) use self::hyper::HyperClient;
pub(crate) use self::raw::{RawClient, Tcp};
pub(crate) use self::straightwire::StraightwireClient;
pub(crate) use self::tls::{BareTls, BareTlsWide};
pub(crate) use self::ureq::UreqClient;
use crate::Result;
use crate::messages::{Download, SmallGet};
use crate::scenario::{Group, Scenario};
use crate::server::Peer;

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Client {
    /// A bare socket: sends a ready request, reads until the answer is whole. What the system costs;
    /// over TLS, what rustls costs besides
    Raw,
    /// The same over TLS with 256 KiB read from the socket at a time; the plain way reads a record or so
    RawWide,
    /// This project
    Straightwire,
    /// The httparse crate over a bare socket: a parser and nothing else
    Httparse,
    /// The ureq crate
    Ureq,
    /// The hyper crate on one thread of tokio
    #[cfg(feature = "peers")]
    Hyper,
}

impl Client {
    /// What it is called, on the command line too.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it can be given that work.
    pub fn runs(self, scenario: Scenario) -> bool {
        match scenario.group() {
            Group::Requests => self != Client::RawWide,
            // Past the head, httparse over a bare socket is a bare socket.
            Group::Bodies => !matches!(self, Client::Httparse | Client::RawWide),
            Group::Tls => matches!(self, Client::Raw | Client::RawWide | Client::Straightwire | Client::Ureq),
            Group::Core => matches!(self, Client::Straightwire | Client::Raw | Client::Httparse),
        }
    }
}

/// What any client can do with a server.
pub(crate) trait Requests: Sized {
    /// Nothing is opened yet.
    fn new(server: &Peer) -> Result<Self>;

    /// A GET over the connection that is kept.
    fn get(&mut self, get: &SmallGet) -> Result<()>;

    /// A GET over a connection of its own.
    fn get_once(&mut self, get: &SmallGet) -> Result<()>;
}

/// What a whole client can do besides.
pub(crate) trait Bodies: Requests {
    /// A GET whose body is read 64 KiB at a time.
    fn download(&mut self, download: &Download) -> Result<()>;

    /// A GET whose body is read into one vector.
    fn read_all(&mut self, download: &Download) -> Result<()>;

    /// A PUT of a file to `/upload`.
    fn upload(&mut self, file: &Path, chunked: bool) -> Result<()>;
}

/// Every client must have got what was sent.
fn check(status: u16, len: u64, expected_len: u64) -> Result<()> {
    if status == 200 && len == expected_len {
        return Ok(());
    }
    Err(format!("got status {status} and {len} of {expected_len} bytes").into())
}

//! What is measured.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A piece of work that every client is given alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// GET of 1 KiB over a kept connection; 2 request and 4 response headers
    #[value(name = "get-few")]
    GetFew,
    /// GET of 1 KiB over a kept connection; 8 request and 25 response headers
    #[value(name = "get-h25")]
    #[serde(rename = "get-h25")]
    GetH25,
    /// GET of 1 KiB over a connection of its own
    #[value(name = "connect")]
    Connect,
    /// A body with Content-Length, read 64 KiB at a time
    #[value(name = "download")]
    Download,
    /// A body with Content-Length, read into one vector
    #[value(name = "read-all")]
    ReadAll,
    /// A body in chunks of 16 KiB, read 64 KiB at a time
    #[value(name = "chunks-16k")]
    #[serde(rename = "chunks-16k")]
    Chunks16k,
    /// A body in chunks of 100 bytes, read 64 KiB at a time
    #[value(name = "chunks-100")]
    #[serde(rename = "chunks-100")]
    Chunks100,
    /// PUT of a file with Content-Length
    #[value(name = "upload-length")]
    UploadLength,
    /// PUT of a file in chunks
    #[value(name = "upload-chunked")]
    UploadChunked,
    /// GET of 1 KiB over a kept TLS connection; 2 request and 4 response headers
    #[value(name = "tls-get")]
    TlsGet,
    /// GET of 1 KiB over a TLS connection of its own, with a full handshake
    #[value(name = "tls-connect")]
    TlsConnect,
    /// A body with Content-Length over TLS, read 64 KiB at a time
    #[value(name = "tls-download")]
    TlsDownload,
    /// The messages of get-few from memory: a request head made, a response read
    #[value(name = "core-few")]
    CoreFew,
    /// The messages of get-h25 from memory
    #[value(name = "core-h25")]
    #[serde(rename = "core-h25")]
    CoreH25,
    /// Chunks of 16 KiB from memory: decoded and copied out
    #[value(name = "core-chunks-16k")]
    #[serde(rename = "core-chunks-16k")]
    CoreChunks16k,
    /// Chunks of 100 bytes from memory: decoded and copied out
    #[value(name = "core-chunks-100")]
    #[serde(rename = "core-chunks-100")]
    CoreChunks100,
}

/// What a scenario's numbers are given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One request and its response.
    Request,
    /// 1,048,576 bytes of body.
    Mebibyte,
}

/// How the scenarios are grouped in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Small requests, where the head is what costs.
    Requests,
    /// Large bodies, where the copying is what costs.
    Bodies,
    /// Both over TLS, where the cryptography is what costs.
    Tls,
    /// No sockets.
    Core,
}

/// How many units a child is given.
#[derive(Clone, Copy, Debug)]
pub struct Units {
    /// Counts are the difference between a run of these two, so that starting up cancels out.
    pub slope: (u64, u64),
    /// For processor time.
    pub cpu: u64,
}

impl Scenario {
    /// What it is called on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What it is, in a line.
    pub fn description(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    /// What its numbers are given for.
    pub fn unit(self) -> Unit {
        match self {
            Scenario::GetFew
            | Scenario::GetH25
            | Scenario::Connect
            | Scenario::TlsGet
            | Scenario::TlsConnect
            | Scenario::CoreFew
            | Scenario::CoreH25 => Unit::Request,
            _ => Unit::Mebibyte,
        }
    }

    /// Where it stands in the report.
    pub fn group(self) -> Group {
        match self {
            Scenario::GetFew | Scenario::GetH25 | Scenario::Connect => Group::Requests,
            Scenario::TlsGet | Scenario::TlsConnect | Scenario::TlsDownload => Group::Tls,
            Scenario::CoreFew | Scenario::CoreH25 | Scenario::CoreChunks16k | Scenario::CoreChunks100 => {
                Group::Core
            }
            _ => Group::Bodies,
        }
    }

    /// How much of it is done for each kind of measurement.
    pub fn units(self) -> Units {
        match self {
            Scenario::GetFew | Scenario::GetH25 | Scenario::TlsGet => {
                Units { slope: (200, 1_200), cpu: 10_000 }
            }
            // Each connection leaves a port behind that rests for a minute.
            Scenario::Connect => Units { slope: (50, 250), cpu: 500 },
            Scenario::TlsConnect => Units { slope: (20, 100), cpu: 200 },
            Scenario::CoreFew | Scenario::CoreH25 => Units { slope: (200, 1_200), cpu: 100_000 },
            Scenario::CoreChunks16k | Scenario::CoreChunks100 => Units { slope: (2, 10), cpu: 256 },
            Scenario::ReadAll => Units { slope: (4, 20), cpu: 100 },
            // Small enough to stay in the page cache.
            Scenario::UploadLength | Scenario::UploadChunked => Units { slope: (4, 20), cpu: 64 },
            _ => Units { slope: (4, 20), cpu: 256 },
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Request => "request",
            Unit::Mebibyte => "MiB",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_has_one_name_everywhere() {
        for scenario in Scenario::value_variants() {
            assert_eq!(serde_json::to_value(scenario).unwrap(), scenario.name());
            assert!(!scenario.description().is_empty());
        }
    }
}

//! The origin, run until stopped.

use std::io::Write;
use std::path::PathBuf;

use origin::certificates::Authority;
use origin::{Origin, TlsSetup};

use crate::args::ServeArgs;
use crate::exit::{Code, Failure};
use crate::scratch;

/// Says where the origin listens, and serves.
pub(crate) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let authority = args.tls.then(Authority::new);
    let origin = match &authority {
        None => Origin::bind((args.bind, args.port)),
        Some(authority) => {
            let bind = args.bind.to_string();
            let identity = authority.issue(&["localhost", "127.0.0.1", "::1", &bind]);
            Origin::bind_tls((args.bind, args.port), &TlsSetup::new(&identity))
        }
    };
    let origin = origin.map_err(|err| {
        let message = format!("can't listen on port {} of {}: {err}", args.port, args.bind);
        Failure::new(Code::Interface, message)
    })?;
    let mut told = format!("Serving {}\nThat page lists the endpoints. Ctrl-C stops.\n", origin.url("/"));
    if let Some(authority) = &authority {
        told += &format!("Clients trust it with --cacert {}\n", write_root(authority)?.display());
    }
    let mut out = anstream::stdout();
    write!(out, "{told}")
        .and_then(|()| out.flush())
        .map_err(|err| Failure::writing("standard output", &err))?;
    origin.serve_forever()
}

/// The file with the certificate that clients have to trust. It stays: clients outlive servers.
fn write_root(authority: &Authority) -> Result<PathBuf, Failure> {
    let written = scratch::create("ca", "pem").and_then(|(mut file, path)| {
        file.write_all(authority.root_pem().as_bytes())?;
        Ok(path)
    });
    written.map_err(|err| Failure::new(Code::Write, format!("no file for the CA: {err}")))
}

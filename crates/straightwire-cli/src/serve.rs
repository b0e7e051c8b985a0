//! The origin, run until stopped.

use std::io::Write;

use origin::Origin;

use crate::args::ServeArgs;
use crate::exit::{Code, Failure};

/// Says where the origin listens, and serves.
pub(crate) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let origin = Origin::bind((args.bind, args.port)).map_err(|err| {
        let message = format!("can't listen on port {} of {}: {err}", args.port, args.bind);
        Failure::new(Code::Interface, message)
    })?;
    let mut out = anstream::stdout();
    writeln!(out, "Serving {}\nThat page lists the endpoints. Ctrl-C stops.", origin.url("/"))
        .and_then(|()| out.flush())
        .map_err(|err| Failure::writing("standard output", &err))?;
    origin.serve_forever()
}

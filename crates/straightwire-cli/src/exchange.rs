//! One request and its answer.

use std::sync::mpsc;

use straightwire::{HttpConnection, HttpResponse, Policy};

use crate::args::RequestArgs;
use crate::exit::{Code, Failure};
use crate::output::Output;
use crate::request::Request;
use crate::wire::{Passed, Wire, show};

/// Sends what the options ask for and writes out the answer.
pub(crate) fn run(args: &RequestArgs) -> Result<(), Failure> {
    let request = Request::new(args)?;
    let (mut conn, heads) = prepare(args, &request).map_err(|err| Failure::of(&err))?;
    conn.connect().map_err(|err| Failure::of(&err))?;
    let answered = ask(&mut conn, &request).and_then(|response| write_out(response, &heads, args));
    conn.close();
    answered
}

fn write_out(mut response: HttpResponse<'_>, heads: &Heads, args: &RequestArgs) -> Result<(), Failure> {
    let status = response.status();
    let refused = args.fail && status >= 400;
    if args.shows_head() || !refused {
        let mut output = Output::open(args.output.as_deref())?;
        for head in heads.try_iter() {
            output.write(&head)?;
        }
        if !refused {
            output.copy(&mut response)?;
        }
    }
    if refused {
        let message = format!("the answer is {status} {}", response.reason());
        return Err(Failure::new(Code::HttpError, message.trim_end()));
    }
    Ok(())
}

/// The response heads as they came, for `-i`.
type Heads = mpsc::Receiver<Vec<u8>>;

/// A connection, not yet opened, on which the request was begun.
fn prepare(args: &RequestArgs, request: &Request) -> straightwire::Result<(HttpConnection, Heads)> {
    let (head, heads) = mpsc::channel();
    let policy = if args.lenient { Policy::lenient() } else { Policy::strict() };
    let mut builder =
        HttpConnection::builder(&request.host).port(request.port).timeout(args.timeout).policy(policy);
    let (verbose, include) = (args.verbose, args.shows_head());
    if verbose || include {
        let mut stderr = anstream::stderr();
        builder = builder.tap(Wire::new(move |passed| {
            if verbose {
                show(passed, &mut stderr);
            }
            if include && let Passed::ResponseHead(bytes) = passed {
                // Fails only when nobody is left to write it out.
                let _ = head.send(bytes.to_vec());
            }
        }));
    }
    let mut conn = builder.build()?;
    request.put(&mut conn)?;
    Ok((conn, heads))
}

/// Sends the request and waits for the answer. A server may answer, and hang up, before it has read all of
/// the request (RFC 9112 9.5): its answer says more than the broken pipe.
fn ask<'conn>(conn: &'conn mut HttpConnection, request: &Request) -> Result<HttpResponse<'conn>, Failure> {
    let sent = conn.end_headers_with(request.body.as_deref(), true);
    if let Err(err) = &sent
        && !err.is_connection_error()
    {
        return Err(Failure::of(err));
    }
    conn.get_response().map_err(|err| match sent {
        Err(sending) => Failure::of(&sending),
        Ok(()) => Failure::of(&err),
    })
}

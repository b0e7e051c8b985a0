//! One request and its answer.

use std::sync::mpsc;

use straightwire::{ErrorKind, HttpConnection, HttpResponse};

use crate::args::RequestArgs;
use crate::exit::{Code, Failure};
use crate::output::Output;
use crate::request::Request;
use crate::resume::{Resumption, forget_validator};
use crate::route::Progress;
use crate::timing;
use crate::wire::{Passed, Wire, show, show_refusal};

/// Sends what the options ask for and writes out the answer.
pub(crate) fn run(args: &RequestArgs) -> Result<(), Failure> {
    let mut request = Request::new(args)?;
    let resumption = Resumption::of(args, &request)?;
    if let Some(resumption) = &resumption {
        request.add(resumption.headers());
    }
    let Prepared { mut conn, heads, progress } = prepare(args, &request)?;
    if let Err(err) = conn.connect() {
        return Err(could_not_connect(args, &err, conn, &progress));
    }
    // What came so far was a proxy's.
    heads.try_iter().for_each(drop);
    let answered = ask(&mut conn, &request).and_then(|response| match resumption {
        Some(resumption) => resumption.write_out(response),
        None => write_out(response, &heads, args),
    });
    conn.close();
    show_timing(args, &conn);
    answered
}

/// Why, after what a proxy had to say about it.
fn could_not_connect(
    args: &RequestArgs,
    err: &straightwire::Error,
    conn: HttpConnection,
    progress: &Progress,
) -> Failure {
    let failure = args.route.failure(err, progress, &conn);
    show_timing(args, &conn);
    let refusal = conn.proxy_response().map(|response| response.body_start().to_vec()).unwrap_or_default();
    // All that passed is shown by then.
    drop(conn);
    if args.verbose {
        show_refusal(&refusal, &mut anstream::stderr());
    }
    failure
}

fn show_timing(args: &RequestArgs, conn: &HttpConnection) {
    if let Some(timings) = conn.timings().filter(|_| args.timing) {
        timing::show(&timings, &mut anstream::stderr());
    }
}

fn write_out(mut response: HttpResponse<'_>, heads: &Heads, args: &RequestArgs) -> Result<(), Failure> {
    let status = response.status();
    let refused = args.fail && status >= 400;
    if args.shows_head() || !refused {
        let mut output = Output::open(args.output.as_deref())?;
        if let Some(path) = &args.output {
            forget_validator(path);
        }
        for head in heads.try_iter() {
            output.write(&head)?;
        }
        if !refused && args.compressed {
            output.copy(&mut response.decoded().map_err(|err| Failure::of(&err))?)?;
        } else if !refused {
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

struct Prepared {
    /// Not yet opened, with the request begun on it.
    conn: HttpConnection,
    heads: Heads,
    progress: Progress,
}

fn prepare(args: &RequestArgs, request: &Request) -> Result<Prepared, Failure> {
    let (head, heads) = mpsc::channel();
    let progress = Progress::default();
    let (verbose, include, via) = (args.verbose, args.shows_head(), args.route.via());
    let (mut stderr, made) = (anstream::stderr(), progress.clone());
    let tap = Wire::new(move |passed| {
        made.take(passed);
        if verbose {
            show(passed, &via, &mut stderr);
        }
        if include && let Passed::ResponseHead(bytes) = passed {
            // Fails only when nobody is left to write it out.
            let _ = head.send(bytes.to_vec());
        }
    });
    let mut conn = args.route.connection(request, args.lenient, tap)?;
    request.put(&mut conn).map_err(|err| Failure::of(&err))?;
    Ok(Prepared { conn, heads, progress })
}

/// Sends the request and waits for the answer, which may come before the end of the request.
fn ask<'conn>(conn: &'conn mut HttpConnection, request: &Request) -> Result<HttpResponse<'conn>, Failure> {
    match conn.end_headers_with(request.body.as_deref(), true) {
        Err(err) if err.kind() != ErrorKind::AnsweredEarly => return Err(Failure::of(&err)),
        _ => {}
    }
    conn.get_response().map_err(|err| Failure::of(&err))
}

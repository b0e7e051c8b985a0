//! Any bytes as the answers to a few requests, through the whole client: however they are cut and read, the same
//! heads, bodies, trailers and errors, and what had arrived before an error.
#![no_main]

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libfuzzer_sys::fuzz_target;
use straightwire::{
    Body, CloseReason, DecodeLimits, Decoded, Error, ErrorKind, HttpConnection, HttpResponse, Limits,
    Pipeline, Policy, RangeParts, Repeat,
};
use straightwire_fuzz::{MANY_STEPS, Options, Pieces, Script, drain};

fuzz_target!(|input: &[u8]| {
    let (mut options, wire) = Options::before(input);
    let asking = Asking {
        policy: options.choice(3),
        repeat: options.flag(),
        pipelined: options.flag(),
        expect: options.choice(3),
        requests: std::array::from_fn(|_| options.choice(5)),
    };
    let room = match options.choice(3) {
        0 => None,
        1 => Some(0),
        _ => Some(options.size()),
    };
    let reading = Reading { way: options.choice(8), step: options.size(), is_left: options.flag() };

    let whole = run(&asking, Script::new(wire, usize::MAX, room), &Reading::WHOLE);
    let cut = run(&asking, Script::new(wire, options.size(), room), &reading);
    // What is heard before a body, or beside a large one, depends on when it comes.
    let is_timed = room.is_some() && (asking.expect > 0 || asking.requests.contains(&LARGE_PUT));
    for (whole, cut) in whole.iter().zip(&cut) {
        if !is_timed {
            compare(whole, cut, &reading);
        }
        // What is decoded, or read in parts, may be left before its end.
        let is_left = reading.is_left || (asking.pipelined && reading.way > 5);
        if is_timed || whole.after != cut.after || whole.after == After::Unsettled || is_left {
            break;
        }
    }
});

struct Asking {
    policy: u8,
    repeat: bool,
    pipelined: bool,
    expect: u8,
    requests: [u8; 3],
}

/// One of the requests: too large to go at once.
const LARGE_PUT: u8 = 4;

struct Reading {
    way: u8,
    step: usize,
    /// After a step the rest is left.
    is_left: bool,
}

impl Reading {
    const WHOLE: Reading = Reading { way: 0, step: 1, is_left: false };
}

/// What came of a request.
#[derive(Debug, Default)]
struct Answered {
    head: String,
    status: u16,
    encoding: String,
    boundary: Option<String>,
    body: Vec<u8>,
    error: Option<ErrorKind>,
    /// Of a body that was read to its end.
    end: String,
    after: After,
}

/// What it leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum After {
    Kept,
    Closed,
    /// What comes next depends on when it comes.
    #[default]
    Unsettled,
}

fn run(asking: &Asking, script: Script, reading: &Reading) -> Vec<Answered> {
    let policy = match asking.policy {
        0 => Policy::strict(),
        1 => Policy::lenient(),
        _ => Policy { truncated_body: true, ..Policy::lenient() },
    };
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let mut conn = script
        .builder()
        .policy(policy)
        .limits(Limits {
            line: 300,
            head: 800,
            header_lines: 10,
            interim_responses: 3,
            trailer_lines: 4,
            chunk_extensions: 50,
        })
        .repeat(if asking.repeat { Repeat::Idempotent } else { Repeat::Never })
        .retry_without_expect(asking.expect == 2)
        .on_interim(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    let mut all = Vec::new();
    if asking.pipelined {
        let mut pipeline = conn.pipeline().unwrap();
        for kind in asking.requests {
            let (method, body) = request(kind);
            let _ = pipeline.request(method, "/", body, &[]);
        }
        for _ in 0..3 {
            let mut answered = pipelined(&mut pipeline, reading);
            answered.after = After::Kept;
            all.push(answered);
        }
        let pending = pipeline.pending();
        assert_eq!(pipeline.unanswered().len(), pending);
        drop(pipeline);
    } else {
        for kind in asking.requests {
            told.store(0, Ordering::Relaxed);
            let mut answered = one(&mut conn, asking, kind, reading, &told);
            answered.after = match (conn.is_connected(), script.is_settled()) {
                (false, _) => After::Closed,
                (true, true) => After::Kept,
                (true, false) => After::Unsettled,
            };
            all.push(answered);
        }
    }
    assert!(script.connections() <= 8, "{} connections", script.connections());
    all
}

fn request(kind: u8) -> (&'static str, &'static [u8]) {
    match kind {
        0 => ("GET", b""),
        1 => ("HEAD", b""),
        2 => ("POST", b"a small body"),
        3 => ("CONNECT", b""),
        _ => ("PUT", &[b'x'; 10_000]),
    }
}

fn one(
    conn: &mut HttpConnection,
    asking: &Asking,
    kind: u8,
    reading: &Reading,
    told: &AtomicUsize,
) -> Answered {
    let (method, body) = request(kind);
    let target = if method == "CONNECT" { "a.test:1" } else { "/" };
    let expect: &[(&str, &str)] = if asking.expect > 0 { &[("Expect", "100-continue")] } else { &[] };
    let headers = if body.is_empty() { &[] } else { expect };
    let body = if kind == LARGE_PUT { Body::chunks(body.chunks(3000)) } else { body.into() };
    if let Err(err) = conn.request(method, target, body, headers) {
        // Heard while it was sent, or while that was waited for.
        let error = Some(err.kind());
        let _ = conn.get_response().map(drop);
        return Answered { error, body: err.into_partial(), ..Answered::default() };
    }
    match conn.get_response() {
        Ok(response) => {
            // A repeated request has been answered on another connection.
            assert!(response.interim().len() <= told.load(Ordering::Relaxed));
            read(response, reading)
        }
        Err(err) => Answered { error: Some(err.kind()), body: err.into_partial(), ..Answered::default() },
    }
}

fn pipelined(pipeline: &mut Pipeline<'_>, reading: &Reading) -> Answered {
    match pipeline.get_response() {
        Ok(response) => read(response, reading),
        Err(err) => Answered { error: Some(err.kind()), body: err.into_partial(), ..Answered::default() },
    }
}

fn read(mut response: HttpResponse<'_>, reading: &Reading) -> Answered {
    let is_multipart = response.headers().content_type() == "multipart/byteranges";
    let mut answered = Answered {
        head: format!("{:?} {:?} {:?}", response.head(), response.interim(), response.framing()),
        status: response.status(),
        encoding: response.header_or("Content-Encoding", "").into_owned(),
        boundary: is_multipart.then(|| response.headers().content_param("boundary").unwrap_or_default()),
        ..Answered::default()
    };
    let (body, error) = if reading.is_left {
        let mut buf = vec![0; reading.step];
        let read = response.read_some(&mut buf);
        (buf[..*read.as_ref().unwrap_or(&0)].to_vec(), read.err())
    } else {
        body_of(&mut response, reading)
    };
    answered.body = body;
    if let Some(err) = &error {
        answered.body.extend_from_slice(err.partial());
        assert!(!err.is_caller() || err.kind() == ErrorKind::NotConnected, "{err}");
    } else if !reading.is_left && !matches!(reading.way, 6 | 7) {
        assert!(response.is_closed() && response.read_all().unwrap().is_empty());
        let remaining = response.remaining();
        let end = (response.trailers(), remaining, response.close_reason(), response.is_truncated());
        write!(answered.end, "{end:?}").unwrap();
        assert!(response.is_truncated() || matches!(remaining, None | Some(0)));
        assert!(!response.is_truncated() || response.close_reason() == Some(CloseReason::Truncated));
    }
    answered.error = error.map(|err| err.kind());
    answered
}

/// The body, what is decoded of it, or its parts one behind the other.
fn body_of(
    response: &mut HttpResponse<'_>,
    &Reading { way, step, .. }: &Reading,
) -> (Vec<u8>, Option<Error>) {
    let mut body = Vec::new();
    match way {
        0 => match response.read_all() {
            Ok(body) => (body, None),
            Err(err) => (Vec::new(), Some(err)),
        },
        1 => loop {
            match response.read_up_to(step) {
                Ok(piece) if piece.is_empty() => return (body, None),
                Ok(piece) => {
                    assert!(piece.len() == step || response.is_closed());
                    body.extend(piece);
                }
                Err(err) => return (body, Some(err)),
            }
        },
        2 => loop {
            let mut buf = vec![0; step];
            match response.read_into(&mut buf) {
                Ok(len) => {
                    body.extend_from_slice(&buf[..len]);
                    if len < step {
                        return (body, None);
                    }
                }
                Err(err) => return (body, Some(err)),
            }
        },
        3 => {
            let (body, err) = drain(response, step);
            (body, err.map(own))
        }
        4 | 5 => {
            let mut out = Narrow { taken: Vec::new(), step: if way == 4 { usize::MAX } else { step } };
            match response.copy_to(&mut out) {
                Ok(len) => assert_eq!(len, out.taken.len() as u64),
                Err(err) => {
                    assert_eq!(err.saved(), out.taken.len() as u64);
                    return (out.taken, Some(err));
                }
            }
            (out.taken, None)
        }
        6 => match response.decoded_within(DECODING) {
            Ok(mut decoded) => {
                let (body, err) = drain(&mut decoded, step);
                (body, err.map(own))
            }
            Err(err) => (body, Some(err)),
        },
        _ => match response.range_parts() {
            Ok(parts) => all_parts(parts, step),
            Err(err) => (body, Some(err)),
        },
    }
}

const DECODING: DecodeLimits = DecodeLimits { len: 1 << 18, ratio: u64::MAX, free: 0, codings: 2 };

fn all_parts(mut parts: RangeParts<impl io::BufRead>, step: usize) -> (Vec<u8>, Option<Error>) {
    let mut all = Vec::new();
    for _ in 0..MANY_STEPS {
        match parts.next_part() {
            Ok(Some(mut part)) => {
                let (bytes, err) = drain(&mut part, step);
                all.extend(bytes);
                if let Some(err) = err {
                    return (all, Some(own(err)));
                }
            }
            Ok(None) => return (all, None),
            Err(err) => return (all, Some(err)),
        }
    }
    panic!("no end");
}

fn own(err: io::Error) -> Error {
    err.downcast().unwrap()
}

/// Takes so much at a time.
struct Narrow {
    taken: Vec<u8>,
    step: usize,
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.step);
        self.taken.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn compare(whole: &Answered, cut: &Answered, reading: &Reading) {
    assert_eq!(cut.head, whole.head);
    let has_head = !whole.head.is_empty();
    if !has_head || (reading.way < 6 && !reading.is_left) {
        assert_eq!((cut.error, &cut.body, &cut.end), (whole.error, &whole.body, &whole.end));
    } else if reading.is_left {
        assert!(whole.body.starts_with(&cut.body));
        assert!(cut.error.is_none() || cut.error == whole.error);
    } else if reading.way == 6 {
        let is_part = cut.status == 206 && cut.error == Some(ErrorKind::BadContentEncoding);
        let Ok(mut decoded) = Decoded::new(Pieces::new(&whole.body, 4096), &whole.encoding, DECODING) else {
            return assert!(is_part || cut.error == Some(ErrorKind::UnknownContentEncoding));
        };
        let (content, err) = drain(&mut decoded, 4096);
        if whole.error.is_none() && !is_part {
            assert_eq!(cut.error, err.map(|err| own(err).kind()));
        }
        assert!(content.starts_with(&cut.body) || cut.body.starts_with(&content));
    } else if let (206, Some(boundary)) = (whole.status, &whole.boundary)
        && let Ok(parts) = RangeParts::new(&whole.body[..], boundary)
    {
        let (bytes, err) = all_parts(parts, 4096);
        assert_eq!(cut.body, bytes);
        if whole.error.is_none() {
            assert_eq!(cut.error, err.map(|err| err.kind()));
        }
    } else {
        assert!(whole.body.starts_with(&cut.body));
        assert!(whole.status == 206 || cut.error == Some(ErrorKind::BadRange));
    }
}

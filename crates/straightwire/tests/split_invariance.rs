//! A message means the same however its bytes arrive: whole, one by one, or cut anywhere. Checked on
//! well-formed messages and on thousands that have been damaged at random.

use straightwire::proto::{BodyStep, Exchange, Received};
use straightwire::{Headers, Limits, Policy};

/// Everything that a caller could see of a message.
#[derive(Debug, PartialEq)]
struct Outcome {
    heads: Vec<(u8, u16, String, Headers, usize)>,
    body: Vec<u8>,
    trailers: Headers,
    end: String,
    used: usize,
}

/// Small caps, so that random input meets them.
const LIMITS: Limits = Limits {
    line: 120,
    head: 400,
    header_lines: 8,
    interim_responses: 2,
    trailer_lines: 2,
    chunk_extensions: 20,
};

/// Hands `wire` over in pieces that end at `cuts`, then ends the connection.
fn receive(method: &str, wire: &[u8], cuts: &[usize], policy: Policy) -> Outcome {
    let mut exchange = Exchange::new(policy, LIMITS);
    let mut out = Vec::new();
    let target = if method == "CONNECT" { "a:1" } else { "/" };
    exchange.begin(&mut out, method, target).unwrap();
    exchange.end_head(&mut out, true).unwrap();
    let mut outcome = Outcome {
        heads: Vec::new(),
        body: Vec::new(),
        trailers: Headers::new(),
        end: String::new(),
        used: 0,
    };
    let mut ends = cuts.iter().copied().chain([wire.len()]);
    let mut arrived = 0;
    let end = loop {
        match exchange.receive_head(&wire[outcome.used..arrived]) {
            Ok(Received::More) => match ends.next() {
                Some(end) => arrived = end,
                None => break Some(exchange.end_in_head(&wire[outcome.used..]).to_string()),
            },
            Ok(Received::Interim { len }) => {
                outcome.used += len;
                note_head(&mut outcome, exchange.interim().last().unwrap());
            }
            Ok(Received::Head { len }) => {
                outcome.used += len;
                note_head(&mut outcome, exchange.head());
                break None;
            }
            Err(err) => break Some(format!("{err} {}", err.partial().escape_ascii())),
        }
    };
    outcome.end = end.unwrap_or_else(|| {
        loop {
            if exchange.is_body_done() {
                break format!("done, {:?}", exchange.close_reason());
            }
            let input = &wire[outcome.used..arrived];
            match exchange.receive_body(input) {
                Ok(BodyStep::Data(range)) => {
                    outcome.body.extend_from_slice(&input[range.clone()]);
                    outcome.used += range.end;
                }
                Ok(BodyStep::End(len)) => outcome.used += len,
                Ok(BodyStep::More) => {
                    outcome.used = arrived;
                    match ends.next() {
                        Some(end) => arrived = end,
                        None => match exchange.end_in_body() {
                            Ok(()) => break "ended with the connection".to_owned(),
                            Err(err) => break err.to_string(),
                        },
                    }
                }
                Err(err) => {
                    // How far into the piece the fault lay is not told.
                    outcome.used = 0;
                    break err.to_string();
                }
            }
        }
    });
    outcome.trailers = exchange.trailers().clone();
    outcome
}

fn note_head(outcome: &mut Outcome, head: &straightwire::ResponseHead) {
    let defects = head.headers().defects().len();
    outcome.heads.push((
        head.version(),
        head.status(),
        head.reason().into_owned(),
        head.headers().clone(),
        defects,
    ));
}

const SEEDS: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhelloextra",
    "HTTP/1.1 200 OK\nContent-Length: 2\nA:  b \n c\n\nhi",
    "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: <a>\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\\\"c\" ; d\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\nU: 2\r\n\r\nrest",
    "HTTP/1.1 200\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 9\r\n\r\n1e\r\n012345678901234567890123456789\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nuntil the end of the connection",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nnot http",
    "\r\nHTTP/1.1\t200  OK \r\n early: 1\r\nno colon\r\nB : 2\r\nC: \0x\r\ry\r\nContent-Length: 1\r\n\r\nZ",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \nab\n0003;x\nabc\n0\nbad line\n\n",
];

/// Pieces of grammar to damage messages with.
const SCRAPS: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    " ",
    "\t",
    ":",
    ";",
    ",",
    "\0",
    "\x7f",
    "\"",
    "\\",
    "=",
    "0",
    "9",
    "f",
    "+",
    "-",
    "HTTP/1.1 ",
    "100",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "chunked",
    "close",
    "Connection: close\r\n",
    "\r\n 0\r\n",
    "0\r\n\r\n",
    "ffffffffffffffff",
    "é",
    "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n",
    "A: 1\r\nA: 1\r\nA: 1\r\n",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

fn damaged(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut wire = SEEDS[random.usize(..SEEDS.len())].as_bytes().to_vec();
    for _ in 0..random.usize(..4) {
        let at = random.usize(..=wire.len());
        match random.u8(..4) {
            0 => wire.truncate(at),
            1 => drop(wire.splice(at..at, SCRAPS[random.usize(..SCRAPS.len())].bytes())),
            2 if at < wire.len() => wire[at] = random.u8(..),
            _ => {
                let end = (at + random.usize(..6)).min(wire.len());
                wire.drain(at..end);
            }
        }
    }
    wire
}

#[test]
fn damaged_messages_mean_the_same_however_they_are_cut() {
    let mut random = fastrand::Rng::with_seed(9112);
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..30_000 {
        let wire = damaged(&mut random);
        let method = ["GET", "GET", "GET", "HEAD", "CONNECT"][random.usize(..5)];
        for policy in [Policy::strict(), Policy::lenient()] {
            let whole = receive(method, &wire, &[], policy);
            let bytes: Vec<usize> = (0..wire.len()).collect();
            let mut cuts: Vec<usize> = (0..random.usize(1..6)).map(|_| random.usize(..=wire.len())).collect();
            cuts.sort_unstable();
            for cuts in [bytes, cuts] {
                let pieces = receive(method, &wire, &cuts, policy);
                assert_eq!(pieces, whole, "{method} {:?} {}", cuts, wire.escape_ascii());
            }
            let kind = whole.end.split([':', ',']).next().unwrap_or_default().to_owned();
            *ends.entry(kind).or_default() += 1;
        }
    }
    // The damage is of a kind to reach all of these, or the test looks at too little.
    for kind in [
        "done",
        "ended with the connection",
        "BadStatusLine",
        "BadHeader",
        "BadChunk",
        "BadContentLength",
        "IncompleteRead",
        "UnknownTransferEncoding",
        "UnknownProtocol",
        "LineTooLong",
        "TooManyInterimResponses",
        "ChunkExtensionsTooLarge",
    ] {
        assert!(ends.contains_key(kind), "no {kind} among {ends:?}");
    }
}

#[test]
fn plain_noise_is_never_more_than_an_error() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let mut wire = vec![0; random.usize(..200)];
        random.fill(&mut wire);
        for policy in [Policy::strict(), Policy::lenient()] {
            let outcome = receive("GET", &wire, &[], policy);
            assert!(outcome.heads.is_empty(), "{}", wire.escape_ascii());
        }
    }
}

/// One byte at a time, the largest head and a body of tiny chunks: were any byte looked at again for each
/// that follows, these would take hours.
#[test]
fn work_is_linear_in_the_input_byte_by_byte() {
    let lines = "X-Name: ".to_owned() + &"v".repeat(60_000) + "\r\n";
    let head = format!("HTTP/1.1 200 OK\r\n{}Transfer-Encoding: chunked\r\n\r\n", lines.repeat(4));
    let body = format!("{}0\r\nT: {}\r\n\r\n", "1;x\r\na\r\n".repeat(20_000), "t".repeat(60_000));
    let wire = head.clone() + &body;
    let mut exchange =
        Exchange::new(Policy::strict(), Limits { chunk_extensions: 1 << 20, ..Limits::default() });
    let mut out = Vec::new();
    exchange.begin(&mut out, "GET", "/").unwrap();
    exchange.end_head(&mut out, true).unwrap();
    for end in 1..head.len() {
        assert_eq!(exchange.receive_head(&wire.as_bytes()[..end]).unwrap(), Received::More);
    }
    let Received::Head { len } = exchange.receive_head(&wire.as_bytes()[..head.len()]).unwrap() else {
        panic!()
    };
    let mut data = 0;
    for byte in wire.as_bytes()[len..].chunks(1) {
        if let BodyStep::Data(range) = exchange.receive_body(byte).unwrap() {
            data += range.len();
        }
    }
    assert!(exchange.is_body_done());
    assert_eq!(data, 20_000);
}

/// Heads that another parser reads too are read the same.
#[test]
fn heads_agree_with_httparse() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut both = 0;
    for _ in 0..30_000 {
        let wire = damaged(&mut random);
        let ours = receive("GET", &wire, &[], Policy::strict());
        let mut slots = [httparse::EMPTY_HEADER; 16];
        let mut theirs = httparse::Response::new(&mut slots);
        let Ok(httparse::Status::Complete(_)) = theirs.parse(&wire) else { continue };
        let Some((version, status, _, headers, _)) = ours.heads.first() else { continue };
        both += 1;
        assert_eq!((*version, *status), (10 + theirs.version.unwrap(), theirs.code.unwrap()));
        let theirs: Vec<_> =
            theirs.headers.iter().map(|header| (header.name.as_bytes(), header.value)).collect();
        assert_eq!(headers.iter_bytes().collect::<Vec<_>>(), theirs, "{}", wire.escape_ascii());
    }
    assert!(both > 5_000, "only {both} heads were read by both");
}

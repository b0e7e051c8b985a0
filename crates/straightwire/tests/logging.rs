//! What a logger and a subscriber of `tracing` are told, and that it is no secret.

mod support;

use std::cell::{Cell, RefCell};
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, Once};

use log::{LevelFilter, Log, Metadata, Record};
use origin::{Script, Scripted};
use straightwire::{Event, HttpConnection, Policy, Repeat, basic_credentials};
use support::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

thread_local! {
    /// Each test's own, since events are told on the thread that makes them happen.
    static LEVEL: Cell<LevelFilter> = const { Cell::new(LevelFilter::Off) };
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Collector;

impl Log for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= LEVEL.get()
    }

    fn log(&self, record: &Record<'_>) {
        assert_eq!(record.target(), "straightwire");
        if self.enabled(record.metadata()) {
            LINES.with_borrow_mut(|lines| lines.push(format!("{} {}", record.level(), record.args())));
        }
    }

    fn flush(&self) {}
}

/// Has somebody listen for the whole process. Whether anybody wants to hear of a place in the code is asked only
/// once, and on other threads than a test's own nobody would.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Collector).unwrap();
        log::set_max_level(LevelFilter::Trace);
        tracing::subscriber::set_global_default(Registry::default()).unwrap();
    });
}

/// What is logged at this level while `work` is done; `HOST` stands for the server.
fn logged(level: LevelFilter, server: &Scripted, work: impl FnOnce()) -> Vec<String> {
    listen();
    LEVEL.set(level);
    work();
    LEVEL.set(LevelFilter::Off);
    let host = server.addr().to_string();
    LINES.take().into_iter().map(|line| line.replace(&host, "HOST")).collect()
}

fn get(conn: &mut HttpConnection, url: &str) {
    conn.request("GET", url, (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
}

#[test]
fn debug_has_connections_requests_and_statuses() {
    let closing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = serve([answer(OK).read_request().send(closing), answer(OK).close(), answer(OK).hold()]);
    let lines = logged(LevelFilter::Debug, &server, || {
        let mut conn = client(&server);
        get(&mut conn, "/");
        get(&mut conn, "/missing");
        get(&mut conn, "/again");
        wait_for_arrival(&conn);
        get(&mut conn, "/anew");
        conn.close();
    });
    let expected = "\
DEBUG HOST: GET /
DEBUG HOST: connecting
DEBUG HOST: connected to HOST
DEBUG HOST: 200 OK
DEBUG HOST: GET /missing
DEBUG HOST: sending on the connection that is open
DEBUG HOST: 404 Not Found
DEBUG HOST: closed: the server closes the connection
DEBUG HOST: GET /again
DEBUG HOST: connecting
DEBUG HOST: connected to HOST
DEBUG HOST: 200 OK
DEBUG HOST: GET /anew
DEBUG HOST: closed: the server closed the idle connection
DEBUG HOST: connecting
DEBUG HOST: connected to HOST
DEBUG HOST: 200 OK
DEBUG HOST: closed";
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn trace_has_heads_and_counts_too() {
    let wire = format!("HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n{OK}");
    let server = serve([answer(&*wire).hold()]);
    let lines = logged(LevelFilter::Trace, &server, || {
        let mut conn = client(&server);
        conn.request("PUT", "/it", "body", &[("A", "b: c")]).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
        conn.close();
    });
    let sent = server.received(0).len();
    let expected = format!(
        "\
DEBUG HOST: PUT /it
TRACE HOST: > Host: HOST
TRACE HOST: > Accept-Encoding: identity
TRACE HOST: > Content-Length: 4
TRACE HOST: > A: b: c
DEBUG HOST: connecting
TRACE HOST: trying HOST
DEBUG HOST: connected to HOST
TRACE HOST: sent {} bytes
TRACE HOST: sent 4 bytes
TRACE HOST: received {} bytes
DEBUG HOST: 103 Hints
TRACE HOST: < Link: </a>
DEBUG HOST: 200 OK
TRACE HOST: < Content-Length: 2
TRACE HOST: the response is whole
DEBUG HOST: closed",
        sent - 4,
        wire.len(),
    );
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn a_way_through_a_proxy_and_errors_are_told() {
    let server = serve([
        Script::new()
            .read_head()
            .send("HTTP/1.1 200 Granted\r\n\r\n")
            .read_request()
            .send("Set-Cookie: s3cret\r\n"),
        Script::new().read_head().send("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"),
    ]);
    let lines = logged(LevelFilter::Debug, &server, || {
        let mut conn = builder(server.addr()).tunnel("far.test", 81, &[]).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        conn.get_response().unwrap_err();
        conn.request("GET", "/", (), &[]).unwrap_err();
    });
    let expected = "\
DEBUG far.test:81: GET /
DEBUG HOST: connecting
DEBUG HOST: asking the proxy
DEBUG HOST: the proxy says 200 Granted
DEBUG HOST: connected to HOST
DEBUG far.test:81: failed: BadStatusLine
DEBUG far.test:81: closed: an error left it in doubt
DEBUG far.test:81: GET /
DEBUG HOST: connecting
DEBUG HOST: asking the proxy
DEBUG HOST: the proxy says 407 Who are you
DEBUG HOST: failed: TunnelFailed: Tunnel connection failed: 407 Who are you";
    assert_eq!(lines.join("\n"), expected);
}

/// Talks about secrets wherever they may stand, over a proxy too, and to an end with an error.
fn talk_of_secrets(server: &Scripted) {
    let s3cret = basic_credentials("user", "s3cret");
    let mut conn = builder(server.addr())
        .tunnel("far.test", 81, &[("Proxy-Authorization", &s3cret)])
        .policy(Policy::lenient())
        .build()
        .unwrap();
    let headers = [
        ("Authorization", &*s3cret),
        ("proxy-authorization", &s3cret),
        ("Cookie", "session=s3cret"),
        ("Referer", "http://user:s3cret@h/?s3cret"),
    ];
    for url in ["/a?token=s3cret", "http://user:s3cret@far.test:81/b"] {
        conn.request("GET", url, (), &headers).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
    }
    conn.request("GET", "/c", (), &headers).unwrap();
    conn.get_response().unwrap_err();
    conn.close();
}

fn secretive() -> Scripted {
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: a=s3cret\r\nset-cookie: b=\r\n s3cret\r\n\
                  Location: /x?s3cret\r\nContent-Length: 6\r\n\r\ns3cret";
    let script = Script::new().read_head().send("HTTP/1.1 200 OK\r\nSet-Cookie: s3cret\r\n\r\n");
    let script = script.read_request().send(answer).read_request().send(answer);
    serve([script.read_request().send("HTTP/1.1 200 OK\r\nContent-Length: s3cret\r\n\r\n").hold()])
}

#[track_caller]
fn check_no_secrets(told: &str) {
    assert!(told.matches("(not shown)").count() >= 9, "{told}");
    assert!(told.contains("GET /a?…") && told.contains("GET http://far.test:81/b"), "{told}");
    assert!(told.contains("failed: BadContentLength"), "{told}");
    let encoded = basic_credentials("user", "s3cret");
    assert!(!told.contains("s3cret") && !told.contains(&encoded[6..]), "{told}");
}

#[test]
fn secrets_are_not_logged() {
    let server = secretive();
    let lines = logged(LevelFilter::Trace, &server, || talk_of_secrets(&server));
    check_no_secrets(&lines.join("\n"));
}

#[test]
fn nothing_received_can_forge_a_line_or_steer_a_terminal() {
    let wire = "HTTP/1.1 200 O\u{85}K\r\nA: \u{9b}31m\r\nContent-Length: 0\r\n\r\n";
    let wire: Vec<u8> = wire.chars().map(|char| char as u8).collect();
    let server = serve([answer(wire).hold()]);
    let lines = logged(LevelFilter::Trace, &server, || get(&mut client(&server), "/"));
    assert!(lines.iter().all(|line| !line.contains(char::is_control)), "{lines:?}");
    assert!(lines.contains(&"DEBUG HOST: 200 O\\u{85}K".to_owned()), "{lines:?}");
    assert!(lines.contains(&"TRACE HOST: < A: \\u{9b}31m".to_owned()), "{lines:?}");
}

#[test]
fn nothing_is_told_above_debug_and_taps_are_told_beside_the_logger() {
    let server = serve([answer_all()]);
    assert!(logged(LevelFilter::Info, &server, || get(&mut client(&server), "/")).is_empty());
    let server = serve([answer_all()]);
    let count = Arc::new(Mutex::new(0));
    let seen = count.clone();
    let lines = logged(LevelFilter::Debug, &server, || {
        let tap = move |_: Event<'_>| *seen.lock().unwrap() += 1;
        get(&mut builder(server.addr()).tap(tap).build().unwrap(), "/");
    });
    assert!(*count.lock().unwrap() > 5 && lines.len() > 3);
}

/// Notes spans and events, each with the names of the spans it is in.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    /// What is told while `work` is done inside a span of the caller's.
    fn of(server: &Scripted, work: impl FnOnce()) -> String {
        listen();
        let notes = Notes::default();
        with_default(Registry::default().with(notes.clone()), || {
            tracing::info_span!("mine").in_scope(work);
        });
        let lines = notes.0.lock().unwrap().join("\n");
        lines.replace(&server.addr().to_string(), "HOST").replace(&server.addr().port().to_string(), "PORT")
    }
}

#[derive(Default)]
struct Values(String);

impl Visit for Values {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Notes {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut values = Values::default();
        attributes.record(&mut values);
        let span = context.span(id).unwrap();
        let parent = span.parent().map_or("nothing", |parent| parent.name());
        self.add(format!("{} in {parent}:{}", span.name(), values.0));
    }

    fn on_record(&self, _: &Id, record: &tracing::span::Record<'_>, _: Context<'_, S>) {
        let mut values = Values::default();
        record.record(&mut values);
        self.add(format!("recorded:{}", values.0));
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        assert_eq!(event.metadata().target(), "straightwire");
        let mut values = Values::default();
        event.record(&mut values);
        let span = context.event_span(event).map_or("nothing", |span| span.name());
        self.add(format!("{} in {span}:{}", event.metadata().level(), values.0));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.add(format!("{} ends", context.span(&id).unwrap().name()));
    }
}

#[test]
fn tracing_has_a_span_for_each_exchange() {
    let server = serve([answer(OK).close(), answer("garbage\r\n")]);
    let told = Notes::of(&server, || {
        let mut conn = client(&server);
        get(&mut conn, "/a?b");
        wait_for_arrival(&conn);
        conn.request("GET", "/", (), &[]).unwrap();
        conn.get_response().unwrap_err();
    });
    let lines: Vec<&str> = told.lines().filter(|line| !line.starts_with("TRACE")).collect();
    let expected = "\
mine in nothing:
exchange in mine: method=\"GET\" target=/a?… host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: GET /a?…
DEBUG in exchange: message=HOST: connecting
DEBUG in exchange: message=HOST: connected to HOST
recorded: status=200
DEBUG in exchange: message=HOST: 200 OK
exchange ends
exchange in mine: method=\"GET\" target=/ host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: GET /
DEBUG in exchange: message=HOST: closed: the server closed the idle connection
DEBUG in exchange: message=HOST: connecting
DEBUG in exchange: message=HOST: connected to HOST
recorded: error=BadStatusLine
DEBUG in exchange: message=HOST: failed: BadStatusLine
exchange ends
DEBUG in mine: message=HOST: closed: an error left it in doubt
mine ends";
    assert_eq!(lines.join("\n"), expected);
    assert!(told.contains("TRACE in exchange: message=HOST: > Accept-Encoding: identity"), "{told}");
}

/// A request that is sent once more, because a kept connection was closed or 417 has come, is one exchange.
#[test]
fn a_repeated_request_is_one_story_in_one_span() {
    let refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let server = serve([
        answer(OK).read_request().close(),
        answer_all(),
        Script::new().read_head().send(refusal).wait_for_close(),
        answer(OK).hold(),
    ]);
    let told = Notes::of(&server, || {
        let repeating = || builder(server.addr()).repeat(Repeat::Idempotent).retry_without_expect(true);
        let mut conn = repeating().build().unwrap();
        for target in ["/first", "/again", "/kept"] {
            get(&mut conn, target);
        }
        conn.close();
        let mut conn = repeating().expect_timeout(PATIENCE).build().unwrap();
        conn.request("PUT", "/refused", "body", &[("Expect", "100-continue")]).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
    });
    let story: Vec<&str> = told.lines().filter(|line| !line.starts_with("TRACE")).collect();
    let story = story.join("\n");
    let expected = "\
exchange in mine: method=\"GET\" target=/again host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: GET /again
DEBUG in exchange: message=HOST: sending on the connection that is open
recorded: attempts=2
DEBUG in exchange: message=HOST: attempt 2 follows: RemoteDisconnected
DEBUG in exchange: message=HOST: closed: an error left it in doubt
DEBUG in exchange: message=HOST: connecting
DEBUG in exchange: message=HOST: connected to HOST
recorded: status=200
DEBUG in exchange: message=HOST: 200 OK
exchange ends
exchange in mine: method=\"GET\" target=/kept host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: GET /kept
DEBUG in exchange: message=HOST: sending on the connection that is open
recorded: status=200
DEBUG in exchange: message=HOST: 200 OK
exchange ends
";
    assert!(story.contains(expected), "{story}");
    let expected = "\
exchange in mine: method=\"PUT\" target=/refused host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: PUT /refused
DEBUG in exchange: message=HOST: connecting
DEBUG in exchange: message=HOST: connected to HOST
recorded: status=417
DEBUG in exchange: message=HOST: 417 Expectation Failed
recorded: attempts=2
DEBUG in exchange: message=HOST: attempt 2 follows, without Expect
DEBUG in exchange: message=HOST: closed: the request was not sent whole
DEBUG in exchange: message=HOST: PUT /refused
DEBUG in exchange: message=HOST: connecting
DEBUG in exchange: message=HOST: connected to HOST
recorded: status=200
DEBUG in exchange: message=HOST: 200 OK
exchange ends
DEBUG in mine: message=HOST: closed
";
    assert!(story.contains(expected), "{story}");
}

/// Each request of a pipeline has a span of its own, and what was not answered ends with the connection.
#[test]
fn a_pipeline_has_a_span_for_each_request() {
    let server =
        serve([Script::new().read_request().read_request().read_request().send([OK, OK].concat()).close()]);
    let told = Notes::of(&server, || {
        let mut conn = client(&server);
        let mut pipeline = conn.pipeline().unwrap();
        for target in ["/a", "/b", "/c"] {
            pipeline.request("GET", target, (), &[]).unwrap();
        }
        for _ in 0..2 {
            pipeline.get_response().unwrap().read_all().unwrap();
        }
        pipeline.get_response().unwrap_err();
    });
    let is_told = |line: &&str| !line.starts_with("TRACE") && !line.contains(": connect");
    let story: Vec<&str> = told.lines().filter(is_told).collect();
    let expected = "\
mine in nothing:
exchange in mine: method=\"GET\" target=/a host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: GET /a
exchange in mine: method=\"GET\" target=/b host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: GET /b
DEBUG in exchange: message=HOST: sending on the connection that is open
exchange in mine: method=\"GET\" target=/c host=\"127.0.0.1\" port=PORT
DEBUG in exchange: message=HOST: GET /c
DEBUG in exchange: message=HOST: sending on the connection that is open
recorded: status=200
DEBUG in exchange: message=HOST: 200 OK
exchange ends
recorded: status=200
DEBUG in exchange: message=HOST: 200 OK
exchange ends
recorded: error=RemoteDisconnected
DEBUG in exchange: message=HOST: failed: RemoteDisconnected
exchange ends
DEBUG in mine: message=HOST: closed: an error left it in doubt
mine ends";
    assert_eq!(story.join("\n"), expected);
}

#[test]
fn secrets_are_not_traced() {
    let server = secretive();
    check_no_secrets(&Notes::of(&server, || talk_of_secrets(&server)));
}

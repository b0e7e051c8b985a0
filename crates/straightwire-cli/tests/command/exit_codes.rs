//! Every exit code that loopback can provoke, beside curl's for the same.

use std::process::{Command, Stdio};
use std::time::Duration;

use origin::{Origin, Script, Scripted};

use crate::program::{Run, command, run};

/// Who answers, if anybody.
enum Server {
    /// The URL is given.
    None,
    /// A port where nobody listens.
    Closed,
    Origin(&'static str),
    Scripted(Script),
}

struct Case {
    name: &'static str,
    args: Vec<String>,
    /// So many bytes on standard input.
    input: usize,
    server: Server,
    code: i32,
    /// What curl 7.88 may give, where that is not the same for a good reason.
    curl: &'static [i32],
}

fn case(name: &'static str, args: &[&str], server: Server, code: i32) -> Case {
    Case { name, args: args.iter().map(|arg| (*arg).to_owned()).collect(), input: 0, server, code, curl: &[] }
}

impl Case {
    fn but_curl(self, curl: &'static [i32]) -> Case {
        Case { curl, ..self }
    }
}

fn answer(bytes: &str) -> Server {
    Server::Scripted(Script::new().read_request().send(bytes).close())
}

fn cases() -> Vec<Case> {
    use Server::{Closed, None, Origin, Scripted};
    let long_label = format!("http://{}.invalid/", "a".repeat(64));
    let stall = Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal").hold();
    let deaf = Script::new().read_head().stop_reading().pause(Duration::from_millis(100)).reset();
    let early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let hasty = Script::new().read_head().stop_reading().send(early);
    let hasty = hasty.pause(Duration::from_millis(100)).reset();
    vec![
        case("a page", &[], Origin("/"), 0),
        case("a page that is not there", &[], Origin("/status/404"), 0),
        case("an empty page", &[], Origin("/status/204"), 0),
        case("another protocol", &["gopherx://127.0.0.1/"], None, 1),
        case("an option that is not there", &["--no-such-option"], Origin("/"), 2),
        case("head and data", &["-I", "-d", "x"], Origin("/"), 2),
        case("no host", &["http://"], None, 3),
        case("half an address", &["http://[::1/"], None, 3),
        case("a port out of range", &["http://127.0.0.1:65536/"], None, 3),
        case("a port of letters", &["http://127.0.0.1:http/"], None, 3),
        case("a blank in the host", &["http://a b/"], None, 3),
        case("a name with an empty label", &["http://a..invalid/"], None, 6),
        case("a name with too long a label", &[&long_label], None, 6),
        case("nobody listens", &[], Closed, 7),
        case("a status that is none", &[], answer("HTTP/1.1 2x0 OK\r\n\r\n"), 8).but_curl(&[1]),
        case("no HTTP", &[], answer("hello\r\n\r\n"), 8).but_curl(&[1]),
        case("a bad length", &[], answer("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), 8),
        case("a header without colon", &[], answer("HTTP/1.1 200 OK\r\nfoo\r\n\r\n"), 8),
        case("a short body", &[], answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), 18),
        case(
            "too few chunks",
            &[],
            answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
            18,
        ),
        case("half a head", &[], answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX"), 18),
        case("half a status line", &[], answer("HTTP/1.1 2"), 18).but_curl(&[52]),
        case("-f and 404", &["-f"], Origin("/status/404"), 22),
        case("-f and 500", &["--fail", "-i"], Origin("/status/500"), 22),
        case("-f and 200", &["-f"], Origin("/"), 0),
        case("a full disk", &["-o", "/dev/full"], Origin("/bytes/5"), 23),
        case("no such folder", &["-o", "/nonexistent/x"], Origin("/bytes/5"), 23),
        // curl 7 warns and sends nothing, curl 8 gives 26.
        case("data from nowhere", &["-d", "@/nonexistent"], Origin("/echo"), 26).but_curl(&[0]),
        case("silence in the body", &["--timeout", "0.2"], Scripted(stall), 28),
        case("silence", &["--timeout", "0.2"], Scripted(Script::new().read_request().hold()), 28),
        case("an empty answer", &[], answer(""), 52),
        // curl reads while it sends, and may find the reset there.
        Case {
            input: 16 << 20,
            curl: &[55, 56],
            ..case("a reset while sending", &["--data-binary", "@-"], Scripted(deaf), 55)
        },
        Case {
            input: 16 << 20,
            curl: &[0, 55, 56],
            ..case("an answer, then a reset while sending", &["--data-binary", "@-"], Scripted(hasty), 0)
        },
        case("a reset", &[], Scripted(Script::new().read_request().reset()), 56),
        case(
            "a reset in the body",
            &[],
            Scripted(
                Script::new()
                    .read_request()
                    .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                    .pause(Duration::from_millis(50))
                    .reset(),
            ),
            56,
        ),
        case(
            "a chunk size that is none",
            &[],
            answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
            56,
        ),
        case(
            "an unknown content coding",
            &["--compressed"],
            answer("HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 2\r\n\r\nok"),
            61,
        ),
        case(
            "damaged content",
            &["--compressed"],
            answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 14\r\n\r\nno gzip at all"),
            61,
        ),
        case("an early answer", &["-d", "x"], answer(early), 0),
        case(
            "an unknown coding",
            &[],
            answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n\r\nhello"),
            61,
        ),
    ]
}

/// Starts the server, runs `program` on it, and gives what came of that.
fn play(program: &mut Command, case: &Case) -> Run {
    program.args(&case.args);
    let input = vec![b'x'; case.input];
    match &case.server {
        Server::None => run(program, &input),
        Server::Closed => {
            let closed = origin::Closed::new().unwrap();
            run(program.arg(format!("http://{}/", closed.addr())), &input)
        }
        Server::Origin(path) => {
            let origin = Origin::start().unwrap();
            run(program.arg(origin.url(path)), &input)
        }
        Server::Scripted(script) => {
            let server = Scripted::start(vec![script.clone()]).unwrap();
            run(program.arg(format!("http://{}/", server.addr())), &input)
        }
    }
}

#[test]
fn each_has_its_code_and_its_sentence() {
    for case in cases() {
        let run = play(&mut command(), &case);
        assert_eq!(run.code, Some(case.code), "{}: {run:?}", case.name);
        match case.code {
            0 => assert_eq!(run.stderr, "", "{}", case.name),
            // Some of these are the option parser's.
            2 => assert!(run.stderr.starts_with("error: "), "{}: {run:?}", case.name),
            code => {
                let start = format!("straightwire: ({code}) ");
                let told =
                    run.stderr.strip_prefix(&start).unwrap_or_else(|| panic!("{}: {run:?}", case.name));
                assert!(told.len() > 10 && told.lines().count() == 1, "{}: {run:?}", case.name);
                assert!(!told.contains("panicked"), "{}: {run:?}", case.name);
            }
        }
    }
}

#[test]
fn curl_gives_the_same() {
    let version = Command::new("curl").arg("--version").stdin(Stdio::null()).output();
    let Ok(version) = version else {
        eprintln!("there is no curl here: its exit codes were not compared");
        return;
    };
    // What is told of curl in the table is told of this version.
    let is_known = version.stdout.starts_with(b"curl 7.88.");
    for mut case in cases() {
        if !case.curl.is_empty() && !is_known {
            continue;
        }
        for arg in case.args.iter_mut().filter(|arg| *arg == "--timeout") {
            *arg = "--max-time".to_owned();
        }
        let mut curl = Command::new("curl");
        let run = play(curl.args(["-q", "--silent", "--noproxy", "*"]), &case);
        let expected = if case.curl.is_empty() { &[case.code] } else { case.curl };
        assert!(run.code.is_some_and(|code| expected.contains(&code)), "{}: {run:?}", case.name);
    }
}

#[test]
fn a_full_standard_output_is_a_write_error() {
    let origin = Origin::start().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let done = command().arg(origin.url("/bytes/5")).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(done.status.code(), Some(23), "{done:?}");
    assert!(done.stderr.starts_with(b"straightwire: (23) while writing to standard output: "), "{done:?}");
}

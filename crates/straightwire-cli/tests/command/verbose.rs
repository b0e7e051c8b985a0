//! `-v`: the wire on standard error.

use origin::{Origin, Script, Scripted};

use crate::program::{Run, straightwire};

fn scripted(script: Script) -> (Scripted, String) {
    let server = Scripted::start(vec![script]).unwrap();
    let url = format!("http://{}/", server.addr());
    (server, url)
}

/// The lines of standard error without those on the connection.
fn wire(run: &Run) -> Vec<&str> {
    run.stderr.lines().filter(|line| !line.starts_with('*')).collect()
}

#[test]
fn it_shows_what_is_sent_and_what_comes() {
    let origin = Origin::start().unwrap();
    let host = format!("> Host: {}", origin.host_port());
    let agent = concat!("> User-Agent: straightwire/", env!("CARGO_PKG_VERSION"));
    let sent = ["> POST /echo HTTP/1.1", &host, agent, "> Accept: */*", "> Content-Length: 5"];
    let form = ["> Content-Type: application/x-www-form-urlencoded", "> ", "} [5 bytes data]"];
    let type_ = ["< HTTP/1.1 200 OK", "< Content-Type: application/x-www-form-urlencoded"];
    let rest = ["< Content-Length: 5", "< ", "{ [5 bytes data]"];
    for option in ["-v", "--verbose"] {
        let run = straightwire(&[option, "-d", "hello", &origin.url("/echo")]);
        assert_eq!(run.text(), "hello");
        assert_eq!(wire(&run), [&sent[..], &form, &type_, &rest].concat());

        let notes: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with('*')).collect();
        assert_eq!(notes[0], format!("* Connecting to {}", origin.host_port()));
        assert!(notes[1].starts_with(&format!("* Connected to {} from 127.0.0.1:", origin.host_port())));
        assert_eq!(notes[2..], ["* Closed the connection"]);
    }
}

#[test]
fn it_shows_the_real_bytes_made_safe_for_a_terminal() {
    let head = b"HTTP/1.1 200 O\xc3\xa9K\r\nx-ODD:  a\tb \r\nBell: \xff\r\nContent-Length: 0\r\n\r\n";
    let (_server, url) = scripted(Script::new().read_request().send(*head).hold());
    let run = straightwire(&["-v", &url]);
    run.text();
    let expected =
        ["< HTTP/1.1 200 O\u{e9}K", "< x-ODD:  a\tb ", "< Bell: \\xff", "< Content-Length: 0", "< "];
    assert_eq!(wire(&run)[5..], expected);
}

#[test]
fn a_head_that_is_refused_is_shown_too() {
    let (_server, url) = scripted(Script::new().read_request().send("HTTP/1.1 \x1b[2J\r\n\r\n").hold());
    let run = straightwire(&["-v", &url]);
    assert_eq!(run.code, Some(8), "{run:?}");
    assert_eq!(wire(&run)[5..7], ["< HTTP/1.1 \\x1b[2J", "< "]);
    assert!(
        run.stderr.contains("\n* Closed the connection: an error left it in doubt\nstraightwire: (8) "),
        "{run:?}"
    );
}

#[test]
fn interim_heads_chunks_and_reasons_for_closing_are_told() {
    let origin = Origin::start().unwrap();
    let run = straightwire(&["-v", &origin.url("/early-hints")]);
    let wire = wire(&run);
    let place = |wanted: &str| wire.iter().position(|line| *line == wanted).unwrap();
    assert!(place("< HTTP/1.1 103 Early Hints") < place("< HTTP/1.1 200 OK"), "{wire:?}");

    // 3 chunks of 4 bytes, each with size and line ends, and the last chunk.
    let run = straightwire(&["-v", &origin.url("/chunked/12/4")]);
    assert!(run.stderr.contains("\n{ [32 bytes data]\n"), "{run:?}");

    let run = straightwire(&["-v", &origin.url("/close")]);
    assert!(run.stderr.ends_with("\n* Closed the connection: the server closes the connection\n"), "{run:?}");
}

#[test]
fn nothing_is_shown_unasked() {
    let origin = Origin::start().unwrap();
    assert_eq!(straightwire(&[origin.url("/echo")]).stderr, "");
}

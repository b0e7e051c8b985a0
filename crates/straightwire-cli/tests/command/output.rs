//! Where the answer goes, and how much of it.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use origin::{Origin, Script, Scripted, pattern};

use crate::program::{command, fresh_path, straightwire, wait};

fn scripted(answer: impl Into<Vec<u8>>) -> (Scripted, String) {
    let server = Scripted::start(vec![Script::new().read_request().send(answer).close()]).unwrap();
    let url = format!("http://{}/", server.addr());
    (server, url)
}

#[test]
fn the_body_goes_to_standard_output_byte_for_byte() {
    let origin = Origin::start().unwrap();
    for path in ["/bytes/1000000", "/chunked/1000000/9999", "/close-delimited/1000000"] {
        let run = straightwire(&[origin.url(path)]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{path}");
        assert!(run.stdout == pattern::bytes(1_000_000), "{path}: {} bytes differ", run.stdout.len());
    }
}

#[test]
fn a_file_takes_the_body_instead() {
    let origin = Origin::start().unwrap();
    let path = fresh_path("taken");
    std::fs::write(&path, [b'x'; 2000]).unwrap();
    for option in ["-o", "--output"] {
        let run = straightwire(&[option, path.to_str().unwrap(), &origin.url("/bytes/1000")]);
        assert_eq!(run.text(), "");
        assert!(std::fs::read(&path).unwrap() == pattern::bytes(1000), "{option}");
    }
    assert_eq!(straightwire(&["-o", "-", &origin.url("/bytes/7")]).stdout, pattern::bytes(7));
    straightwire(&["-o", path.to_str().unwrap(), &origin.url("/status/204")]).text();
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn the_head_comes_before_the_body_exactly_as_received() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let head =
        "HTTP/1.0 200 As  you like\t\r\nx-ODD:  two\t \r\nx-odd:\r\nFolded: a\r\n b\nContent-Length: 4\n\r\n";
    let answer = [early, head, "b\r\n!"].concat();
    let (_server, url) = scripted(answer.clone());
    for option in ["-i", "--include"] {
        assert_eq!(straightwire(&[option, &url]).text(), answer, "{option}");
    }
    assert_eq!(straightwire(&[&url]).text(), "b\r\n!");
}

#[test]
fn what_comes_slowly_is_shown_as_it_comes() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
    let script =
        Script::new().read_request().send_in_pieces([head, "abc"].concat(), 1, Duration::ZERO).hold();
    let server = Scripted::start(vec![script]).unwrap();
    let url = format!("http://{}/", server.addr());
    let mut child = command().args(["-i", &url]).stdout(Stdio::piped()).spawn().unwrap();
    let mut shown = vec![0; head.len() + 3];
    child.stdout.take().unwrap().read_exact(&mut shown).unwrap();
    assert_eq!(child.try_wait().unwrap(), None, "it was shown at the end only");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(shown, [head, "abc"].concat().as_bytes());
}

#[test]
fn a_refused_request_has_no_body_with_fail() {
    let origin = Origin::start().unwrap();
    let url = origin.url("/status/404");
    let without = straightwire(&[&url]);
    assert!(!without.text().is_empty());
    for option in ["-f", "--fail"] {
        let run = straightwire(&[option, &url]);
        assert_eq!((run.code, run.stdout.as_slice()), (Some(22), &b""[..]), "{run:?}");
        assert_eq!(run.stderr, "straightwire: (22) the answer is 404 Not Found\n");
    }
    let run = straightwire(&["-f", "-i", &url]);
    assert!(run.stdout.starts_with(b"HTTP/1.1 404 Not Found\r\n") && run.stdout.ends_with(b"\r\n\r\n"));
    assert_eq!(straightwire(&["-f", &origin.url("/status/302")]).code, Some(0));

    let path = fresh_path("refused");
    assert_eq!(straightwire(&["-f", "-o", path.to_str().unwrap(), &url]).code, Some(22));
    assert!(!path.exists());
}

#[test]
fn what_came_of_a_truncated_body_stays() {
    let (_server, url) = scripted("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    let path = fresh_path("half");
    let run = straightwire(&["-o", path.to_str().unwrap(), &url]);
    assert_eq!(run.code, Some(18), "{run:?}");
    assert_eq!(std::fs::read(&path).unwrap(), b"half");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_came_before_a_broken_chunk_stays() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno size\r\n";
    let (_server, url) = scripted(chunks);
    let run = straightwire(&[&url]);
    assert_eq!((run.code, run.stdout.as_slice()), (Some(56), &b"hello"[..]), "{run:?}");
}

#[test]
fn a_lenient_client_reads_what_a_strict_one_refuses() {
    let (_server, url) = scripted("HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(straightwire(&[&url]).code, Some(8));
    assert_eq!(straightwire(&["--lenient", &url]).text(), "ok");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let origin = Origin::start().unwrap();
    let mut child = command()
        .arg(origin.url("/bytes/10000000"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(wait(&mut child), Some(23));
    assert_eq!(std::io::read_to_string(child.stderr.take().unwrap()).unwrap(), "");
}

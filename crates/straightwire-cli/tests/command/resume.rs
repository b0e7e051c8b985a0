//! `-C -`: downloads that go on where they ended.

use std::fs;
use std::path::{Path, PathBuf};

use origin::{Origin, Script, Scripted, pattern};

use crate::program::{Run, fresh_path, straightwire};

/// Where the validator is kept.
fn beside(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.validator", path.display()))
}

fn go_on(path: &Path, url: &str) -> Run {
    straightwire(&["-C", "-", "-o", path.to_str().unwrap(), url])
}

fn scripted(answer: &str) -> (Scripted, String) {
    let server = Scripted::start(vec![Script::new().read_request().send(answer).close()]).unwrap();
    let url = format!("http://{}/", server.addr());
    (server, url)
}

#[test]
fn a_cut_download_is_whole_after_enough_runs() {
    let origin = Origin::start().unwrap();
    let path = fresh_path("flaky");
    let url = origin.url("/flaky/100000?cut=40000");
    for size in [40_000, 80_000] {
        let run = go_on(&path, &url);
        assert_eq!(run.code, Some(18), "{run:?}");
        assert!(fs::read(&path).unwrap() == pattern::bytes(size));
        assert_eq!(fs::read_to_string(beside(&path)).unwrap(), "\"pattern-100000\"\n");
    }
    assert_eq!(go_on(&path, &url).text(), "");
    assert!(fs::read(&path).unwrap() == pattern::bytes(100_000));
    assert!(!beside(&path).exists());
    // All of it is there.
    assert_eq!(go_on(&path, &url).text(), "");
    assert!(fs::read(&path).unwrap() == pattern::bytes(100_000));
    let requests = origin.requests();
    let ranges = requests.iter().map(|request| request.header("Range")).collect::<Vec<_>>();
    assert_eq!(ranges, [None, Some("bytes=40000-"), Some("bytes=80000-"), Some("bytes=100000-")]);
    let tag = Some("\"pattern-100000\"");
    let validators = requests.iter().map(|request| request.header("If-Range")).collect::<Vec<_>>();
    assert_eq!(validators, [None, tag, tag, None]);
    fs::remove_file(path).unwrap();
}

#[test]
fn another_version_is_not_joined_to_what_is_there() {
    let origin = Origin::start().unwrap();
    let path = fresh_path("changed");
    fs::write(&path, "half").unwrap();
    fs::write(beside(&path), "\"another\"\n").unwrap();
    let run = go_on(&path, &origin.url("/bytes/100"));
    assert_eq!(run.code, Some(33), "{run:?}");
    assert!(run.stderr.contains("without -C all of it is fetched"), "{run:?}");
    assert_eq!(fs::read(&path).unwrap(), b"half");
    fs::remove_file(beside(&path)).unwrap();

    // More is there than the server has.
    let run = go_on(&path, &origin.url("/bytes/3"));
    assert_eq!((run.code, fs::read(&path).unwrap()), (Some(33), b"half".to_vec()), "{run:?}");
    fs::remove_file(path).unwrap();
}

#[test]
fn what_other_bytes_came_with_is_forgotten_with_them() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhalf";
    let rest = "HTTP/1.1 206 So\r\nContent-Range: bytes 4-5/6\r\nContent-Length: 2\r\n\r\nab";
    let path = fresh_path("forgotten");
    // Fetched anew without -C, or with it after the file was taken away.
    for first in [&[][..], &["-C", "-"]] {
        fs::write(beside(&path), "\"before\"\n").unwrap();
        let (_server, url) = scripted(cut);
        let run = straightwire(&[first, &["-o", path.to_str().unwrap(), &url]].concat());
        assert_eq!((run.code, fs::read(&path).unwrap()), (Some(18), b"half".to_vec()), "{run:?}");
        assert!(
            run.stderr.ends_with("the connection ended within the body (2 more bytes expected)\n"),
            "{run:?}"
        );
        assert!(!beside(&path).exists());
        let (_server, url) = scripted(rest);
        let run = go_on(&path, &url);
        assert_eq!((run.code, fs::read(&path).unwrap()), (Some(0), b"halfab".to_vec()), "{run:?}");
        fs::remove_file(&path).unwrap();
    }
    // What only has the name of ours stays.
    fs::write(beside(&path), "notes").unwrap();
    let (_server, url) = scripted(cut);
    assert_eq!(straightwire(&["-o", path.to_str().unwrap(), &url]).code, Some(18));
    assert_eq!(fs::read(beside(&path)).unwrap(), b"notes");
    fs::remove_file(beside(&path)).unwrap();
    fs::remove_file(path).unwrap();
}

#[test]
fn what_does_not_begin_where_the_file_ends_is_refused() {
    let path = fresh_path("elsewhere");
    fs::write(&path, "half").unwrap();
    for (answer, code) in [
        ("206 Partial Content\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\nabc", 33),
        ("206 Partial Content\r\nContent-Length: 3\r\n\r\nabc", 33),
        ("200 OK\r\nContent-Length: 3\r\n\r\nabc", 33),
        ("416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n", 33),
        ("404 Not Found\r\nContent-Length: 3\r\n\r\nabc", 22),
        ("416 Range Not Satisfiable\r\nContent-Range: bytes */4\r\nContent-Length: 0\r\n\r\n", 0),
    ] {
        let (_server, url) = scripted(&format!("HTTP/1.1 {answer}"));
        let run = go_on(&path, &url);
        assert_eq!((run.code, fs::read(&path).unwrap()), (Some(code), b"half".to_vec()), "{answer}: {run:?}");
    }
    let (_server, url) =
        scripted("HTTP/1.1 206 So\r\nContent-Range: bytes 4-5/9\r\nContent-Length: 2\r\n\r\nab");
    let run = go_on(&path, &url);
    assert_eq!((run.code, fs::read(&path).unwrap()), (Some(18), b"halfab".to_vec()), "{run:?}");
    fs::remove_file(path).unwrap();
}

#[test]
fn what_can_not_go_on_is_told_before_anything_is_sent() {
    let origin = Origin::start().unwrap();
    let url = origin.url("/bytes/1");
    for args in [
        &["-C", "-"][..],
        &["-C", "-", "-o", "-"],
        &["-C", "100", "-o", "x"],
        &["-C", "-", "-o", "x", "-d", "data"],
        &["-C", "-", "-o", "x", "--compressed"],
        &["-C", "-", "-o", "x", "-i"],
    ] {
        let run = straightwire(&[args, &[&*url]].concat());
        assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
    }
    assert!(origin.requests().is_empty());
}

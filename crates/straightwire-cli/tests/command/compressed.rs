//! `--compressed`.

use origin::{Origin, Script, Scripted, pattern};

use crate::program::straightwire;

fn answer(encoding: &str, body: &[u8]) -> (Scripted, String) {
    let len = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len}\r\n\r\n");
    let script = Script::new().read_request().send([head.as_bytes(), body].concat()).close();
    let server = Scripted::start(vec![script]).unwrap();
    let url = format!("http://{}/", server.addr());
    (server, url)
}

#[test]
fn compressed_content_is_asked_for_and_decompressed() {
    let origin = Origin::start().unwrap();
    let text = pattern::numbers(200_000);
    for coding in ["gzip", "deflate", "raw", "br", "zstd", "gzip,zstd", "identity"] {
        let run = straightwire(&["--compressed", &origin.url(&format!("/encoded/{coding}/200000"))]);
        assert!(run.bytes() == text, "{coding}");
    }
    let requests = origin.requests();
    assert!(
        requests.iter().all(|request| request.header("Accept-Encoding") == Some("zstd, br, gzip, deflate"))
    );

    let url = origin.url("/encoded/gzip/1000");
    let raw = straightwire(&[&url]);
    assert!(raw.bytes().starts_with(&[0x1f, 0x8b]), "without the option it comes as it is");
    straightwire(&["--compressed", "-H", "Accept-Encoding: gzip", &url]).text();
    let requests = origin.requests();
    let [.., plain, own] = &*requests else { panic!() };
    assert_eq!((plain.header("Accept-Encoding"), own.header("Accept-Encoding")), (None, Some("gzip")));
}

#[test]
fn content_that_can_not_be_decompressed_is_curls_61() {
    let (_server, url) = answer("compress", b"ok");
    let run = straightwire(&["--compressed", &url]);
    assert_eq!((run.code, &*run.stdout), (Some(61), &b""[..]), "{run:?}");
    assert!(run.stderr.contains("\"compress\""), "{run:?}");
    assert_eq!(straightwire(&[url]).text(), "ok");

    let (_server, url) = answer("gzip", b"no gzip at all");
    assert_eq!(straightwire(&["--compressed", &url]).code, Some(61));
}

#[test]
fn what_was_decompressed_before_the_connection_ended_stays() {
    let origin = Origin::start().unwrap();
    let body = straightwire(&[origin.url("/encoded/gzip/500000")]).bytes().to_vec();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    let cut = [head.as_bytes(), &body[..body.len() - 20]].concat();
    let server = Scripted::start(vec![Script::new().read_request().send(cut).close()]).unwrap();
    let run = straightwire(&["--compressed", &format!("http://{}/", server.addr())]);
    assert_eq!(run.code, Some(18), "{}", run.stderr);
    assert!(run.stdout.len() > 400_000 && pattern::numbers(500_000).starts_with(&run.stdout));
}

/// Twenty million zeros, in brotli.
const BOMB: &[u8] = b"\xcb\xff\xff?\x00$\x00\xe2\xb1@r\xef\xff\xf8\xff\xff\x07\x80\x04@\x1c\x16\x80\xee\xfd_\
    \xfe\xb3\xc4\x00\x90\x00\x88\xc3\x02\xd0%\x89\x01";

#[test]
fn a_bomb_is_refused() {
    let (_server, url) = answer("br", BOMB);
    let run = straightwire(&["--compressed", &url]);
    assert_eq!(run.code, Some(63), "{}", run.stderr);
    assert!(run.stdout.len() <= 4 << 20, "{}", run.stdout.len());
}

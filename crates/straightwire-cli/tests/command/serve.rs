//! `straightwire serve`.

use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Stdio};

use crate::program::{command, straightwire};

struct Served {
    child: Child,
    url: String,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn serve(args: &[&str]) -> Served {
    let mut child = command().arg("serve").args(args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = last_word(&lines.next().unwrap().unwrap());
    Served { child, url, lines }
}

fn last_word(line: &str) -> String {
    line.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn it_tells_its_url_and_answers_there() {
    let served = serve(&["--port", "0"]);
    assert!(served.url.starts_with("http://127.0.0.1:"), "{}", served.url);
    let page = straightwire(&[&served.url]);
    assert!(page.text().contains("/chunked/N/SIZE"), "{page:?}");
}

#[test]
fn it_listens_where_it_is_told_to() {
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("there is no IPv6 here: --bind and such URLs were not tried");
        return;
    }
    let served = serve(&["--port=0", "--bind=::1"]);
    assert!(served.url.starts_with("http://[::1]:"), "{}", served.url);
    assert!(straightwire(&["-I", &served.url]).text().starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn over_tls_it_tells_whom_to_trust() {
    let mut served = serve(&["--port", "0", "--tls"]);
    assert!(served.url.starts_with("https://127.0.0.1:"), "{}", served.url);
    let told = served.lines.nth(1).unwrap().unwrap();
    assert!(told.contains("--cacert "), "{told}");
    let root = last_word(&told);
    let by_name = served.url.replace("127.0.0.1", "localhost");
    for url in [&served.url, &by_name] {
        let page = straightwire(&["--cacert", &root, url]);
        assert!(page.text().contains("/chunked/N/SIZE"), "{page:?}");
    }
    assert_eq!(straightwire(&[&served.url]).code, Some(60));
    std::fs::remove_file(root).unwrap();
}

#[test]
fn a_port_that_is_taken_is_told() {
    let served = serve(&["--port", "0"]);
    let port = served.url.trim_end_matches('/').rsplit(':').next().unwrap();
    let second = straightwire(&["serve", "--port", port]);
    assert_eq!(second.code, Some(45), "{second:?}");
    assert!(
        second.stderr.starts_with(&format!("straightwire: (45) can't listen on port {port} of 127.0.0.1: "))
    );
}

//! `straightwire serve`.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use crate::program::{command, straightwire};

struct Served {
    child: Child,
    url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn serve(args: &[&str]) -> Served {
    let mut child = command().arg("serve").args(args).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().rsplit(' ').next().unwrap().to_owned();
    Served { child, url }
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
fn a_port_that_is_taken_is_told() {
    let served = serve(&["--port", "0"]);
    let port = served.url.trim_end_matches('/').rsplit(':').next().unwrap();
    let second = straightwire(&["serve", "--port", port]);
    assert_eq!(second.code, Some(45), "{second:?}");
    assert!(
        second.stderr.starts_with(&format!("straightwire: (45) can't listen on port {port} of 127.0.0.1: "))
    );
}

//! Content in codings, decoded by programs that others wrote.

use origin::{Origin, pattern};

use crate::client::Client;
use crate::foreign::run;

/// Decodes what comes in by the coding that is named.
const DECODE: &str = "
import sys, zlib
bits = {'gzip': 31, 'deflate': 15, 'raw': -15}[sys.argv[1]]
sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read(), bits))
";

#[test]
fn each_coding_is_what_it_says() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let text = pattern::numbers(300_000);
    for (coding, name, program, args) in [
        ("gzip", "gzip", "gzip", &["-dc"][..]),
        ("gzip", "gzip", "python3", &["-c", DECODE, "gzip"]),
        ("deflate", "deflate", "python3", &["-c", DECODE, "deflate"]),
        ("raw", "deflate", "python3", &["-c", DECODE, "raw"]),
        ("br", "br", "brotli", &["-dc"]),
        ("zstd", "zstd", "zstd", &["-dc"]),
    ] {
        let answer = client.ask("GET", &format!("/encoded/{coding}/300000"));
        assert_eq!((answer.status, answer.header("Content-Encoding")), (200, Some(name)));
        assert!(answer.body.len() < 150_000, "{coding}: {}", answer.body.len());
        if let Some(output) = run(program, args, &answer.body) {
            assert!(output.stdout == text, "{coding} by {program}");
        }
    }
}

#[test]
fn codings_lie_one_on_top_of_the_other() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask("GET", "/encoded/gzip,deflate/1000");
    assert_eq!(answer.header("Content-Encoding"), Some("gzip, deflate"));
    let Some(inside) = run("python3", &["-c", DECODE, "deflate"], &answer.body) else { return };
    let output = run("python3", &["-c", DECODE, "gzip"], &inside.stdout).unwrap();
    assert_eq!(output.stdout, pattern::numbers(1000));
    for missing in ["/encoded/compress/10", "/encoded/gzip/x", "/encoded/gzip", "/encoded/gzip,/1"] {
        assert_eq!(client.ask("GET", missing).status, 404, "{missing}");
    }
}

//! What the command says of itself.

use crate::program::straightwire;

#[test]
fn help_fits_the_terminal_and_names_every_option() {
    let help = straightwire(&["--help"]);
    assert_eq!(help.text(), straightwire(&["-h"]).text());
    for name in [
        "METHOD",
        "URL",
        "demo",
        "serve",
        "-X, --request",
        "-H, --header",
        "-d, --data",
        "--data-binary",
        "-I, --head",
        "--compressed",
        "-i, --include",
        "-o, --output",
        "-C, --continue-at",
        "-f, --fail",
        "-v, --verbose",
        "--timing",
        "--lenient",
        "--timeout",
        "--connect-timeout",
        "-m, --max-time",
        "--resolve",
        "--interface",
        "--unix-socket",
        "--cacert",
        "-k, --insecure",
        "-E, --cert",
        "--key",
        "--tlsv1.2",
        "--tlsv1.3",
        "-x, --proxy",
        "-U, --proxy-user",
        "-p, --proxytunnel",
        "--proxy-cacert",
        "--proxy-insecure",
        "Examples:",
    ] {
        assert!(help.text().contains(name), "{name}");
    }
    for text in [help.text(), straightwire(&["serve", "--help"]).text(), straightwire(&["demo", "-h"]).text()]
    {
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(
        straightwire(&["--version"]).text(),
        concat!("straightwire ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn wrong_usage_is_told_and_exits_with_2() {
    for (args, told) in [
        (&[][..], "URL"),
        (&["--no-such-option", "h"], "--no-such-option"),
        (&["get", "h"], "\"get\""),
        (&["GET"], "http://GET"),
        (&["GET", "h", "x"], "\"x\""),
        (&["-X", "A", "B", "h"], "-X"),
        (&["-I", "-d", "x", "h"], "--head"),
        (&["-d", "x", "--data-binary", "x", "h"], "--data"),
        (&["-H", "X", "h"], "'Name: value'"),
        (&["--timeout", "0", "h"], "seconds"),
        (&["-m", "x", "h"], "seconds"),
        (&["-x", "socks4://p", "h"], "socks5h"),
        (&["-x", "p:x", "h"], "\"x\" is no port"),
        (&["-U", "u:p", "h"], "--proxy"),
        (&["-p", "h"], "--proxy"),
        (&["-x", "p", "--unix-socket", "s", "h"], "--unix-socket"),
        (&["-E", "c.pem:secret", "h"], "password"),
        (&["--key", "k.pem", "h"], "--cert"),
        (&["--resolve", "h:80", "h"], "HOST:PORT:ADDR"),
        (&["--resolve", "h:80:x", "h"], "\"x\" is no IP address"),
        (&["--interface", "host!x", "h"], "\"x\" is no IP address"),
        (&["serve", "--port", "65536"], "65536"),
        (&["demo", "x"], "x"),
        // These are found by the library, before it connects.
        (&["-H", "A b: c", "h"], "header name"),
        (&["-X", "A B", "h"], "A B"),
        (&["-H", "A: b\nC: d", "h"], "\\n"),
    ] {
        let run = straightwire(args);
        assert_eq!(run.code, Some(2), "{args:?} {run:?}");
        assert!(run.stderr.contains(told), "{args:?} {run:?}");
        assert!(run.stdout.is_empty(), "{args:?} {run:?}");
    }
}

//! `straightwire demo`.

use crate::program::{command, run, straightwire};

#[test]
fn every_example_of_the_documentation_passes() {
    let demo = straightwire(&["demo"]);
    let text = demo.text();
    assert_eq!(text.matches('✓').count(), 10, "{text}");
    assert!(!text.contains('✗') && !text.contains('\x1b') && demo.stderr.is_empty(), "{demo:?}");
    for told in [
        "> GET /index.html HTTP/1.1",
        "< HTTP/1.1 404 Not Found",
        "> HEAD /index.html HTTP/1.1",
        "conn.request(\"POST\", \"/cgi-bin/query\", \"spam=1&eggs=2&bacon=0\", &headers)?;",
        "✓ 201 Created, 0 bytes",
        "✓ 200 OK, 1000 bytes in 5 pieces",
        "Body::chunks(lines)",
        "* TLSv1.3, TLS13_AES_256_GCM_SHA384, http/1.1",
        "> CONNECT origin.test:",
        "< HTTP/1.1 200 Connection Established",
        "✓ 9 exchanges over 3 connections, ",
    ] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn colours_can_be_asked_for() {
    let demo = run(command().env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1").arg("demo"), b"");
    assert!(demo.text().contains("\x1b[32m<\x1b[0m HTTP/1.1 200 OK"), "{demo:?}");
}

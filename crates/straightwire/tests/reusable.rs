//! What can be told of a connection between requests.

mod support;

use std::time::Duration;

use origin::Script;
use straightwire::CloseReason;
use support::*;

#[test]
fn whether_it_can_be_used_again_is_told_without_waiting() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    assert!(!conn.is_reusable(), "not open");
    conn.connect().unwrap();
    assert!(conn.is_reusable(), "open");
    conn.put_request("GET", "/").unwrap();
    assert!(!conn.is_reusable(), "a head is begun");
    conn.end_headers().unwrap();
    assert!(!conn.is_reusable(), "an answer is due");
    conn.get_response().unwrap().read_up_to(1).unwrap();
    assert!(conn.is_reusable(), "the little that was left was skipped");
    std::mem::forget({
        conn.request("GET", "/", (), &[]).unwrap();
        conn.get_response().unwrap()
    });
    assert!(!conn.is_reusable(), "a response was leaked");
    conn.close();
    assert!(!conn.is_reusable(), "closed");

    let ends: [(Script, CloseReason); 3] = [
        (answer(OK).close(), CloseReason::PeerClosed),
        (answer(OK).reset(), CloseReason::PeerClosed),
        (answer(OK).pause(Duration::from_millis(5)).send(EVIL).hold(), CloseReason::Unsolicited),
    ];
    for (script, reason) in ends {
        let server = serve([script, answer_all()]);
        let mut conn = client(&server);
        conn.request("GET", "/", (), &[]).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
        wait_for_arrival(&conn);
        assert!(!conn.is_reusable() && !conn.is_reusable(), "{reason}");
        // It was only a look: the request finds the same.
        assert_clean(&server, &mut conn, 1);
        assert_eq!(conn.close_reason(), Some(reason));
    }
    let server = serve([answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").hold()]);
    let mut conn = asked(&server);
    conn.get_response().unwrap();
    assert!(!conn.is_reusable());
}

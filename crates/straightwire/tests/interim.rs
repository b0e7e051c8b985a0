//! Interim responses: told as they come, and kept for the response.

mod support;

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use origin::{Origin, Script};
use straightwire::{Canceller, ConnectionBuilder, ErrorKind, Event, HttpConnection, ResponseHead};
use support::*;

/// What a connection has told, a line for each.
type Told = Arc<Mutex<Vec<String>>>;

fn line(head: &ResponseHead) -> String {
    format!("{} {}", head.status(), head.headers().get("Link").unwrap_or_default())
}

fn listening(builder: ConnectionBuilder<HttpConnection>) -> (HttpConnection, Told) {
    let told = Told::default();
    let notes = Arc::clone(&told);
    let conn = builder.on_interim(move |head| notes.lock().unwrap().push(line(head))).build().unwrap();
    (conn, told)
}

#[test]
fn each_is_told_while_the_final_response_is_yet_to_come() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let server = serve([answer(hints).hold()]);
    let (tell, heard) = mpsc::channel();
    let stop = Canceller::new();
    let mut conn = builder(server.addr())
        .canceller(&stop)
        .on_interim(move |head| tell.send(line(head)).unwrap())
        .build()
        .unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let waiter = thread::spawn(move || conn.get_response().map(drop).unwrap_err().kind());
    // No final response ever comes.
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), "103 </a>");
    stop.cancel();
    assert_eq!(waiter.join().unwrap(), ErrorKind::Cancelled);
}

#[test]
fn a_few_are_told_in_order_and_stay_with_their_response() {
    let some: String = (0..20)
        .map(|number| match number % 3 {
            0 => "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            1 => "HTTP/1.1 102 Processing\r\n\r\n".to_owned(),
            _ => format!("HTTP/1.1 103 Early Hints\r\nLink: </{number}>\r\n\r\n"),
        })
        .collect();
    let server = serve([answer(format!("{some}{OK}")).read_request().send(OK).hold()]);
    let (mut conn, told) = listening(builder(server.addr()));
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    let kept: Vec<String> = response.interim().iter().map(line).collect();
    assert_eq!(response.read_all().unwrap(), b"ok");
    drop(response);
    assert_eq!(kept.len(), 20);
    assert_eq!((&*kept[0], &*kept[1], &*kept[2], &*kept[17]), ("100 ", "102 ", "103 </2>", "103 </17>"));
    assert_eq!(*told.lock().unwrap(), kept);

    conn.request("GET", "/", (), &[]).unwrap();
    assert!(conn.get_response().unwrap().interim().is_empty());
    assert_eq!(told.lock().unwrap().len(), 20);
}

#[test]
fn the_origins_are_told_too() {
    let origin = Origin::start().unwrap();
    let (mut conn, told) = listening(HttpConnection::builder(&origin.host_port()).timeout(PATIENCE));
    for (target, interim, hints) in [("/early-hints", 1, 1), ("/processing/7", 7, 0), ("/index.html", 0, 0)] {
        told.lock().unwrap().clear();
        conn.request("GET", target, (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().interim().len(), interim, "{target}");
        let told = told.lock().unwrap();
        assert_eq!(told.len(), interim, "{target}");
        assert_eq!(told.iter().filter(|line| line.starts_with("103 </style.css>")).count(), hints);
    }
}

#[test]
fn a_flood_is_cut_off() {
    let server = serve([
        Script::new().read_request().flood("HTTP/1.1 103 Early Hints\r\n\r\n", 1 << 30),
        Script::new()
            .read_request()
            .flood(format!("HTTP/1.1 103 E\r\nA: {}\r\n\r\n", "x".repeat(60_000)), 1 << 30),
        answer_all(),
    ]);
    for (number, kind, most) in
        [(1, ErrorKind::TooManyInterimResponses, 100), (2, ErrorKind::HeadTooLarge, 4)]
    {
        let (mut conn, told) = listening(builder(server.addr()));
        conn.request("GET", "/", (), &[]).unwrap();
        let err = conn.get_response().unwrap_err();
        assert_eq!(err.kind(), kind, "{err}");
        assert!(err.is_limit() && err.is_peer());
        assert_eq!(told.lock().unwrap().len(), most);
        assert_eq!((conn.is_connected(), server.connections()), (false, number));
    }
    assert_clean(&server, &mut client(&server), 2);
}

#[test]
fn a_change_of_protocol_is_no_interim_response() {
    let server = serve([answer("HTTP/1.1 102 P\r\n\r\nHTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n").hold()]);
    let (mut conn, told) = listening(builder(server.addr()));
    conn.request("GET", "/", (), &[]).unwrap();
    let response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.interim().len()), (101, 1));
    assert_eq!(*told.lock().unwrap(), ["102 "]);
}

/// A tap hears of them as well, before whoever is called back.
#[test]
fn a_proxys_are_for_the_tap_alone() {
    let script = Script::new()
        .read_head()
        .send("HTTP/1.1 102 Dialling\r\n\r\nHTTP/1.1 200 Connected\r\n\r\n")
        .read_request()
        .send(format!("HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n{OK}"))
        .hold();
    let server = serve([script]);
    let both = Told::default();
    let notes = Arc::clone(&both);
    let tap = move |event: Event<'_>| {
        if let Event::Interim(head) = event {
            notes.lock().unwrap().push(format!("tap: {}", line(head)));
        }
    };
    let notes = Arc::clone(&both);
    let mut conn = builder(server.addr())
        .tap(tap)
        .on_interim(move |head| notes.lock().unwrap().push(line(head)))
        .tunnel("far.test", 80, &[])
        .build()
        .unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().interim().len(), 1);
    assert_eq!(*both.lock().unwrap(), ["tap: 102 ", "tap: 103 </b>", "103 </b>"]);
}

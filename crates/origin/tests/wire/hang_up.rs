//! A connection that ends without a word.

use origin::Origin;

use crate::client::Client;

#[test]
fn it_closes_after_the_answer_and_does_not_say_so() {
    let origin = Origin::start().unwrap();
    for method in ["GET", "HEAD", "POST"] {
        let mut client = Client::connect(origin.addr());
        let answer = client.ask(method, "/hang-up");
        assert_eq!((answer.status, answer.header("Connection")), (200, None));
        assert!(client.is_at_end(), "{method}");
    }
}

#[test]
fn or_when_the_next_request_comes() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask("GET", "/hang-up?when=asked");
    assert_eq!((answer.status, answer.header("Connection")), (200, None));
    client.send("PUT /files/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na");
    assert!(client.is_at_end());
    // Nothing was done about it.
    assert_eq!(origin.requests().len(), 1);
    assert_eq!(Client::connect(origin.addr()).ask("GET", "/files/a").status, 404);
}

#[test]
fn any_other_time_is_refused() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    assert_eq!(client.ask("GET", "/hang-up?when=later").status, 400);
    assert_eq!(client.ask("GET", "/bytes/1").status, 200);
}

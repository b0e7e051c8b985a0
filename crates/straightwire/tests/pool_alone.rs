//! The pool compiled as somebody else's: it can use nothing of the crate but what everybody can.

#![allow(dead_code, unreachable_pub, reason = "what is the library's public interface is not this test's")]

use straightwire::*;

#[path = "../src/pool/mod.rs"]
mod pool;

#[test]
fn a_pool_can_be_built_on_the_public_interface() {
    let origin = ::origin::Origin::start().unwrap();
    let pool = pool::Pool::builder()
        .per_host(2)
        .connect(|origin| HttpConnection::with_port(origin.host, origin.port))
        .build();
    for _ in 0..3 {
        let mut lease = pool.get(&origin.url("/")).unwrap();
        lease.request("GET", "/index.html", (), &[]).unwrap();
        assert_eq!(lease.get_response().unwrap().status(), 200);
    }
    assert_eq!((pool.idle(), pool.leased(), origin.connections()), (1, 0, 1));
}

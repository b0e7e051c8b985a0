//! What is asked of more than one server.

pub(crate) mod bodies;
pub(crate) mod connections;
pub(crate) mod downloads;
pub(crate) mod messages;

use straightwire::{HttpConnection, HttpResponse};

use crate::site;

/// Asks for what is at this path.
fn get<'conn>(conn: &'conn mut HttpConnection, path: &str) -> HttpResponse<'conn> {
    conn.request("GET", path, (), &[]).unwrap();
    conn.get_response().unwrap()
}

/// Asks for a file, and looks whether all of it comes.
fn get_file(conn: &mut HttpConnection, path: &str) {
    let mut response = get(conn, path);
    assert_eq!(response.status(), 200, "{path}: {response:?}");
    let body = response.read_all().unwrap();
    assert!(
        body == site::contents(path),
        "{path}: {} bytes, not those of the file: {response:?}",
        body.len()
    );
}

/// The port that the connection is open from; `None` when it is closed.
fn local_port(conn: &HttpConnection) -> Option<u16> {
    conn.addresses().map(|(local, _)| local.port())
}

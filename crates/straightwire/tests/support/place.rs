//! Unix sockets for tests.

use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::{env, fs, io, process, thread};

/// A Unix socket of this test alone.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Place {
        Place(env::temp_dir().join(format!("straightwire-{name}-{}", process::id())))
    }

    /// Passes each connection on to this server.
    pub(crate) fn passing_on(name: &str, addr: std::net::SocketAddr) -> Place {
        let place = Place::new(name);
        let listener = UnixListener::bind(&place.0).unwrap();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(addr).unwrap();
                let (up, down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = io::copy(&mut &up, &mut &server);
                    let _ = server.shutdown(std::net::Shutdown::Write);
                });
                thread::spawn(move || {
                    let _ = io::copy(&mut &down, &mut &client);
                    let _ = client.shutdown(std::net::Shutdown::Both);
                });
            }
        });
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

//! An address where nobody answers.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::{SocketAddr, TcpStream};
use std::thread;

use socket2::{Domain, Socket, Type};

use crate::support::SHORT;

/// A listener whose queue is full: it drops what else comes, as a network that swallows packets does.
pub(crate) struct BlackHole {
    listener: Socket,
    queued: Vec<TcpStream>,
}

impl BlackHole {
    pub(crate) fn new() -> BlackHole {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        listener.listen(0).unwrap();
        let addr = listener.local_addr().unwrap().as_socket().unwrap();
        let queued: Vec<_> = (0..100).map_while(|_| TcpStream::connect_timeout(&addr, SHORT).ok()).collect();
        assert!(queued.len() < 100, "the queue never fills here");
        BlackHole { listener, queued }
    }

    /// So many, made side by side.
    pub(crate) fn several(count: usize) -> Vec<BlackHole> {
        let made: Vec<_> = (0..count).map(|_| thread::spawn(BlackHole::new)).collect();
        made.into_iter().map(|hole| hole.join().unwrap()).collect()
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listener.local_addr().unwrap().as_socket().unwrap()
    }

    /// Answers from here on: the queue is emptied, and whatever still knocks gets in.
    pub(crate) fn open_up(&mut self) {
        for _ in self.queued.drain(..) {
            self.listener.accept().unwrap();
        }
    }
}

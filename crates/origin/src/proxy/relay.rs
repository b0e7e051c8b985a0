//! Carrying bytes both ways, each at its own pace, until both sides have ended.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::thread;

use super::Tunnel;
use crate::line::Line;
use crate::reception::{STACK, Socket};

const PIECE: usize = 16 * 1024;

/// An end of one side is passed on to the other, which may go on sending. A failure ends both.
pub(super) fn relay(line: Line, socket: &Socket, tunnel: Tunnel) {
    let Tunnel { target, ahead } = tunnel;
    let end = || {
        let _ = socket.0.shutdown(Shutdown::Both);
        let _ = target.0.shutdown(Shutdown::Both);
    };
    let (mut from_client, mut to_client) = (line.clone(), line);
    let (mut from_target, mut to_target) = (target.clone(), target.clone());
    thread::scope(|scope| {
        let back = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
            let passed = pump(&mut from_target, &mut to_client).and_then(|()| to_client.end(socket));
            if passed.is_err() {
                end();
            }
        });
        if back.is_err() {
            return end();
        }
        let passed = to_target.write_all(&ahead).and_then(|()| pump(&mut from_client, &mut to_target));
        if passed.and_then(|()| target.0.shutdown(Shutdown::Write)).is_err() {
            end();
        }
    });
}

fn pump(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

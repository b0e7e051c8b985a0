//! TLS over a line that damages what the server sends: whatever arrives, the client neither panics nor hangs
//! nor takes anything for an answer that the server did not give.

#![cfg(feature = "tls")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use fastrand::Rng;
use origin::certificates::Authority;
use origin::{Origin, TlsSetup};
use straightwire::transport::{Socket, Target, Transport, Wrapped};
use straightwire::{Error, HttpsConnection, Tls, TlsVersion};

const BODY: usize = 20_000;

/// What is done to the bytes that come.
#[derive(Clone, Copy, Debug)]
enum Damage {
    None,
    Flip { bit: u8 },
    Drop,
    Insert { byte: u8 },
    End,
}

/// A line that does damage at one place, and hands bytes on in pieces of at most so many.
#[derive(Debug)]
struct Line {
    stream: TcpStream,
    damage: Damage,
    /// Bytes until then.
    left: usize,
    piece: usize,
    ended: bool,
}

impl Read for Line {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ended || buf.is_empty() {
            return Ok(0);
        }
        let most = buf.len().min(self.piece);
        if self.left > 0 {
            let len = self.stream.read(&mut buf[..most.min(self.left)])?;
            self.left -= len;
            return Ok(len);
        }
        match std::mem::replace(&mut self.damage, Damage::None) {
            Damage::None => self.stream.read(&mut buf[..most]),
            Damage::Flip { bit } => {
                let len = self.stream.read(&mut buf[..1])?;
                buf[0] ^= 1 << bit;
                Ok(len)
            }
            Damage::Drop => {
                self.stream.read_exact(&mut [0])?;
                self.stream.read(&mut buf[..most])
            }
            Damage::Insert { byte } => {
                buf[0] = byte;
                Ok(1)
            }
            Damage::End => {
                self.ended = true;
                Ok(0)
            }
        }
    }
}

impl Write for Line {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ask(addr: SocketAddr, tls: &Tls, damage: Damage, at: usize, piece: usize) -> Result<Vec<u8>, Error> {
    let patience = match damage {
        Damage::None => Duration::from_secs(10),
        // A length that was made larger makes the client wait for more than comes.
        _ => Duration::from_millis(50),
    };
    let line = move |_: &Target<'_>| {
        let stream = TcpStream::connect(addr)?;
        stream.set_read_timeout(Some(patience))?;
        let line = Line { stream, damage, left: at, piece, ended: false };
        Ok(Box::new(Wrapped::new(line)) as Box<dyn Transport>)
    };
    let mut conn = HttpsConnection::builder("localhost").tls(tls.clone()).connect_with(line).build()?;
    conn.request("GET", &format!("/bytes/{BODY}"), (), &[])?;
    conn.get_response()?.read_all()
}

fn damaged(version: TlsVersion, seed: u64, rounds: usize) {
    let authority = Authority::new();
    let identity = authority.issue(&["localhost"]);
    // Without tickets every handshake is whole.
    let setup = TlsSetup::new(&identity).tickets(0);
    let setup = if version == TlsVersion::V1_2 { setup.only_1_2() } else { setup.only_1_3() };
    let origin = Origin::start_tls(&setup).unwrap();
    let tls = Tls::builder().ca_pem(authority.root_pem()).build().unwrap();
    let right = origin::pattern::bytes(BODY);
    assert_eq!(ask(origin.addr(), &tls, Damage::None, 0, usize::MAX).unwrap(), right);
    assert_eq!(ask(origin.addr(), &tls, Damage::None, 0, 7).unwrap(), right);

    let mut rng = Rng::with_seed(seed);
    let mut failed = 0;
    for _ in 0..rounds {
        let damage = match rng.u8(..4) {
            0 => Damage::Flip { bit: rng.u8(..8) },
            1 => Damage::Drop,
            2 => Damage::Insert { byte: rng.u8(..) },
            _ => Damage::End,
        };
        // Mostly within the handshake, which is the richer ground.
        let at = if rng.u8(..4) > 0 { rng.usize(..1_500) } else { rng.usize(..BODY) };
        let piece = *rng.choice(&[1, 3, 50, 5_000, usize::MAX]).unwrap();
        match ask(origin.addr(), &tls, damage, at, piece) {
            Ok(body) => assert_eq!(body, right, "{damage:?} at {at}, {piece} at a time"),
            Err(err) => {
                failed += 1;
                assert!(err.is_io() || err.is_incomplete_read() || err.is_connection_error(), "{err}");
            }
        }
    }
    assert!(failed > rounds / 2, "only {failed} of {rounds} did any harm");
}

#[test]
fn damage_to_tls_1_3_is_found() {
    damaged(TlsVersion::V1_3, 13, 400);
}

#[test]
fn damage_to_tls_1_2_is_found() {
    damaged(TlsVersion::V1_2, 12, 400);
}

#[test]
fn bytes_that_are_no_tls_are_refused() {
    let mut rng = Rng::with_seed(443);
    let tls = Tls::builder().danger_accept_any_certificate().build().unwrap();
    for round in 0..2_000 {
        let mut noise = vec![0; rng.usize(..400)];
        rng.fill(&mut noise);
        if round % 2 == 0 && noise.len() > 5 {
            // Records as far as the first five bytes go.
            let len = rng.u8(..);
            noise[..5].copy_from_slice(&[20 + rng.u8(..5), 3, 3, 0, len]);
        }
        let noise = Noise { bytes: io::Cursor::new(noise) };
        let conn = HttpsConnection::builder("localhost").tls(tls.clone()).stream(Wrapped::new(noise)).build();
        let err = conn.unwrap().connect().unwrap_err();
        assert!(err.is_tls(), "{err}");
    }
}

#[derive(Debug)]
struct Noise {
    bytes: io::Cursor<Vec<u8>>,
}

impl Read for Noise {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buf)
    }
}

impl Write for Noise {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_socket_of_ones_own_carries_tls() {
    let authority = Authority::new();
    let origin = Origin::start_tls(&TlsSetup::new(&authority.issue(&["localhost"]))).unwrap();
    let stream = TcpStream::connect(origin.addr()).unwrap();
    let tls = Tls::builder().ca_pem(authority.root_pem()).build().unwrap();
    let mut conn =
        HttpsConnection::builder("localhost").tls(tls).stream(Socket::from(stream)).build().unwrap();
    conn.request("GET", "/bytes/10", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), origin::pattern::bytes(10));
}

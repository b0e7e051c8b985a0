//! The ways to read a body.

use std::io::{self, BufRead, Read};

use straightwire::{Error, HttpResponse};

/// Reads to the end in one way, and puts what each call hands over into the vector.
pub(crate) type Way = fn(&mut HttpResponse<'_>, &mut Vec<u8>) -> Result<(), Error>;

/// All of them, with how large a body each can cope with in reasonable time.
pub(crate) const WAYS: [(&str, usize, Way); 17] = [
    ("read_all", usize::MAX, |response, out| response.read_all().map(|body| out.extend(body))),
    ("read_up_to 1", 20_000, |response, out| up_to(response, out, 1)),
    ("read_up_to 7", 200_000, |response, out| up_to(response, out, 7)),
    ("read_up_to 100,000", usize::MAX, |response, out| up_to(response, out, 100_000)),
    ("read_into 1", 20_000, |response, out| into(response, out, 1)),
    ("read_into 13", 200_000, |response, out| into(response, out, 13)),
    ("read_into 8192", usize::MAX, |response, out| into(response, out, 8192)),
    ("read_into 1,000,000", usize::MAX, |response, out| into(response, out, 1_000_000)),
    ("read 1", 20_000, |response, out| plain(response, out, 1)),
    ("read 1000", usize::MAX, |response, out| plain(response, out, 1000)),
    ("read 100,000", usize::MAX, |response, out| plain(response, out, 100_000)),
    ("read_some 500", usize::MAX, some),
    ("read_to_end", usize::MAX, |response, out| response.read_to_end(out).map(drop).map_err(own)),
    ("fill_buf", usize::MAX, |response, out| buffered(response, out, usize::MAX)),
    ("fill_buf by 1", 20_000, |response, out| buffered(response, out, 1)),
    ("read_until", usize::MAX, |response, out| until(response, out)),
    ("mixed", 200_000, mixed),
];

/// The library's own error out of the one that the standard traits give.
pub(crate) fn own(err: io::Error) -> Error {
    err.downcast().expect("an error of straightwire")
}

fn up_to(response: &mut HttpResponse<'_>, out: &mut Vec<u8>, len: usize) -> Result<(), Error> {
    loop {
        let piece = response.read_up_to(len)?;
        let is_last = piece.len() < len;
        out.extend(piece);
        if is_last {
            return Ok(());
        }
    }
}

fn into(response: &mut HttpResponse<'_>, out: &mut Vec<u8>, len: usize) -> Result<(), Error> {
    let mut buf = vec![0; len];
    loop {
        let filled = response.read_into(&mut buf)?;
        out.extend_from_slice(&buf[..filled]);
        if filled < len {
            return Ok(());
        }
    }
}

fn some(response: &mut HttpResponse<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut buf = [0; 500];
    loop {
        match response.read_some(&mut buf)? {
            0 => return Ok(()),
            read => out.extend_from_slice(&buf[..read]),
        }
    }
}

fn plain(response: &mut HttpResponse<'_>, out: &mut Vec<u8>, len: usize) -> Result<(), Error> {
    let mut buf = vec![0; len];
    loop {
        match response.read(&mut buf).map_err(own)? {
            0 => return Ok(()),
            read => out.extend_from_slice(&buf[..read]),
        }
    }
}

fn buffered(response: &mut HttpResponse<'_>, out: &mut Vec<u8>, len: usize) -> Result<(), Error> {
    loop {
        let there = response.fill_buf().map_err(own)?;
        let taken = there.len().min(len);
        if taken == 0 {
            return Ok(());
        }
        out.extend_from_slice(&there[..taken]);
        response.consume(taken);
    }
}

fn until(response: &mut HttpResponse<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    while response.read_until(b'\n', out).map_err(own)? > 0 {}
    Ok(())
}

/// Each way in turn, a little at a time.
fn mixed(response: &mut HttpResponse<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    for round in 0.. {
        let before = out.len();
        out.extend(response.read_up_to(round % 5)?);
        let there = response.fill_buf().map_err(own)?;
        let taken = there.len().min(round % 3);
        out.extend_from_slice(&there[..taken]);
        response.consume(taken);
        let mut buf = [0; 11];
        let read = response.read(&mut buf).map_err(own)?;
        out.extend_from_slice(&buf[..read]);
        let filled = response.read_into(&mut buf[..round % 7])?;
        out.extend_from_slice(&buf[..filled]);
        if out.len() == before {
            break;
        }
    }
    response.read_all().map(|rest| out.extend(rest))
}

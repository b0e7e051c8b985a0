//! 100 MiB, read in each of the ways there are, and their SHA-256.

use std::io::{BufRead, Read, Write};

use straightwire::{Continuation, Download, HttpResponse, Outcome, Validator};

use super::{get, get_file};
use crate::peer::Peer;
use crate::sha256::{self, Sha256};
use crate::site::{self, BIG, BIG_LEN, HELLO, NUMBERS};

/// A first run that ends early, and others that know what it left.
pub(crate) fn a_download_goes_on_where_it_ended(peer: Peer) {
    const FIRST: usize = 70_000;
    let whole = site::contents(NUMBERS);
    let mut conn = peer.client();
    let mut response = get(&mut conn, NUMBERS);
    let mut first = Download::new(NUMBERS);
    assert_eq!(first.judge(response.head()).unwrap(), Continuation::Whole);
    let mut file = response.read_up_to(FIRST).unwrap();
    first.advance(FIRST as u64).unwrap();
    drop(response);
    conn.close();

    assert_eq!(first.run(&mut conn, &mut file).unwrap(), Outcome::Complete);
    assert!(file == whole);
    let validator = first.validator().expect("a strong one").clone();
    let mut complete = Download::new(NUMBERS).resume(whole.len() as u64, validator);
    assert_eq!(complete.run(&mut conn, &mut file).unwrap(), Outcome::Complete);
    assert_eq!(file.len(), whole.len());

    let other: Validator = "\"another\"".parse().unwrap();
    let mut changed = Download::new(NUMBERS).resume(FIRST as u64, other);
    assert_eq!(changed.run(&mut conn, &mut file).unwrap(), Outcome::Changed);
    assert_eq!(file.len(), whole.len());
    get_file(&mut conn, HELLO);
}

pub(crate) fn a_large_body_is_read_whole(peer: Peer) {
    download(peer, |response, out| {
        let body = response.read_all().unwrap();
        out.write_all(&body).unwrap();
        body.len()
    });
}

pub(crate) fn a_large_body_is_read_in_blocks(peer: Peer) {
    download(peer, |response, out| {
        let mut block = vec![0; 64 * 1024];
        let mut total = 0;
        loop {
            let len = response.read(&mut block).unwrap();
            if len == 0 {
                return total;
            }
            out.write_all(&block[..len]).unwrap();
            total += len;
        }
    });
}

pub(crate) fn a_large_body_is_read_from_the_buffer(peer: Peer) {
    download(peer, |response, out| {
        let mut total = 0;
        loop {
            let ready = response.fill_buf().unwrap();
            let len = ready.len();
            if len == 0 {
                return total;
            }
            out.write_all(ready).unwrap();
            response.consume(len);
            total += len;
        }
    });
}

pub(crate) fn a_large_body_is_copied(peer: Peer) {
    download(peer, |response, out| response.copy_to(out).unwrap() as usize);
}

fn download(peer: Peer, read: impl FnOnce(&mut HttpResponse<'_>, &mut Sha256) -> usize) {
    let Some(mut sum) = Sha256::new() else { return };
    let mut conn = peer.client();
    let mut response = get(&mut conn, BIG);
    assert_eq!(response.status(), 200);
    let len = read(&mut response, &mut sum);
    assert_eq!(len as u64, BIG_LEN);
    assert!(response.is_closed());
    assert_eq!(sum.finish(), sha256::of_big());
    drop(response);
    get_file(&mut conn, HELLO);
}

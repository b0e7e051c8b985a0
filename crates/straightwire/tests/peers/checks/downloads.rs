//! 100 MiB, read in each of the ways there are, and their SHA-256.

use std::io::{BufRead, Read, Write};

use straightwire::HttpResponse;

use super::{get, get_file};
use crate::peer::Peer;
use crate::sha256::{self, Sha256};
use crate::site::{BIG, BIG_LEN, HELLO};

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

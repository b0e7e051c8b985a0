//! Any method, target and headers: what is sent has just the lines that were asked for, or nothing is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use straightwire::proto::Exchange;
use straightwire::{Limits, Policy};

fuzz_target!(|input: (bool, String, String, Vec<(String, Vec<u8>)>)| {
    let (lenient, method, target, headers) = input;
    let policy = if lenient { Policy::lenient() } else { Policy::strict() };
    let mut exchange = Exchange::new(policy, Limits::default());
    let mut out = Vec::new();
    if exchange.begin(&mut out, &method, &target).is_err() {
        return;
    }
    for (name, value) in &headers {
        if exchange.put_header(&mut out, name, value).is_err() {
            assert!(out.is_empty());
            return;
        }
    }
    exchange.end_head(&mut out, true).unwrap();
    let line_ends = out.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(line_ends, headers.len() + 2);
    assert_eq!(out.iter().filter(|&&byte| byte == b'\r').count(), line_ends);
    assert!(out.ends_with(b"\r\n\r\n") && !out.contains(&0));
});

//! Request heads, checked as `http.client` checks them and written in one go.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};

/// Nearly every head fits.
const USUAL_HEAD: usize = 512;

/// The whole head of an HTTP/1.1 request: request line, Host, Accept-Encoding, Content-Length, headers.
///
/// Each of the three is left out where `headers` has its own, Host also where it is None, and
/// Content-Length where `length` is None or negative. `None` where anything is out of the ordinary: a
/// target that is no path, the caller's own Transfer-Encoding, whatever `http.client` might refuse.
#[pyfunction]
pub(crate) fn join_head<'py>(
    py: Python<'py>,
    method: &Bound<'py, PyAny>,
    target: &Bound<'py, PyAny>,
    host: Option<&Bound<'py, PyBytes>>,
    length: Option<i64>,
    headers: &Bound<'py, PyAny>,
) -> Option<Bound<'py, PyBytes>> {
    let headers = headers.cast_exact::<PyDict>().ok()?;
    let mut user = Vec::with_capacity(USUAL_HEAD);
    let mut settled = Settled::default();
    for (name, value) in headers {
        push_header(&mut user, &name, &value, &mut settled)?;
    }
    let mut out = Vec::with_capacity(USUAL_HEAD);
    push_request_line(&mut out, method, target)?;
    if !settled.host {
        out.extend_from_slice(b"Host: ");
        push_checked(&mut out, host?.as_bytes())?;
        out.extend_from_slice(b"\r\n");
    }
    if !settled.accept_encoding {
        out.extend_from_slice(b"Accept-Encoding: identity\r\n");
    }
    if settled.coding {
        return None;
    }
    if let Some(length @ 0..) = length
        && !settled.length
    {
        out.extend_from_slice(b"Content-Length: ");
        push_decimal(&mut out, length);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(&user);
    out.extend_from_slice(b"\r\n");
    Some(PyBytes::new(py, &out))
}

/// One header line without its end, as `putheader` makes it: several values as a folded line.
/// `None` where `putheader` would raise, or might not.
#[pyfunction]
pub(crate) fn field_line<'py>(
    py: Python<'py>,
    name: &Bound<'py, PyAny>,
    values: &Bound<'py, PyTuple>,
) -> Option<Bound<'py, PyBytes>> {
    let mut out = Vec::with_capacity(USUAL_HEAD / 4);
    push_name(&mut out, name)?;
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\r\n\t");
        }
        push_value(&mut out, &value)?;
    }
    Some(PyBytes::new(py, &out))
}

/// What the caller's own headers have settled.
#[derive(Default)]
struct Settled {
    host: bool,
    accept_encoding: bool,
    length: bool,
    coding: bool,
}

fn push_header(
    out: &mut Vec<u8>,
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
    settled: &mut Settled,
) -> Option<()> {
    let before = out.len();
    push_name(out, name)?;
    let is = |other: &[u8]| out[before..out.len() - 2].eq_ignore_ascii_case(other);
    match out.len() - 2 - before {
        4 => settled.host |= is(b"host"),
        14 => settled.length |= is(b"content-length"),
        15 => settled.accept_encoding |= is(b"accept-encoding"),
        17 => settled.coding |= is(b"transfer-encoding"),
        _ => {}
    }
    push_value(out, value)?;
    out.extend_from_slice(b"\r\n");
    Some(())
}

fn push_request_line(out: &mut Vec<u8>, method: &Bound<'_, PyAny>, target: &Bound<'_, PyAny>) -> Option<()> {
    let (method, target) = (text(method)?, text(target)?);
    // An absolute URL brings its own Host, and an empty one stands for the root: not for here.
    let plain = target.starts_with('/')
        && target.bytes().all(|byte| byte.is_ascii_graphic())
        && method.bytes().all(|byte| (0x20..=0x7f).contains(&byte));
    if !plain {
        return None;
    }
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    Some(())
}

/// `name` and `": "`.
fn push_name(out: &mut Vec<u8>, name: &Bound<'_, PyAny>) -> Option<()> {
    let name = text(name)?.as_bytes();
    // `http.client` refuses an empty name, white space at its beginning, and anywhere CR, LF and colons.
    let (first, rest) = name.split_first()?;
    let starts = !matches!(first, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f | b':');
    if !starts || !rest.iter().all(|byte| byte.is_ascii() && !matches!(byte, b'\r' | b'\n' | b':')) {
        return None;
    }
    if !first.is_ascii() {
        return None;
    }
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    Some(())
}

fn push_value(out: &mut Vec<u8>, value: &Bound<'_, PyAny>) -> Option<()> {
    if let Ok(value) = value.cast_exact::<PyString>() {
        let value = value.to_str().ok()?;
        if value.is_ascii() {
            return push_checked(out, value.as_bytes());
        }
        let value = value.chars().map(|char| u8::try_from(char).ok()).collect::<Option<Vec<u8>>>()?;
        return push_checked(out, &value);
    }
    if let Ok(value) = value.cast_exact::<PyBytes>() {
        return push_checked(out, value.as_bytes());
    }
    push_int(out, value)
}

/// A line end within a value is legal before a blank; such values are rare enough for Python.
fn push_checked(out: &mut Vec<u8>, value: &[u8]) -> Option<()> {
    if value.iter().any(|&byte| byte == b'\r' || byte == b'\n') {
        return None;
    }
    out.extend_from_slice(value);
    Some(())
}

fn push_int(out: &mut Vec<u8>, value: &Bound<'_, PyAny>) -> Option<()> {
    push_decimal(out, value.cast_exact::<PyInt>().ok()?.extract().ok()?);
    Some(())
}

fn push_decimal(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// The text of exactly a `str`: a subclass may have its own `encode` and `lower`.
fn text<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    object.cast_exact::<PyString>().ok()?.to_str().ok()
}

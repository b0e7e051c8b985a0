//! A response head that was read, answering as `HTTPMessage` would without having been taken apart.

use std::borrow::Cow;

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::latin1;
use crate::scan::{Field, Scan, StatusLine, Step};

/// What one call tells of a response: version, status, reason, chunked, length, will_close.
type Summary<'py> = (u8, u16, Bound<'py, PyString>, bool, Option<u64>, bool);

/// The head of a response. It never changes; names are found whatever their case.
#[pyclass(frozen, mapping, module = "straightwire._engine")]
pub(crate) struct Head {
    bytes: Box<[u8]>,
    fields: Box<[Field]>,
    line: StatusLine,
}

impl Head {
    /// From a scan that found the head to be `bytes`.
    pub(crate) fn new(bytes: &[u8], scan: Scan) -> Head {
        Head { bytes: bytes.into(), fields: scan.fields.into_boxed_slice(), line: scan.status }
    }

    fn slice(&self, (from, to): (u32, u32)) -> &[u8] {
        &self.bytes[from as usize..to as usize]
    }

    fn values_of<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        // A name of the head is ASCII, but other letters than ASCII's may turn into those when lowered.
        let wanted = if name.is_ascii() { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) };
        self.fields
            .iter()
            .filter(move |field| self.slice(field.name).eq_ignore_ascii_case(wanted.as_bytes()))
            .map(|field| self.slice(field.value))
    }

    fn first<'a>(&'a self, name: &str) -> Option<&'a [u8]> {
        self.values_of(name).next()
    }

    /// Whether the first field of that name holds `word`, whatever its case.
    fn says(&self, name: &str, word: &[u8]) -> bool {
        self.first(name)
            .is_some_and(|value| value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word)))
    }

    fn closes(&self) -> bool {
        if self.line.version == 11 {
            return self.says("connection", b"close");
        }
        let keeps = self.first("keep-alive").is_some_and(|value| !value.is_empty())
            || self.says("connection", b"keep-alive")
            || self.says("proxy-connection", b"keep-alive");
        !keeps
    }
}

#[pymethods]
impl Head {
    /// 10 or 11; 0 if there was no status line.
    #[getter]
    fn version(&self) -> u8 {
        self.line.version
    }

    /// The status code; 0 if there was no status line.
    #[getter]
    fn status(&self) -> u16 {
        self.line.status
    }

    /// The reason phrase without blanks around it.
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        latin1(py, self.slice(self.line.reason))
    }

    /// The head as it came, to its blank line.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }

    /// `(version, status, reason, chunked, length, will_close)` as `HTTPResponse.begin` settles them for
    /// an answer to `method`. `None` if the length is one that only Python's `int` can judge.
    fn summary<'py>(&self, py: Python<'py>, method: Option<&str>) -> Option<Summary<'py>> {
        let chunked =
            self.first("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
        let mut length = match self.first("content-length") {
            Some(value) if !chunked => Some(content_length(value)?),
            _ => None,
        };
        let status = self.line.status;
        if matches!(status, 100..=199 | 204 | 304) || method == Some("HEAD") {
            length = Some(0);
        }
        let will_close = self.closes() || (!chunked && length.is_none());
        Some((self.line.version, status, self.reason(py), chunked, length, will_close))
    }

    /// The first value of that name, else `default`.
    #[pyo3(signature = (name, default = None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        self.first(name).map(|value| latin1(py, value).into_any()).or(default)
    }

    /// All values of that name, else `default`.
    #[pyo3(signature = (name, default = None))]
    fn get_all<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let values: Vec<_> = self.values_of(name).map(|value| latin1(py, value)).collect();
        if values.is_empty() {
            return Ok(default);
        }
        Ok(Some(PyList::new(py, values)?.into_any()))
    }

    /// All values of that name joined by `", "`, as `HTTPResponse.getheader` gives them; `None` without any.
    fn joined<'py>(&self, py: Python<'py>, name: &str) -> Option<Bound<'py, PyString>> {
        let mut values = self.values_of(name);
        let first = values.next()?;
        let Some(second) = values.next() else { return Some(latin1(py, first)) };
        let all: Vec<&[u8]> = [first, second].into_iter().chain(values).collect();
        Some(latin1(py, &all.join(&b", "[..])))
    }

    /// The fields in order as `(name, value)`.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items: Vec<Bound<'py, PyTuple>> = self
            .fields
            .iter()
            .map(|field| {
                let name = latin1(py, self.slice(field.name));
                PyTuple::new(py, [name, latin1(py, self.slice(field.value))])
            })
            .collect::<PyResult<_>>()?;
        PyList::new(py, items)
    }

    /// The names in order, repeated where the field is.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.fields.iter().map(|field| latin1(py, self.slice(field.name))))
    }

    /// The values in order.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.fields.iter().map(|field| latin1(py, self.slice(field.value))))
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> bool {
        name.extract::<&str>().is_ok_and(|name| self.first(name).is_some())
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyString>> {
        self.first(name).map(|value| latin1(py, value)).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }

    fn __len__(&self) -> usize {
        self.fields.len()
    }

    fn __repr__(&self) -> String {
        format!("<Head of status {} with {} fields>", self.line.status, self.fields.len())
    }
}

/// Digits, with blanks after them at most: `int` takes those, and what is more is left to it.
fn content_length(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii_end();
    // Nineteen digits always fit; `int` has no limit near that.
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// The response head at `start` in `data`, with where it ends. `None` if it is not whole, or out of the
/// ordinary, or has more than `max_headers` header lines.
#[pyfunction]
#[pyo3(signature = (data, max_headers = 100, start = 0))]
pub(crate) fn parse_head(
    data: &Bound<'_, PyBytes>,
    max_headers: usize,
    start: usize,
) -> Option<(Head, usize)> {
    parse(data.as_bytes().get(start..)?, Scan::head(max_headers)).map(|(head, len)| (head, start + len))
}

/// The same for header lines without a status line before them.
#[pyfunction]
#[pyo3(signature = (data, max_headers = 100, start = 0))]
pub(crate) fn parse_fields(
    data: &Bound<'_, PyBytes>,
    max_headers: usize,
    start: usize,
) -> Option<(Head, usize)> {
    parse(data.as_bytes().get(start..)?, Scan::fields(max_headers)).map(|(head, len)| (head, start + len))
}

fn parse(bytes: &[u8], mut scan: Scan) -> Option<(Head, usize)> {
    match scan.step(bytes) {
        Step::Whole(len) => Some((Head::new(&bytes[..len], scan), len)),
        Step::More | Step::Odd => None,
    }
}

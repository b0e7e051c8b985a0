//! A response head that was read, answering as `HTTPMessage` would without having been taken apart.

use std::borrow::Cow;

use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::latin1;
use crate::scan::{Field, Scan, StatusLine, Step};

/// Another head follows this one: what is done with it is Python's to say.
const CONTINUE: u16 = 100;

/// How a body ends, as `HTTPResponse` has it.
pub(crate) struct Framing {
    pub(crate) chunked: bool,
    pub(crate) length: Option<u64>,
    pub(crate) will_close: bool,
}

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

    /// Whether nothing about the response is for Python to judge: another head follows 100, for one.
    pub(crate) fn is_plain(&self) -> bool {
        self.line.status != CONTINUE && self.framing(false).is_some()
    }

    /// How the body of this response ends, `bare` if it answers HEAD. `None` if the length is one that only
    /// Python's `int` can judge.
    pub(crate) fn framing(&self, bare: bool) -> Option<Framing> {
        let bodiless = matches!(self.line.status, 100..=199 | 204 | 304);
        let said = self.said();
        let chunked = said.coding.is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
        let mut length = match said.length {
            Some(value) if !chunked => Some(content_length(value)?),
            _ => None,
        };
        let chunked = chunked && !bodiless;
        if bodiless || bare {
            length = Some(0);
        }
        let will_close = said.closes(self.line.version) || (!chunked && length.is_none());
        Some(Framing { chunked, length, will_close })
    }

    /// The first field of each name that the framing depends on.
    fn said(&self) -> Said<'_> {
        let mut said = Said::default();
        for field in &self.fields {
            let (from, to) = field.name;
            // Few names are as long as one of these.
            let place = match to - from {
                10 if self.is(field, b"connection") => &mut said.connection,
                10 if self.is(field, b"keep-alive") => &mut said.keep_alive,
                14 if self.is(field, b"content-length") => &mut said.length,
                16 if self.is(field, b"proxy-connection") => &mut said.proxy,
                17 if self.is(field, b"transfer-encoding") => &mut said.coding,
                _ => continue,
            };
            place.get_or_insert(self.slice(field.value));
        }
        said
    }

    fn is(&self, field: &Field, name: &[u8]) -> bool {
        self.slice(field.name).eq_ignore_ascii_case(name)
    }

    /// The attributes of a response that has this head, if its length is one that can be told.
    pub(crate) fn tell(&self, own: &Bound<'_, PyDict>, bare: bool) -> PyResult<()> {
        let py = own.py();
        let Some(Framing { chunked, length, will_close }) = self.framing(bare) else { return Ok(()) };
        let status = self.line.status.into_pyobject(py)?;
        own.set_item(intern!(py, "version"), self.line.version)?;
        own.set_item(intern!(py, "code"), &status)?;
        own.set_item(intern!(py, "status"), status)?;
        own.set_item(intern!(py, "reason"), self.reason(py))?;
        own.set_item(intern!(py, "chunked"), chunked)?;
        own.set_item(intern!(py, "length"), length)?;
        own.set_item(intern!(py, "will_close"), will_close)?;
        if chunked {
            own.set_item(intern!(py, "chunk_left"), py.None())?;
        }
        Ok(())
    }
}

/// The values that the framing depends on.
#[derive(Default)]
struct Said<'a> {
    connection: Option<&'a [u8]>,
    keep_alive: Option<&'a [u8]>,
    proxy: Option<&'a [u8]>,
    length: Option<&'a [u8]>,
    coding: Option<&'a [u8]>,
}

impl Said<'_> {
    fn closes(&self, version: u8) -> bool {
        let says = |value: Option<&[u8]>, word: &[u8]| {
            value.is_some_and(|value| {
                value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
            })
        };
        if version == 11 {
            return says(self.connection, b"close");
        }
        let keeps = self.keep_alive.is_some_and(|value| !value.is_empty())
            || says(self.connection, b"keep-alive")
            || says(self.proxy, b"keep-alive");
        !keeps
    }
}

#[pymethods]
impl Head {
    /// 10 or 11; 0 if there was no status line.
    #[getter]
    pub(crate) fn version(&self) -> u8 {
        self.line.version
    }

    /// The status code; 0 if there was no status line.
    #[getter]
    pub(crate) fn status(&self) -> u16 {
        self.line.status
    }

    /// The reason phrase without blanks around it.
    #[getter]
    pub(crate) fn reason<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        latin1(py, self.slice(self.line.reason))
    }

    /// The head as it came, to its blank line.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }

    /// Gives a response what the head tells: the attributes that `HTTPResponse.begin` sets, but for `headers`.
    fn begin(slf: &Bound<'_, Self>, response: &Bound<'_, PyAny>, method: &Bound<'_, PyAny>) -> PyResult<()> {
        let own = response.getattr(intern!(slf.py(), "__dict__"))?.cast_into::<PyDict>()?;
        slf.get().tell(&own, is_head(method))?;
        own.set_item(intern!(slf.py(), "_head"), slf)
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

/// Whether a request's method, which may be anything, is HEAD.
pub(crate) fn is_head(method: &Bound<'_, PyAny>) -> bool {
    method.cast::<PyString>().is_ok_and(|method| method.to_str().is_ok_and(|method| method == "HEAD"))
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

fn parse(bytes: &[u8], mut scan: Scan) -> Option<(Head, usize)> {
    match scan.step(bytes) {
        Step::Whole(len) => Some((Head::new(&bytes[..len], scan), len)),
        Step::More | Step::Odd => None,
    }
}

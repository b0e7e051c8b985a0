//! A header section as it came: one arena of bytes, and where in it the names and values stand.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::grammar::{is_tchar, without_blanks};

/// The fields of a head or of a trailer section, in the order, case and number in which they came.
///
/// Does what `http.client`'s `HTTPMessage` is used for: look-ups that ignore case, all values of a
/// repeated name, iteration, and the content type. Values are bytes on the wire; as text they are read as
/// ISO-8859-1, as `http.client` does, so that no byte is lost. For text that was meant as UTF-8 there is
/// [`get_utf8`](Self::get_utf8).
///
/// ```
/// # use straightwire::proto::{Exchange, Received};
/// # let mut exchange = Exchange::default();
/// # let mut out = Vec::new();
/// # exchange.begin(&mut out, "GET", "/")?;
/// # exchange.end_head(&mut out, true)?;
/// # let wire = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n";
/// # let Received::Head { .. } = exchange.receive_head(wire)? else { panic!() };
/// # let headers = exchange.head().headers();
/// assert_eq!(headers.get("SET-COOKIE").as_deref(), Some("a=1"));
/// assert_eq!(headers.get_all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
/// assert_eq!(headers.iter().next(), Some(("Set-Cookie", "a=1".into())));
/// assert_eq!(headers.content_type(), "text/html");
/// assert_eq!(headers.content_charset().as_deref(), Some("utf-8"));
/// # Ok::<(), straightwire::Error>(())
/// ```
#[doc(alias = "HTTPMessage")]
#[derive(Clone, Default)]
pub struct Headers {
    arena: Vec<u8>,
    fields: Vec<Field>,
    defects: Vec<Defect>,
}

/// Where one field's name and value stand in the arena. 32 bits: `Limits::head` is far below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: (u32, u32),
    pub(crate) value: (u32, u32),
}

/// A line that was left out of the fields because the [`Policy`](crate::Policy) asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    pub(crate) line: usize,
    pub(crate) text: Vec<u8>,
    pub(crate) reason: &'static str,
}

impl Defect {
    /// Which line of the section it was; the first header line is 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The line as it came, without its line end.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// What is wrong with it.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl Headers {
    /// No fields.
    pub const fn new() -> Headers {
        Headers { arena: Vec::new(), fields: Vec::new(), defects: Vec::new() }
    }

    /// How many field lines there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The value of the first field of that name (case ignored), as text.
    #[doc(alias = "__getitem__")]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get_bytes(name).map(latin1)
    }

    /// The value of the first field of that name (case ignored), read as UTF-8 where its bytes make sense so,
    /// else as ISO-8859-1, as by [`get`](Self::get).
    ///
    /// RFC 9110 5.5 gives bytes beyond ASCII no meaning; servers that send them mostly mean UTF-8, and text
    /// in ISO-8859-1 all but never makes sense as such. Of a name that is repeated, read each of
    /// [`get_all_bytes`](Self::get_all_bytes).
    ///
    /// ```
    /// # use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    /// conn.request("GET", "/response-headers?Title=na%C3%AFve", (), &[])?;
    /// let response = conn.get_response()?;
    /// assert_eq!(response.headers().get_utf8("Title").as_deref(), Some("naïve"));
    /// assert_eq!(response.headers().get("Title").as_deref(), Some("naÃ¯ve"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_utf8(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.get_bytes(name)?;
        Some(std::str::from_utf8(value).map_or_else(|_| latin1(value), Cow::Borrowed))
    }

    /// The value of the first field of that name (case ignored), as it came.
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        self.get_all_bytes(name).next()
    }

    /// The values of all fields of that name (case ignored), in order, as text.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        self.get_all_bytes(name).map(latin1)
    }

    /// The values of all fields of that name (case ignored), in order, as they came.
    pub fn get_all_bytes<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |field| self.slice(field.name).eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| self.slice(field.value))
    }

    /// All values of that name (case ignored) joined by `", "`, which is how `getheader` gives them and
    /// what RFC 9110 5.3 lets a recipient do (`Set-Cookie` alone can't be read that way).
    #[doc(alias = "getheader")]
    pub fn joined(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut fields =
            self.fields.iter().filter(|field| self.slice(field.name).eq_ignore_ascii_case(name.as_bytes()));
        let first = latin1(self.slice(fields.next()?.value));
        Some(fields.fold(first, |joined, field| {
            Cow::Owned(format!("{joined}, {}", latin1(self.slice(field.value))))
        }))
    }

    /// Whether there is a field of that name (case ignored).
    pub fn contains(&self, name: &str) -> bool {
        self.get_bytes(name).is_some()
    }

    /// The fields in order: names as written, values as text.
    #[doc(alias = "getheaders")]
    #[doc(alias = "items")]
    pub fn iter(&self) -> Iter<'_> {
        Iter { headers: self, fields: self.fields.iter() }
    }

    /// The fields in order, as they came.
    pub fn iter_bytes(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| (self.slice(field.name), self.slice(field.value)))
    }

    /// The names in order, as written, repeated where the field is.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// The values in order, as text.
    pub fn values(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.iter().map(|(_, value)| value)
    }

    /// The lines that were left out because the policy says so; always empty under a strict one.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// The media type in lower case without its parameters; `text/plain` where there is none or it makes
    /// no sense, as in Python's `Message.get_content_type`.
    #[doc(alias = "get_content_type")]
    pub fn content_type(&self) -> Cow<'_, str> {
        let full = self.get_bytes("content-type").unwrap_or_default();
        let essence = without_blanks(full.split(|&byte| byte == b';').next().unwrap_or_default());
        if essence.iter().filter(|&&byte| byte == b'/').count() != 1 {
            return Cow::Borrowed("text/plain");
        }
        match latin1(essence) {
            Cow::Borrowed(text) if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Borrowed(text),
            text => Cow::Owned(text.to_lowercase()),
        }
    }

    /// The `charset` parameter of the content type in lower case, as in Python's
    /// `Message.get_content_charset`.
    #[doc(alias = "get_content_charset")]
    pub fn content_charset(&self) -> Option<String> {
        self.content_param("charset").map(|charset| charset.to_ascii_lowercase())
    }

    /// A parameter of the content type (its name's case ignored), with its quotes taken off, as in
    /// Python's `Message.get_param`.
    #[doc(alias = "get_param")]
    pub fn content_param(&self, name: &str) -> Option<String> {
        parameter(self.get_bytes("content-type")?, name)
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(crate) fn slice(&self, range: (u32, u32)) -> &[u8] {
        &self.arena[range.0 as usize..range.1 as usize]
    }

    pub(crate) fn clear(&mut self) {
        self.arena.clear();
        self.fields.clear();
        self.defects.clear();
    }

    /// Takes over what was found in `section`, whose bytes it points into.
    pub(crate) fn take(&mut self, section: &[u8], found: &mut Found) {
        self.arena.clear();
        self.arena.extend_from_slice(section);
        for range in &found.folds {
            self.arena[range.clone()].fill(b' ');
        }
        for range in &found.repairs {
            for byte in &mut self.arena[range.clone()] {
                if matches!(byte, b'\r' | b'\0') {
                    *byte = b' ';
                }
            }
        }
        std::mem::swap(&mut self.fields, &mut found.fields);
        std::mem::swap(&mut self.defects, &mut found.defects);
        found.clear();
        // The two vectors take turns: both get the room that one has needed.
        found.fields.reserve(self.fields.len());
    }
}

/// The fields of a section that is being read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) fields: Vec<Field>,
    pub(crate) defects: Vec<Defect>,
    /// Blanks and line ends that fold a value, to become spaces (RFC 9112 5.2).
    pub(crate) folds: Vec<Range<usize>>,
    /// Where bare CR and NUL are to become spaces (RFC 9112 2.2, RFC 9110 5.5).
    pub(crate) repairs: Vec<Range<usize>>,
}

impl Found {
    pub(crate) fn clear(&mut self) {
        self.fields.clear();
        self.defects.clear();
        self.folds.clear();
        self.repairs.clear();
    }
}

/// A parameter of a field value like `text/html; charset="utf-8"` (RFC 9110 5.6.6).
fn parameter(value: &[u8], name: &str) -> Option<String> {
    let mut rest = &value[value.iter().position(|&byte| byte == b';')?..];
    while let [b';', after @ ..] = rest {
        let after = without_blanks(after);
        let name_len = after.iter().take_while(|&&byte| is_tchar(byte)).count();
        let (found, after) = after.split_at(name_len);
        let mut text = Vec::new();
        rest = match without_blanks(after) {
            [b'=', after @ ..] => match without_blanks(after) {
                [b'"', quoted @ ..] => take_quoted(quoted, &mut text),
                plain => {
                    let len = plain.iter().position(|&byte| byte == b';').unwrap_or(plain.len());
                    text.extend_from_slice(without_blanks(&plain[..len]));
                    &plain[len..]
                }
            },
            after => after,
        };
        if found.eq_ignore_ascii_case(name.as_bytes()) {
            return Some(latin1(&text).into_owned());
        }
        let skip = rest.iter().position(|&byte| byte == b';').unwrap_or(rest.len());
        rest = &rest[skip..];
    }
    None
}

/// Takes a quoted string whose opening quote is gone into `text`; gives what comes after it.
fn take_quoted<'a>(mut rest: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    loop {
        match rest {
            [] => return rest,
            [b'"', after @ ..] => return after,
            [b'\\', literal, after @ ..] => {
                text.push(*literal);
                rest = after;
            }
            [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
            }
        }
    }
}

/// Bytes as ISO-8859-1 text, without a copy where they are ASCII.
pub(crate) fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

/// Iterates over the fields of [`Headers`]: see [`Headers::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    headers: &'a Headers,
    fields: std::slice::Iter<'a, Field>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.fields.next()?;
        // A name is a token, so ASCII: it always reads as text.
        let name = std::str::from_utf8(self.headers.slice(field.name)).unwrap_or_default();
        Some((name, latin1(self.headers.slice(field.value))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a str, Cow<'a, str>);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl PartialEq for Headers {
    /// The same fields in the same order; case counts, defects don't.
    fn eq(&self, other: &Headers) -> bool {
        self.iter_bytes().eq(other.iter_bytes())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// One `Name: value` line each, as in Python's `str(message)` but with plain line feeds.
impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_the_grammar_has_them() {
        for (value, expected) in [
            ("text/html; charset=UTF-8", Some("UTF-8")),
            ("text/html;x=\"; charset=no\";CHARSET = \"a\\\"b\" ; y", Some("a\"b")),
            ("text/html; charset", Some("")),
            ("text/html; charset= ;y", Some("")),
            ("text/html; charset=\"open", Some("open")),
            ("text/html; xcharset=1;;;", None),
            ("text/html", None),
            (";", None),
        ] {
            assert_eq!(parameter(value.as_bytes(), "charset").as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn text_is_latin1() {
        assert_eq!(latin1(b"plain"), "plain");
        assert_eq!(latin1("é".as_bytes()), "Ã©");
        assert_eq!(latin1(b"\xe9"), "é");
    }
}

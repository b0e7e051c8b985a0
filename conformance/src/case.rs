//! A case: the bytes of a response, and what a client must make of them. See the README for the schema.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::de::{Deserialize, Deserializer, Error};

use crate::observation::{Field, Outcome};

/// One line of a corpus.
#[derive(serde::Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) request_method: String,
    #[serde(default)]
    pub(crate) request_headers: Vec<(String, String)>,
    #[serde(rename = "response_b64", deserialize_with = "base64")]
    pub(crate) response: Vec<u8>,
    /// Whether the server closes after these bytes. If not, it waits, and so does a client that wants more.
    pub(crate) close: bool,
    pub(crate) expect: Expectation,
    /// Other results that the RFCs tolerate.
    #[serde(default)]
    pub(crate) also_ok: Vec<Expectation>,
    /// What is odd about the response.
    #[serde(default)]
    pub(crate) classes: Vec<String>,
}

/// A result that is right. What is `None` here may be anything.
#[derive(serde::Deserialize)]
pub(crate) struct Expectation {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    #[serde(default, rename = "reason_b64", deserialize_with = "maybe_base64")]
    pub(crate) reason: Option<Vec<u8>>,
    #[serde(default, deserialize_with = "maybe_fields")]
    pub(crate) headers: Option<Vec<Field>>,
    /// For an error in the body: what could be decoded before it.
    #[serde(default, rename = "body_b64", deserialize_with = "maybe_base64")]
    pub(crate) body: Option<Vec<u8>>,
    #[serde(default, deserialize_with = "maybe_fields")]
    pub(crate) trailers: Option<Vec<Field>>,
    pub(crate) keep_alive: Option<bool>,
}

impl Case {
    pub(crate) fn is_of_class(&self, class: &str) -> bool {
        self.classes.iter().any(|own| own == class)
    }

    /// What the request asks for: CONNECT names a host, everything else the root.
    pub(crate) fn request_target(&self) -> &'static str {
        if self.request_method == "CONNECT" { "origin.test:443" } else { "/" }
    }
}

/// The cases of a file, one JSON object a line.
///
/// # Errors
/// A sentence that names the file, and the line where one makes no sense.
pub(crate) fn load(path: &Path) -> Result<Vec<Case>, String> {
    let file = File::open(path).map_err(|err| format!("{}: {err}", path.display()))?;
    let mut cases = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{}:{}", path.display(), index + 1);
        let line = line.map_err(|err| format!("{}: {err}", place()))?;
        if !line.is_empty() {
            cases.push(serde_json::from_str(&line).map_err(|err| format!("{}: {err}", place()))?);
        }
    }
    Ok(cases)
}

fn base64<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
    BASE64_STANDARD.decode(String::deserialize(input)?).map_err(D::Error::custom)
}

fn maybe_base64<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    text.map(|text| BASE64_STANDARD.decode(text).map_err(D::Error::custom)).transpose()
}

fn maybe_fields<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<Field>>, D::Error> {
    let Some(fields) = Option::<Vec<(String, String)>>::deserialize(input)? else { return Ok(None) };
    let read = |(name, value): (String, String)| Some((latin1_bytes(&name)?, latin1_bytes(&value)?));
    let read = fields.into_iter().map(read).collect::<Option<_>>();
    read.map(Some).ok_or_else(|| D::Error::custom("a field that is not ISO-8859-1"))
}

/// The bytes of text read as ISO-8859-1; `None` where it holds anything else.
pub(crate) fn latin1_bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|char| u8::try_from(char).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"{"id":"a","request_method":"GET","response_b64":"SFRUUA==","close":true,"expect":{"outcome":"error"}}"#;

    #[test]
    fn what_a_line_leaves_out_is_not_compared() {
        let case: Case = serde_json::from_str(LEAST).unwrap();
        assert_eq!((case.response.as_slice(), case.close), (&b"HTTP"[..], true));
        assert!(case.also_ok.is_empty() && case.classes.is_empty() && case.request_headers.is_empty());
        let Expectation { outcome, status, reason, headers, body, trailers, keep_alive } = case.expect;
        assert_eq!((outcome, status, keep_alive), (Outcome::Error, None, None));
        assert!(reason.is_none() && headers.is_none() && body.is_none() && trailers.is_none());
    }

    #[test]
    fn fields_are_latin1_and_the_unknown_is_skipped() {
        let line = LEAST.replace(r#""outcome""#, r#""headers":[["A","é"]],"new":[{}],"outcome""#);
        let case: Case = serde_json::from_str(&line).unwrap();
        assert_eq!(case.expect.headers.unwrap(), [(b"A".to_vec(), b"\xe9".to_vec())]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (from, to) in [
            (r#""close":true,"#, ""),
            ("SFRUUA==", "SFRU*A=="),
            (r#""error""#, r#""hang""#),
            (r#""outcome""#, r#""headers":[["A","€"]],"outcome""#),
        ] {
            assert!(LEAST.contains(from));
            assert!(serde_json::from_str::<Case>(&LEAST.replace(from, to)).is_err(), "{to}");
        }
    }
}

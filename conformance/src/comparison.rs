//! Is what a client made of a response right?

use crate::case::{Case, Expectation};
use crate::difference::{Difference, Findings};
use crate::observation::{Field, Observation, Outcome};

/// Where the last chunk that can be read ends depends, in these classes, on how strict the reader is.
const CHUNK_GRAMMAR: [&str; 4] =
    ["chunk-size-trailing-ws", "chunk-ext-invalid", "chunk-bare-lf", "chunk-data-bare-lf"];

/// How a result stands to a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the expected one.
    Agrees,
    /// It is another one that the RFCs tolerate.
    Conforms,
    /// It is wrong: how it differs from the expected one.
    Fails(Vec<Difference>),
}

/// Holds a result against the case it was got for.
pub(crate) fn judge(case: &Case, got: &Observation) -> Verdict {
    let differences = against(&case.expect, case, got);
    if differences.is_empty() {
        return Verdict::Agrees;
    }
    if case.also_ok.iter().any(|other| against(other, case, got).is_empty()) {
        return Verdict::Conforms;
    }
    Verdict::Fails(differences)
}

/// In what two deliveries of the same bytes differ; nothing if all is well.
pub(crate) fn between(one: &Observation, other: &Observation) -> Vec<Difference> {
    let mut found = Findings::default();
    found.check("outcome", &one.outcome, &other.outcome);
    found.check("error kind", &one.kind, &other.kind);
    let (head, other_head) = (one.head.as_ref(), other.head.as_ref());
    found.check("status", &head.map(|h| h.status), &other_head.map(|h| h.status));
    found.check("reason", &head.map(|h| &h.reason), &other_head.map(|h| &h.reason));
    found.check("headers", &head.map(|h| &h.headers), &other_head.map(|h| &h.headers));
    found.check("body", &one.body, &other.body);
    found.check("trailers", &one.trailers, &other.trailers);
    found.check("keep_alive", &one.keep_alive, &other.keep_alive);
    found.into_differences()
}

/// In what a result differs from one that is right.
fn against(expected: &Expectation, case: &Case, got: &Observation) -> Vec<Difference> {
    let folded = case.is_of_class("obs-fold");
    let same_fields = |a: &Vec<Field>, b: &Vec<Field>| same_fields(a, b, folded);
    let stops_earlier =
        expected.outcome == Outcome::Error && CHUNK_GRAMMAR.iter().any(|class| case.is_of_class(class));
    let same_body = |a: &Vec<u8>, b: &Vec<u8>| a == b || (stops_earlier && a.starts_with(b));
    let head = got.head.as_ref();
    let mut found = Findings::default();
    found.check("outcome", &expected.outcome, &got.outcome);
    found.check_if_told("status", &expected.status, head.map(|head| &head.status), |a, b| a == b);
    found.check_if_told("reason", &expected.reason, head.map(|head| &head.reason), |a, b| same_reason(a, b));
    found.check_if_told("headers", &expected.headers, head.map(|head| &head.headers), same_fields);
    found.check_if_told("body", &expected.body, Some(&got.body), same_body);
    found.check_if_told("trailers", &expected.trailers, got.trailers.as_ref(), same_fields);
    found.check_if_told("keep_alive", &expected.keep_alive, got.keep_alive.as_ref(), |a, b| a == b);
    found.check("line ends and NULs in the head and trailers", &0, &breaks(got));
    found.into_differences()
}

/// How many bytes that a caller could take for the end of a line or text stand where none may: whoever
/// reads on past CR, LF and NUL makes spaces of them (RFC 9112 2.2, RFC 9110 5.5).
fn breaks(got: &Observation) -> usize {
    let head = got.head.as_ref();
    let reason = head.map(|head| head.reason.as_slice());
    let fields = head.into_iter().flat_map(|head| &head.headers).chain(got.trailers.iter().flatten());
    let texts = fields.flat_map(|(name, value)| [name.as_slice(), value.as_slice()]).chain(reason);
    texts.flatten().filter(|byte| matches!(byte, b'\r' | b'\n' | b'\0')).count()
}

/// Blanks around a reason mean nothing, and one that is not ASCII is not compared.
fn same_reason(expected: &[u8], got: &[u8]) -> bool {
    !expected.is_ascii() || trimmed(expected) == trimmed(got)
}

/// Same names and values in the same order. Blanks around a value mean nothing; the length of a run of
/// spaces does unless some of them stand for line ends.
fn same_fields(expected: &[Field], got: &[Field], folded: bool) -> bool {
    let same_value = |expected: &[u8], got: &[u8]| {
        let (expected, got) = (trimmed(expected), trimmed(got));
        if folded { single_spaced(expected) == single_spaced(got) } else { expected == got }
    };
    expected.len() == got.len() && expected.iter().zip(got).all(|(a, b)| a.0 == b.0 && same_value(&a.1, &b.1))
}

fn trimmed(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().take_while(|byte| blank(byte)).count();
    let end = text[start..].iter().rev().take_while(|byte| blank(byte)).count();
    &text[start..text.len() - end]
}

fn single_spaced(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    out.dedup_by(|a, b| (*a, *b) == (b' ', b' '));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Head;

    /// A case whose `expect` and `also_ok` are given as JSON.
    fn case(classes: &[&str], expect: &str, also_ok: &str) -> Case {
        let classes = serde_json::to_string(classes).unwrap();
        let line = format!(
            r#"{{"id":"a","request_method":"GET","response_b64":"","close":false,
                "classes":{classes},"expect":{expect},"also_ok":{also_ok}}}"#
        );
        serde_json::from_str(&line).unwrap()
    }

    const OK: &str = r#"{"outcome":"ok","status":200,"reason_b64":"T0s=","headers":[["A","1"],["B","2"]],
        "body_b64":"aGVsbG8=","trailers":[["T","3"]],"keep_alive":true}"#;
    const ERROR: &str = r#"{"outcome":"error","status":200,"reason_b64":"T0s=","headers":[["A","1"],["B","2"]],
        "body_b64":"aGVsbG8="}"#;

    fn field(name: &str, value: &str) -> Field {
        (name.into(), value.into())
    }

    fn ok() -> Observation {
        let headers = vec![field("A", "1"), field("B", "2")];
        let head = Head { status: 200, reason: b"OK".to_vec(), headers };
        Observation::whole(head, b"hello".to_vec(), Some(vec![field("T", "3")]), true)
    }

    fn error() -> Observation {
        let kind = Some("IncompleteRead".to_owned());
        Observation { outcome: Outcome::Error, kind, trailers: None, keep_alive: None, ..ok() }
    }

    fn changed(mut observation: Observation, change: impl FnOnce(&mut Observation)) -> Observation {
        change(&mut observation);
        observation
    }

    fn with_head(observation: Observation, change: impl FnOnce(&mut Head)) -> Observation {
        changed(observation, |observation| change(observation.head.as_mut().unwrap()))
    }

    fn failed_fields(case: &Case, got: &Observation) -> Vec<&'static str> {
        match judge(case, got) {
            Verdict::Fails(differences) => {
                differences.into_iter().map(|difference| difference.field).collect()
            }
            _ => Vec::new(),
        }
    }

    /// One for each way of being wrong.
    fn wrong(right: &Observation) -> Vec<(&'static str, Observation)> {
        let right = || right.clone();
        let mut all = vec![
            ("status", with_head(right(), |head| head.status = 204)),
            ("reason", with_head(right(), |head| head.reason = b"Ok".to_vec())),
            ("headers", with_head(right(), |head| head.headers[0].1 = b"one".to_vec())),
            ("headers", with_head(right(), |head| head.headers[0].0 = b"a".to_vec())),
            ("headers", with_head(right(), |head| head.headers.swap(0, 1))),
            ("headers", with_head(right(), |head| drop(head.headers.pop()))),
            ("headers", with_head(right(), |head| head.headers.push(field("C", "")))),
            ("body", changed(right(), |it| it.body = b"hell".to_vec())),
            ("body", changed(right(), |it| it.body.push(b'!'))),
        ];
        if right().outcome == Outcome::Ok {
            all.extend([
                ("trailers", changed(right(), |it| it.trailers = Some(Vec::new()))),
                ("trailers", changed(right(), |it| it.trailers = None)),
                ("keep_alive", changed(right(), |it| it.keep_alive = Some(false))),
            ]);
        }
        all
    }

    #[test]
    fn the_expected_agrees_and_any_field_that_differs_fails() {
        for (expect, right) in [(OK, ok()), (ERROR, error())] {
            let case = case(&[], expect, "[]");
            assert_eq!(judge(&case, &right), Verdict::Agrees);
            for (field, got) in wrong(&right) {
                assert_eq!(failed_fields(&case, &got), [field], "{got:?}");
                assert_eq!(between(&right, &got).iter().map(|d| d.field).collect::<Vec<_>>(), [field]);
            }
        }
    }

    #[test]
    fn another_outcome_fails() {
        let hung = Observation { outcome: Outcome::Hang, ..error() };
        assert_eq!(failed_fields(&case(&[], OK, "[]"), &error()), ["outcome", "trailers", "keep_alive"]);
        assert_eq!(failed_fields(&case(&[], ERROR, "[]"), &ok()), ["outcome"]);
        assert_eq!(failed_fields(&case(&[], ERROR, "[]"), &hung), ["outcome"]);
        let bare = r#"[{"outcome":"ok"},{"outcome":"error"}]"#;
        assert_eq!(failed_fields(&case(&[], r#"{"outcome":"error"}"#, bare), &hung), ["outcome"]);
    }

    #[test]
    fn an_error_in_the_body_has_a_head() {
        let headless = Observation { head: None, ..error() };
        assert_eq!(failed_fields(&case(&[], ERROR, "[]"), &headless), ["status", "reason", "headers"]);
        assert_eq!(judge(&case(&[], r#"{"outcome":"error"}"#, "[]"), &headless), Verdict::Agrees);
    }

    #[test]
    fn what_the_case_leaves_open_is_not_compared() {
        let open = case(&[], r#"{"outcome":"ok","status":200}"#, "[]");
        for (field, got) in wrong(&ok()) {
            let expected = if field == "status" { vec!["status"] } else { vec![] };
            assert_eq!(failed_fields(&open, &got), expected, "{field}");
        }
    }

    #[test]
    fn the_tolerated_conforms_without_agreeing() {
        let tolerant = case(&[], ERROR, r#"[{"outcome":"ok","status":304},{"outcome":"ok","status":200}]"#);
        assert_eq!(judge(&tolerant, &error()), Verdict::Agrees);
        assert_eq!(judge(&tolerant, &ok()), Verdict::Conforms);
        assert_eq!(
            failed_fields(&tolerant, &with_head(ok(), |head| head.status = 201)),
            ["outcome", "status"]
        );
        let not_kept = case(&[], r#"{"outcome":"error"}"#, r#"[{"outcome":"ok","keep_alive":false}]"#);
        assert_eq!(failed_fields(&not_kept, &ok()), ["outcome"]);
    }

    #[test]
    fn a_stricter_reader_may_stop_earlier_in_a_chunked_body() {
        let early = changed(error(), |it| it.body = b"he".to_vec());
        let late = changed(error(), |it| it.body = b"hello!".to_vec());
        let other = changed(error(), |it| it.body = b"hi".to_vec());
        for class in CHUNK_GRAMMAR {
            let lax = case(&[class], ERROR, "[]");
            assert_eq!(judge(&lax, &early), Verdict::Agrees);
            assert_eq!(failed_fields(&lax, &late), ["body"]);
            assert_eq!(failed_fields(&lax, &other), ["body"]);
            let whole = changed(ok(), |it| it.body = b"he".to_vec());
            assert_eq!(failed_fields(&case(&[class], OK, "[]"), &whole), ["body"]);
        }
        assert_eq!(failed_fields(&case(&["truncated-chunked"], ERROR, "[]"), &early), ["body"]);
    }

    #[test]
    fn blanks_around_values_and_reasons_mean_nothing() {
        let blank = with_head(ok(), |head| {
            head.reason = b"OK \t".to_vec();
            head.headers[1].1 = b"\t 2 ".to_vec();
        });
        assert_eq!(judge(&case(&[], OK, "[]"), &blank), Verdict::Agrees);
        assert_eq!(between(&ok(), &blank).len(), 2);
    }

    #[test]
    fn spaces_are_counted_unless_lines_were_folded() {
        let expect = r#"{"outcome":"ok","headers":[["A","one two"]]}"#;
        for (value, alike) in
            [("one   two", true), ("one \ttwo", false), ("onetwo", false), ("one two x", false)]
        {
            let got = with_head(ok(), |head| head.headers = vec![field("A", value)]);
            let expected: &[&str] = if alike { &[] } else { &["headers"] };
            assert_eq!(failed_fields(&case(&["obs-fold"], expect, "[]"), &got), expected, "{value}");
            assert_eq!(failed_fields(&case(&[], expect, "[]"), &got), ["headers"], "{value}");
        }
    }

    #[test]
    fn a_reason_that_is_not_ascii_is_not_compared() {
        let case = case(&[], r#"{"outcome":"ok","reason_b64":"w6k="}"#, "[]");
        assert_eq!(judge(&case, &ok()), Verdict::Agrees);
    }

    #[test]
    fn what_breaks_a_line_never_conforms() {
        let lax = case(&[], r#"{"outcome":"ok"}"#, r#"[{"outcome":"ok"}]"#);
        let failures = |got: &Observation| failed_fields(&lax, got).len();
        for byte in *b"\r\n\0" {
            assert_eq!(failures(&with_head(ok(), |head| head.reason.push(byte))), 1);
            assert_eq!(failures(&with_head(ok(), |head| head.headers[1].1.push(byte))), 1);
            assert_eq!(failures(&with_head(ok(), |head| head.headers[0].0.push(byte))), 1);
            assert_eq!(failures(&changed(ok(), |it| it.trailers.as_mut().unwrap()[0].1.push(byte))), 1);
            assert_eq!(failures(&changed(ok(), |it| it.body.push(byte))), 0);
        }
    }

    #[test]
    fn deliveries_differ_by_error_kind_too() {
        let other = changed(error(), |it| it.kind = Some("BadChunk".to_owned()));
        assert_eq!(between(&error(), &other)[0].field, "error kind");
        assert!(between(&error(), &changed(error(), |it| it.message = "other words".to_owned())).is_empty());
        assert_eq!(between(&ok(), &changed(ok(), |it| it.outcome = Outcome::Hang))[0].field, "outcome");
    }
}

//! What is printed.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::comparison::{self, Verdict};
use crate::difference::Difference;
use crate::run::{Answer, Trial};

/// One block: how a case failed.
pub(crate) fn write_failure(out: &mut impl Write, trial: &Trial<'_>, settings: &str) -> io::Result<()> {
    let Trial { case, answers } = trial;
    writeln!(out, "FAIL {}", case.id)?;
    let classes = if case.classes.is_empty() { "none".to_owned() } else { case.classes.join(", ") };
    writeln!(out, "  {settings}, {}, classes: {classes}", case.request_method)?;
    for (index, answer) in answers.iter().enumerate() {
        write_answer(out, answer)?;
        if index > 0 {
            let first = &answers[0].first;
            writeln!(out, "    unlike \"{}\":", first.name)?;
            let differences = comparison::between(&first.observation, &answer.first.observation);
            write_differences(out, &differences, &first.name)?;
        }
    }
    writeln!(out)
}

fn write_answer(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let names: Vec<&str> =
        std::iter::once(&answer.first.name).chain(&answer.others).map(String::as_str).collect();
    let verdict = match answer.verdict {
        Verdict::Agrees => "agrees",
        Verdict::Conforms => "conforms",
        Verdict::Fails(_) => "fails",
    };
    writeln!(out, "  delivered {}: {verdict}", names.join(", "))?;
    if !answer.first.observation.message.is_empty() {
        writeln!(out, "    error: {}", answer.first.observation.message)?;
    }
    match &answer.verdict {
        Verdict::Fails(differences) => write_differences(out, differences, "expected"),
        _ => Ok(()),
    }
}

fn write_differences(out: &mut impl Write, differences: &[Difference], other: &str) -> io::Result<()> {
    for Difference { field, expected, got } in differences {
        writeln!(out, "    {field}")?;
        writeln!(out, "      {other}: {}", indented(expected))?;
        writeln!(out, "      got: {}", indented(got))?;
    }
    Ok(())
}

fn indented(lines: &str) -> String {
    lines.replace('\n', "\n        ")
}

/// How many agree and conform, which classes take the other permitted outcome (with `ids`: in which
/// cases), and the last line, which says how many passed. Gives whether all did.
pub(crate) fn write_summary<'a>(out: &mut impl Write, trials: &[Trial<'a>], ids: bool) -> io::Result<bool> {
    let count = |holds: fn(&Trial<'a>) -> bool| trials.iter().filter(|trial| holds(trial)).count();
    let (agree, conform, passed) = (count(Trial::agrees), count(Trial::conforms), count(Trial::passes));
    writeln!(out, "{} cases, {agree} agree, {conform} conform", trials.len())?;
    let latitude = by_class(trials);
    if !latitude.is_empty() {
        writeln!(out, "conform without agreeing, by class (a case counts in each of its classes):")?;
    }
    for (class, cases) in latitude {
        writeln!(out, "  {class}: {}", cases.len())?;
        for id in cases.iter().filter(|_| ids) {
            writeln!(out, "    {id}")?;
        }
    }
    writeln!(out, "{passed} passed, {} failed", trials.len() - passed)?;
    Ok(passed == trials.len())
}

/// The ids of the cases that conform without agreeing.
fn by_class<'a>(trials: &[Trial<'a>]) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut latitude = BTreeMap::<_, Vec<_>>::new();
    for Trial { case, .. } in trials.iter().filter(|trial| trial.conforms() && !trial.agrees()) {
        if case.classes.is_empty() {
            latitude.entry("(no class)").or_default().push(case.id.as_str());
        }
        for class in &case.classes {
            latitude.entry(class).or_default().push(&case.id);
        }
    }
    latitude
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::face::Delivery;
    use crate::observation::Observation;

    const CASE: &str = r#"{"id":"a","request_method":"GET","response_b64":"","close":false,
        "expect":{"outcome":"ok","status":200},"classes":["odd","long"]}"#;

    fn answer(case: &Case, name: &str, body: &[u8]) -> Answer {
        let observation = Observation::hung(None, body.to_vec());
        let verdict = comparison::judge(case, &observation);
        Answer { first: Delivery { name: name.to_owned(), observation }, verdict, others: Vec::new() }
    }

    #[test]
    fn a_failure_tells_what_was_wrong_and_which_deliveries_differ() {
        let case: Case = serde_json::from_str(CASE).unwrap();
        let answers = vec![answer(&case, "whole", b"x\n"), answer(&case, "socket", b"")];
        let mut out = Vec::new();
        write_failure(&mut out, &Trial { case: &case, answers }, "policy strict").unwrap();
        let expected = r#"FAIL a
  policy strict, GET, classes: odd, long
  delivered whole: fails
    outcome
      expected: ok
      got: hang
    status
      expected: 200
      got: none
  delivered socket: fails
    outcome
      expected: ok
      got: hang
    status
      expected: 200
      got: none
    unlike "whole":
    body
      whole: "x\n" (2 bytes)
      got: "" (0 bytes)

"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

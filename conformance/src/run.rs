//! All cases, a few at a time.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::case::Case;
use crate::comparison::{self, Verdict};
use crate::face::{self, Delivery, Settings};

/// What came of a case.
pub(crate) struct Trial<'a> {
    pub(crate) case: &'a Case,
    /// The different answers there were; one, if all is well. The first is the first delivery's.
    pub(crate) answers: Vec<Answer>,
}

/// A result, what to think of it, and which deliveries gave it.
pub(crate) struct Answer {
    pub(crate) first: Delivery,
    pub(crate) verdict: Verdict,
    pub(crate) others: Vec<String>,
}

impl Trial<'_> {
    /// Whether every delivery gave what is expected.
    pub(crate) fn agrees(&self) -> bool {
        self.answers.iter().all(|answer| answer.verdict == Verdict::Agrees)
    }

    /// Whether every delivery gave what is expected or tolerated.
    pub(crate) fn conforms(&self) -> bool {
        self.answers.iter().all(|answer| !matches!(answer.verdict, Verdict::Fails(_)))
    }

    /// Whether it conforms, and all deliveries gave the same.
    pub(crate) fn passes(&self) -> bool {
        self.conforms() && self.answers.len() == 1
    }
}

/// Runs all cases, and gives what came of them in their order.
///
/// # Errors
/// The first sentence of a delivery that was impossible.
pub(crate) fn run(cases: &[Case], settings: Settings) -> Result<Vec<Trial<'_>>, String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(index) else { return Ok::<_, String>(done) };
            done.push((index, tried(case, face::deliver(case, settings)?)));
        }
    };
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers()).map(|_| scope.spawn(work)).collect();
        let mut done = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(part) => done.append(&mut part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<_, String>(done)
    })?;
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, trial)| trial).collect())
}

/// Twice as many as there are processors: half of the time goes with waiting for the other end.
fn workers() -> usize {
    2 * thread::available_parallelism().map_or(1, NonZero::get).min(8)
}

/// Judges the deliveries of a case, which are told apart by their results.
fn tried(case: &Case, deliveries: Vec<Delivery>) -> Trial<'_> {
    let mut answers: Vec<Answer> = Vec::new();
    for delivery in deliveries {
        let same = |answer: &&mut Answer| {
            comparison::between(&answer.first.observation, &delivery.observation).is_empty()
        };
        match answers.iter_mut().find(same) {
            Some(answer) => answer.others.push(delivery.name),
            None => {
                let verdict = comparison::judge(case, &delivery.observation);
                answers.push(Answer { first: delivery, verdict, others: Vec::new() });
            }
        }
    }
    Trial { case, answers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Observation, Outcome};

    const CASE: &str = r#"{"id":"a","request_method":"GET","response_b64":"","close":false,
        "expect":{"outcome":"error"},"also_ok":[{"outcome":"ok"}]}"#;

    fn trial<'a>(case: &'a Case, observations: [&Observation; 3]) -> Trial<'a> {
        let deliver = |(name, observation): (&str, &Observation)| Delivery {
            name: name.to_owned(),
            observation: observation.clone(),
        };
        tried(case, ["one", "two", "three"].into_iter().zip(observations).map(deliver).collect())
    }

    #[test]
    fn a_case_passes_if_all_deliveries_conform_and_none_differs() {
        let case: Case = serde_json::from_str(CASE).unwrap();
        let hung = &Observation::hung(None, Vec::new());
        let ok = &Observation { outcome: Outcome::Ok, ..hung.clone() };
        let error = &Observation { outcome: Outcome::Error, ..hung.clone() };
        let told = |observations| {
            let trial = trial(&case, observations);
            (trial.agrees(), trial.conforms(), trial.passes())
        };
        assert_eq!(told([error, error, error]), (true, true, true));
        assert_eq!(told([ok, ok, ok]), (false, true, true));
        assert_eq!(told([ok, error, ok]), (false, true, false));
        assert_eq!(told([hung, hung, hung]), (false, false, false));
        assert_eq!(told([error, error, hung]), (false, false, false));
    }

    #[test]
    fn deliveries_are_told_apart_by_what_came_of_them() {
        let case: Case = serde_json::from_str(CASE).unwrap();
        let (plain, other) = (Observation::hung(None, Vec::new()), Observation::hung(None, b"x".to_vec()));
        let trial = trial(&case, [&plain, &other, &plain]);
        let names = |answer: &Answer| (answer.first.name.clone(), answer.others.clone());
        let names: Vec<_> = trial.answers.iter().map(names).collect();
        assert_eq!(names, [("one".to_owned(), vec!["three".to_owned()]), ("two".to_owned(), vec![])]);
    }
}

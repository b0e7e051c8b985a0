//! In what two results differ, as it is put in the report.

use crate::observation::{Field, Outcome};

/// A field of a result that is not as it should be. Bytes are escaped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) field: &'static str,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// Collects differences.
#[derive(Default)]
pub(crate) struct Findings(Vec<Difference>);

impl Findings {
    pub(crate) fn into_differences(self) -> Vec<Difference> {
        self.0
    }

    /// Notes the two if they differ.
    pub(crate) fn check<T: Show + PartialEq>(&mut self, field: &'static str, expected: &T, got: &T) {
        if expected != got {
            self.0.push(Difference { field, expected: expected.show(), got: got.show() });
        }
    }

    /// Notes what a case tells and the result has not got, or not the same as `same` sees it. What the
    /// case doesn't tell may be anything.
    pub(crate) fn check_if_told<T: Show>(
        &mut self,
        field: &'static str,
        expected: &Option<T>,
        got: Option<&T>,
        same: impl Fn(&T, &T) -> bool,
    ) {
        if let Some(told) = expected
            && !got.is_some_and(|got| same(told, got))
        {
            self.0.push(Difference { field, expected: told.show(), got: got.show() });
        }
    }
}

/// How a value looks in the report.
pub(crate) trait Show {
    fn show(&self) -> String;
}

impl Show for Outcome {
    fn show(&self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

impl Show for String {
    fn show(&self) -> String {
        self.clone()
    }
}

impl Show for u16 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for usize {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for bool {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for Vec<u8> {
    fn show(&self) -> String {
        const LONGEST: usize = 200;
        let shown = &self[..self.len().min(LONGEST)];
        let rest = if shown.len() < self.len() { " …" } else { "" };
        format!("\"{}\"{rest} ({} bytes)", shown.escape_ascii(), self.len())
    }
}

impl Show for Vec<Field> {
    fn show(&self) -> String {
        let lines: String = self
            .iter()
            .map(|(name, value)| format!("\n{}: {}", name.escape_ascii(), value.escape_ascii()))
            .collect();
        format!("{} fields{lines}", self.len())
    }
}

impl<T: Show> Show for &T {
    fn show(&self) -> String {
        (*self).show()
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Show::show)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bytes_are_cut_and_escaped() {
        assert_eq!(b"a\r\n\xff".to_vec().show(), "\"a\\r\\n\\xff\" (4 bytes)");
        assert!(vec![b'x'; 5000].show().len() < 250);
        let fields: Vec<Field> = vec![(b"A".to_vec(), b"1\r".to_vec())];
        assert_eq!(fields.show(), "1 fields\nA: 1\\r");
    }

    #[test]
    fn what_is_told_must_be_there() {
        let mut found = Findings::default();
        found.check_if_told("a", &None, Some(&1u16), |a, b| a == b);
        found.check_if_told("b", &Some(1u16), Some(&1), |a, b| a == b);
        found.check_if_told("c", &Some(1u16), Some(&2), |a, b| a == b);
        found.check_if_told("d", &Some(1u16), None, |a, b| a == b);
        let told = |field, got: &str| Difference { field, expected: "1".to_owned(), got: got.to_owned() };
        assert_eq!(found.into_differences(), [told("c", "2"), told("d", "none")]);
    }
}

//! As much JSON as the endpoints say: objects of strings, numbers and lists of pairs (RFC 8259).

use std::fmt::Write;

/// An object under construction.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Object {
        Object(String::from("{"))
    }

    pub(crate) fn string(mut self, name: &str, value: &str) -> Object {
        self.name(name);
        quote(&mut self.0, value);
        self
    }

    pub(crate) fn number(mut self, name: &str, value: u64) -> Object {
        self.name(name);
        let _ = write!(self.0, "{value}");
        self
    }

    /// A list of lists of two strings, because an object would lose order and duplicates.
    pub(crate) fn pairs(mut self, name: &str, pairs: &[(String, String)]) -> Object {
        self.name(name);
        self.0.push('[');
        for (index, (first, second)) in pairs.iter().enumerate() {
            self.0.push_str(if index == 0 { "[" } else { ", [" });
            quote(&mut self.0, first);
            self.0.push_str(", ");
            quote(&mut self.0, second);
            self.0.push(']');
        }
        self.0.push(']');
        self
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push_str(", ");
        }
        quote(&mut self.0, name);
        self.0.push_str(": ");
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_and_pairs_keep_order() {
        let pairs = [("b".to_owned(), "\"\\\n\u{1}é".to_owned()), ("a".to_owned(), String::new())];
        let json = Object::new().string("s", "x").number("n", 7).pairs("p", &pairs).pairs("e", &[]).end();
        let expected =
            "{\"s\": \"x\", \"n\": 7, \"p\": [[\"b\", \"\\\"\\\\\\n\\u0001é\"], [\"a\", \"\"]], \"e\": []}\n";
        assert_eq!(json, expected);
    }
}

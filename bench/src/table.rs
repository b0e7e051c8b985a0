//! Tables in Markdown, with columns that line up in a terminal too.

/// Rows of text under a head; all but the first column are numbers.
pub fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, title)| {
            rows.iter().map(|row| row[column].chars().count()).fold(title.chars().count().max(3), usize::max)
        })
        .collect();
    let line = |cells: &[&str]| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!(" {cell:<width$} |") } else { format!(" {cell:>width$} |") }
        });
        format!("|{}\n", cells.collect::<String>())
    };
    let rule = widths.iter().enumerate().map(|(column, &width)| {
        if column == 0 {
            format!("{}|", "-".repeat(width + 2))
        } else {
            format!("{}:|", "-".repeat(width + 1))
        }
    });
    let mut out = line(head);
    out.push_str(&format!("|{}\n", rule.collect::<String>()));
    for row in rows {
        out.push_str(&line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    out
}

/// A count with its thousands parted, and with decimals where it is small and not whole. A difference
/// between two runs can come out below zero; how far says nothing.
pub fn number(number: f64) -> String {
    if number <= -0.5 {
        return "< 0".to_owned();
    }
    if number.abs() < 100.0 && (number - number.round()).abs() >= 0.05 {
        return format!("{number:.1}");
    }
    let digits = format!("{:.0}", number.abs());
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_easy_to_read() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (2.004, "2"),
            (7.6, "7.6"),
            (999.6, "1,000"),
            (61_577.2, "61,577"),
            (1_234_567.0, "1,234,567"),
            (-1_234.0, "< 0"),
        ] {
            assert_eq!(super::number(number), text);
        }
    }

    #[test]
    fn columns_line_up() {
        let table =
            markdown(&["who", "n"], &[vec!["a".into(), "1,000".into()], vec!["bcde".into(), "2".into()]]);
        assert_eq!(table, "| who  |     n |\n|------|------:|\n| a    | 1,000 |\n| bcde |     2 |\n");
    }
}

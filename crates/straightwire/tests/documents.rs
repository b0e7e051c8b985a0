//! The tests that the pages of the documentation name are there.

use std::fs;
use std::path::{Path, PathBuf};

/// The pages, each with whether every row of its tables has to name a test, and the heading where what is
/// tested here ends.
const PAGES: [(&str, bool, Option<&str>); 3] = [
    ("parity.md", false, Some("## The extras of the Python package")),
    ("differences.md", false, Some("## The Python package")),
    ("faults.md", true, None),
];

#[test]
fn the_tests_that_pages_name_exist() {
    let mut missing = Vec::new();
    for (page, every, end) in PAGES {
        let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
        let text = end.map_or(&*text, |end| text.split_once(end).unwrap().0);
        let cells = cells(text);
        assert!(cells.len() > 10, "the tables of {page} were not found");
        for cell in cells {
            let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
            assert!(!every || !names.is_empty(), "{page}: a row without a test");
            missing.extend(names.iter().filter(|name| !exists(name)).map(|name| format!("{page}: {name}")));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The last cells of tables whose last column tells of tests.
fn cells(text: &str) -> Vec<&str> {
    let (mut cells, mut tells) = (Vec::new(), false);
    for line in text.lines() {
        match line.strip_suffix('|').and_then(|line| line.rsplit_once('|')).map(|(_, cell)| cell.trim()) {
            None => tells = false,
            Some("test" | "tested by") => tells = true,
            Some("---") => {}
            Some(cell) if tells => cells.push(cell),
            Some(_) => {}
        }
    }
    cells
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether a name such as `clean`, `faults::floods` or `faults::floods::trailers` is that of a file, of a
/// folder or of a test, or that of a module with tests of its own. Other words are commands.
fn exists(name: &str) -> bool {
    let package = if name.starts_with("command::") { "straightwire-cli" } else { "straightwire" };
    let package = root().join("crates").join(package);
    ["tests", "src"].iter().any(|folder| is_in(package.join(folder), name)) || name.starts_with("cargo ")
}

fn is_in(mut at: PathBuf, name: &str) -> bool {
    for (number, part) in name.split("::").enumerate() {
        if let Ok(text) = fs::read_to_string(at.join(part).with_extension("rs")) {
            let mut rest = name.split("::").skip(number + 1);
            return rest.next().is_none_or(|test| is_test(&text, test)) && rest.next().is_none();
        }
        at.push(part);
    }
    at.join("main.rs").exists() || at.join("mod.rs").exists()
}

/// Whether the function has the attribute of a test right before it.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let function = format!("fn {name}() {{");
    lines.windows(2).any(|pair| pair[1] == function && pair[0] == "#[test]")
}

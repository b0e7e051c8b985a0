//! House rules that no other tool looks after.

use std::fs;
use std::path::Path;

use crate::{Result, project};

/// Where the protocol core is.
const CORE: &str = "crates/straightwire/src/proto";

/// Modules of the standard library that reach outside the program, or tell the time.
const OUTSIDE: [&str; 8] = ["env", "fs", "io", "net", "os", "process", "thread", "time"];

/// Modules of the client around the core, which do.
const CLIENT: [&str; 3] = ["connection", "tap", "transport"];

/// Crates that do.
const CRATES: [&str; 6] = ["libc", "mio", "rustix", "rustls", "socket2", "tokio"];

/// What takes more than the grammar of HTTP does.
const LOOSE: [&str; 6] =
    ["from_str_radix", ".parse::<", ".parse()", "from_utf8_lossy", ".trim()", ".trim_ascii()"];

/// Folders under which people and machines keep their own things.
const OWN_FOLDERS: [&str; 5] = ["home", "root", "tmp", "Users", "work"];

/// The protocol core names no I/O, and parses nothing loosely.
pub(crate) fn core_is_pure() -> Result {
    report(|path, text| {
        if path.starts_with(CORE) && path.extension().is_some_and(|ext| ext == "rs") {
            impurities(text)
        } else {
            Vec::new()
        }
    })
}

/// No file names a path of somebody's machine.
pub(crate) fn no_machine_paths() -> Result {
    report(|_, text| machine_paths(text))
}

/// An offending line, counted from 1, and what is wrong with it.
type Offence = (usize, String);

/// Prints what is found in the files of the project; an error if that is anything.
fn report(find: impl Fn(&Path, &str) -> Vec<Offence>) -> Result {
    let mut count = 0;
    for path in project::files()? {
        // What is no text has no lines.
        let Ok(text) = fs::read_to_string(project::root().join(&path)) else { continue };
        for (number, what) in find(&path, &text) {
            let line = text.lines().nth(number - 1).unwrap_or_default().trim();
            println!("{}:{number}: {what}: {line}", path.display());
            count += 1;
        }
    }
    if count == 0 { Ok(()) } else { Err(format!("{count} lines break this rule")) }
}

/// Comments don't count, nor do the tests at the end of a file.
fn impurities(text: &str) -> Vec<Offence> {
    let mut found = Vec::new();
    // Where the import that is under way, which may go over several lines, imports from.
    let mut import = None;
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((number, line)) = lines.next() {
        let tests = lines.peek().is_some_and(|(_, next)| next.starts_with("mod ") && next.ends_with('{'));
        if line == "#[cfg(test)]" && tests {
            break;
        }
        let code = line.split_once("//").map_or(line, |(code, _)| code);
        let words: Vec<&str> = code.split(|char: char| !char.is_alphanumeric() && char != '_').collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        import = import.or_else(|| imported_from(&words));
        if let Some(name) = outside(&words, import) {
            found.push((number, format!("{name} in the protocol core")));
        }
        if code.contains(';') {
            import = None;
        }
        let loose = LOOSE.iter().filter(|loose| code.contains(**loose));
        found.extend(loose.map(|loose| (number, format!("{loose} in the protocol core"))));
    }
    found
}

/// The first word of the path, if an import begins on this line.
fn imported_from<'a>(words: &[&'a str]) -> Option<&'a str> {
    let visibility = words.iter().take_while(|word| ["pub", "crate", "super", "in"].contains(word)).count();
    let import = words[visibility..].strip_prefix(&["use"])?;
    import.first().copied()
}

/// The first name here of something outside the core.
fn outside<'a>(words: &[&'a str], import: Option<&str>) -> Option<&'a str> {
    let reaches_out = |origin: &str, name: &str| match origin {
        "std" => OUTSIDE.contains(&name),
        "crate" | "super" => CLIENT.contains(&name),
        _ => false,
    };
    let imported = words.iter().find(|word| import.is_some_and(|origin| reaches_out(origin, word)));
    let named = || words.windows(2).find(|pair| reaches_out(pair[0], pair[1])).map(|pair| &pair[1]);
    let foreign = || words.iter().find(|word| CRATES.contains(word));
    imported.or_else(named).or_else(foreign).copied()
}

/// Absolute paths into somebody's own folders.
fn machine_paths(text: &str) -> Vec<Offence> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for folder in OWN_FOLDERS {
            let path = format!("/{folder}/");
            let absolute = line.match_indices(&path).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|char| !char.is_alphanumeric() && !"_.-)}".contains(char))
            });
            if absolute {
                found.push((number, format!("a path under {path}")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(found: &[Offence]) -> Vec<usize> {
        found.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn io_in_the_core_is_found_however_it_is_named() {
        for code in [
            "use std::io;",
            "use std::io::{Read, Write};",
            "use std::{fmt, net};",
            "pub(crate) use std::{fmt, time::Duration};",
            "    let now = std::time::Instant::now();",
            "fn read(from: &mut dyn std::io::Read) {}",
            "use socket2::Socket;",
            "let socket = socket2::Socket::new();",
            "use crate::transport::Transport;",
            "use crate::{Error, connection::HttpConnection};",
            "use super::super::tap::Tap;",
        ] {
            assert_eq!(lines(&impurities(code)), [1], "{code}");
        }
        assert_eq!(lines(&impurities("use std::{\n    fmt,\n    fs,\n};\nlet fs = 1;\n")), [3]);
    }

    #[test]
    fn loose_parsing_in_the_core_is_found() {
        let text = "let a = b.parse::<u64>();\nu64::from_str_radix(b, 16);\nlet c = d.trim();\nlet e = f.parse()?;\n";
        assert_eq!(lines(&impurities(text)), [1, 2, 3, 4]);
    }

    #[test]
    fn what_the_core_may_do_is_left_alone() {
        for code in [
            "use std::{borrow::Cow, fmt, ops::Range};",
            "use crate::error::{Error, Result};",
            "//! No std::io here; `.trim()` would take too much.",
            "    let time = 1; // not std::time",
            "parser.parse(bytes)",
            "#[cfg(test)]\nmod tests {\n    use std::io::Read;\n    fn f() { \"1\".parse::<u8>(); }\n}\n",
        ] {
            assert_eq!(impurities(code), [], "{code}");
        }
        assert_eq!(lines(&impurities("#[cfg(test)]\nmod tests;\nuse std::io;\n")), [3]);
    }

    #[test]
    fn machine_paths_are_found_and_other_paths_are_not() {
        for folder in OWN_FOLDERS {
            for line in
                [format!("/{folder}/me/notes"), format!("see \"/{folder}/x\""), format!("cd /{folder}/x")]
            {
                assert_eq!(lines(&machine_paths(&line)), [1], "{line}");
            }
            for line in [format!("../{folder}/x"), format!("a.example/{folder}/x"), format!("docs/{folder}/")]
            {
                assert_eq!(machine_paths(&line), [], "{line}");
            }
        }
    }
}

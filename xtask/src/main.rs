//! The chores of this project: `cargo xtask`.

mod check;
mod fuzz;
mod peers;
mod project;
mod python;
mod rules;
mod steps;
mod test;
mod venv;

use std::env;
use std::process::ExitCode;

use steps::cargo;

/// What went wrong, in words.
type Result<T = (), E = String> = std::result::Result<T, E>;

/// Something that can be asked for.
struct Chore {
    name: &'static str,
    about: &'static str,
    help: &'static str,
    /// Given the arguments after the name.
    run: fn(&[String]) -> Result,
    takes_arguments: bool,
}

const CHORES: [Chore; 5] = [
    Chore {
        name: "test",
        about: "fetch what the tests need and run all of them",
        help: test::HELP,
        run: |_| test::run(),
        takes_arguments: false,
    },
    Chore {
        name: "check",
        about: "formatting, lints, documentation and house rules",
        help: check::HELP,
        run: |_| check::run(),
        takes_arguments: false,
    },
    Chore {
        name: "python",
        about: "test the Python package with every Python found",
        help: python::HELP,
        run: python::chore,
        takes_arguments: true,
    },
    Chore {
        name: "bench",
        about: "measure, beside other clients",
        help: "\
cargo xtask bench [ARGUMENTS]

Builds the benchmarks in release and runs them with these arguments;
cargo xtask bench --help lists what there is.
",
        run: |arguments| {
            let mut bench = cargo(["run", "--release", "--package", "bench", "--"]);
            steps::run(bench.args(arguments))
        },
        takes_arguments: true,
    },
    Chore {
        name: "fuzz",
        about: "feed the library with damaged input",
        help: fuzz::HELP,
        run: fuzz::run,
        takes_arguments: true,
    },
];

/// For a command line that asks for nothing there is.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let (name, arguments) = match args.split_first() {
        Some((help, [])) if is_help(help) => return show(&usage()),
        // `help test` is `test --help`.
        Some((help, [name])) if is_help(help) => (name, None),
        Some((name, arguments)) => (name, Some(arguments)),
        None => return misused(),
    };
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else { return misused() };
    match arguments {
        None => show(chore.help),
        Some([help]) if is_help(help) && !chore.takes_arguments => show(chore.help),
        Some([_, ..]) if !chore.takes_arguments => misused(),
        Some(arguments) => match (chore.run)(arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("\nfailed: {message}");
                ExitCode::FAILURE
            }
        },
    }
}

fn is_help(word: &str) -> bool {
    ["help", "--help", "-h"].contains(&word)
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask CHORE\n\n");
    for Chore { name, about, .. } in &CHORES {
        text += &format!("  {name:6} {about}\n");
    }
    text + "\ncargo xtask help CHORE says more.\n"
}

fn show(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

fn misused() -> ExitCode {
    eprint!("{}", usage());
    ExitCode::from(USAGE_ERROR)
}

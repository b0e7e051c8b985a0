//! The programs in `examples` do what they are there to show.
//!
//! `cargo test` builds them too; where only this test was asked for, `cargo build --examples` has to come first.

#![cfg(feature = "tls")]

mod support;

#[cfg(unix)]
#[path = "support/place.rs"]
mod place;
#[path = "support/secure.rs"]
mod secure;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use origin::{Origin, Proxy};
#[cfg(unix)]
use place::Place;
use secure::{AUTHORITY, NAME, origin_tls};

/// Stands for "did not hang"; the longest of them takes five seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Each example, and something that it prints when it has worked. Those that are not among
/// [`Servers::arguments`] get the address of an origin.
const TELLING: &[(&str, &str)] = &[
    ("body_writer", "\"eggs\": null"),
    ("byteranges", "bytes 5000-5009/100000: 10 bytes"),
    ("chunked_upload", "\n1\n4\n9\n"),
    ("deadline", "Timeout: the deadline passed while reading the body"),
    ("decoding", "gzip, br: 18519 lines"),
    ("defects", "left out: line "),
    ("download", "20000000 bytes are in "),
    ("early_response", "closed after it: "),
    ("expect_continue", "body sent: false"),
    ("get", "200 OK\n"),
    ("head", "Content-Type: text/html"),
    ("https", "taken up again\n200 OK, "),
    ("interim", " came before it\n"),
    ("logging", "404 Not Found, "),
    ("pipelining", "requests are out or on their way"),
    ("pool", "400 requests over "),
    ("post", "spam = 1\neggs = 2\n"),
    ("put", "201 Created\n26 bytes there now\n"),
    ("resume", "all 100000 bytes are here\n"),
    ("stale", ", sent twice\n"),
    ("step_by_step", "\"target\": \"/anything\""),
    ("streamed_read", "200 OK, Chunked\n200 bytes: "),
    ("timings", "  in a line: "),
    ("trailers", "100000 bytes, as they were sent\n"),
    ("truncation", "kept: 400 bytes\n"),
    ("tunnel", "200 OK, "),
    ("unix_socket", "200 OK\n"),
    ("upgrade", "echo: three\nand again HTTP: 200\n"),
    ("upload_file", "% of "),
];

#[test]
fn each_works() {
    let sources = format!("{}/examples", env!("CARGO_MANIFEST_DIR"));
    let names: BTreeSet<_> = fs::read_dir(sources)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let listed: BTreeSet<_> = TELLING.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, listed, "what is in the folder, and what is run here");

    let servers = Servers::start();
    for &(name, telling) in TELLING {
        let Some(program) = built(name) else { continue };
        let done = servers.run(name, &program, &servers.arguments(name));
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert!(done.status.success(), "{name}: {}\n{out}{err}", done.status);
        assert!(out.contains(telling), "{name}:\n{out}");
    }
}

/// Without arguments they say which ones they want.
#[test]
fn each_says_how_it_is_used() {
    let servers = Servers::start();
    for &(name, _) in TELLING {
        let Some(program) = built(name) else { continue };
        let done = servers.run(name, &program, &[]);
        assert_eq!(done.status.code(), Some(2), "{name}: {done:?}");
        let usage = format!("usage: {name} ");
        assert!(done.stdout.is_empty() && done.stderr.starts_with(usage.as_bytes()), "{name}: {done:?}");
    }
}

/// `put` sends a file where one is named, and `tunnel` shows why it got none.
#[test]
fn some_have_another_side() {
    let servers = Servers::start();
    let source = format!("{}/examples/put.rs", env!("CARGO_MANIFEST_DIR"));
    let told = |name, arguments: &[String]| {
        let done = servers.run(name, &built(name).unwrap(), arguments);
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    let len = fs::metadata(&source).unwrap().len();
    let out = told("put", &[servers.origin.host_port(), source]);
    assert!(out.ends_with(&format!("{len} bytes there now\n")), "{out}");

    let mut arguments = servers.arguments("tunnel");
    arguments[2] = "guess".to_owned();
    let out = told("tunnel", &arguments);
    assert!(out.contains("407"), "{out}");
}

/// Whom the examples talk to.
struct Servers {
    origin: Origin,
    secure: Origin,
    proxy: Proxy,
    #[cfg(unix)]
    socket: Place,
    authority: PathBuf,
}

impl Servers {
    fn start() -> Servers {
        let origin = Origin::start().unwrap();
        // One for each test: they run side by side.
        let number = origin.port();
        let authority = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("examples-{number}.pem"));
        fs::write(&authority, AUTHORITY.root_pem()).unwrap();
        Servers {
            #[cfg(unix)]
            socket: Place::passing_on(&format!("examples-{number}"), origin.addr()),
            secure: origin_tls(),
            proxy: Proxy::http().credentials("user", "p@ss").name(NAME, [127, 0, 0, 1]).start().unwrap(),
            origin,
            authority,
        }
    }

    fn arguments(&self, name: &str) -> Vec<String> {
        let port = self.secure.port();
        match name {
            "https" => vec![format!("localhost:{port}"), self.authority.display().to_string()],
            "tunnel" => {
                let proxy = self.proxy.addr().to_string();
                vec![proxy, "user".to_owned(), "p@ss".to_owned(), format!("{NAME}:{port}")]
            }
            #[cfg(unix)]
            "unix_socket" => vec![self.socket.0.display().to_string(), "/index.html".to_owned()],
            _ => vec![self.origin.host_port()],
        }
    }

    /// Runs it in an empty folder of its own, for its temporary files too, where our authority is the platform's only one.
    fn run(&self, name: &str, program: &Path, arguments: &[String]) -> Output {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", self.origin.port()));
        fs::create_dir_all(&folder).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .env("TMPDIR", &folder)
            .env("SSL_CERT_FILE", &self.authority)
            .env_remove("SSL_CERT_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = output(name, child);
        fs::remove_dir_all(&folder).unwrap();
        output
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.authority);
    }
}

/// None of them prints more than a pipe holds.
fn output(name: &str, mut child: Child) -> Output {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{name} hangs: {:?}", child.wait_with_output());
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Where its program is; `None` where it wants a feature that this was not built with.
fn built(name: &str) -> Option<PathBuf> {
    let tests = env::current_exe().unwrap();
    let program = tests.parent().unwrap().with_file_name("examples").join(name);
    let program = program.with_extension(env::consts::EXE_EXTENSION);
    if program.exists() {
        return Some(program);
    }
    // Only one that wants a feature has an entry of its own.
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let entry = format!("[[example]]\nname = \"{name}\"\n");
    assert!(manifest.contains(&entry), "{name} isn't built: cargo build --package straightwire --examples");
    eprintln!("{name} wants a feature that this was not built with");
    None
}

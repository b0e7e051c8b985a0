//! Chains of certificates, presented by a real server to a real client: `limbo.md` has the story, and the list
//! of what is refused for a reason.

mod case;
mod serve;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::time::Duration;

use straightwire::{Error, ErrorKind, HttpsConnection, Tls};

use case::Case;
use serve::Server;

/// Has the list of what is refused though it should pass.
const LIST: &str = include_str!("../limbo.md");

/// A server that answers nothing would hold up the run for ever.
const PATIENCE: Duration = Duration::from_secs(10);

enum Verdict {
    Accepted,
    Refused(String),
    /// Nobody has judged the certificate.
    NotRun(String),
    /// Something else went wrong.
    Broken(String),
}

/// Gives whether nothing was accepted that must be refused, and nothing refused but what is listed.
pub(crate) fn run(file: &Path, out: &mut impl Write) -> Result<bool, String> {
    let cases = case::load(file)?;
    if cases.is_empty() {
        return Err("no cases in this file".to_owned());
    }
    report(&cases, out).map_err(|err| format!("standard output: {err}"))
}

fn report(cases: &[Case], out: &mut impl Write) -> io::Result<bool> {
    let (mut agree, mut accepted, mut not_run, mut broken) = (0, 0, 0, 0);
    let (mut unlisted, mut stale) = (0, 0);
    let mut refused = Vec::new();
    for case in cases {
        let reason = listed(&case.id);
        match (judge(case), case.must_pass) {
            (Verdict::Accepted, true) => {
                agree += 1;
                if reason.is_some() {
                    stale += 1;
                    writeln!(out, "{}: passes, but is listed as refused", case.id)?;
                }
            }
            (Verdict::Refused(_), false) => agree += 1,
            (Verdict::Accepted, false) => {
                accepted += 1;
                writeln!(out, "{}: ACCEPTED, but must be refused", case.id)?;
            }
            (Verdict::Refused(why), true) => {
                refused.push(case.id.as_str());
                writeln!(out, "{}: refused, but should pass: {why}", case.id)?;
                match reason {
                    Some(reason) => writeln!(out, "  listed: {reason}")?,
                    None => {
                        unlisted += 1;
                        writeln!(out, "  NOT LISTED")?;
                    }
                }
            }
            (Verdict::NotRun(why), _) => {
                not_run += 1;
                writeln!(out, "{}: not run: {why}", case.id)?;
            }
            (Verdict::Broken(why), _) => {
                broken += 1;
                writeln!(out, "{}: BROKEN: {why}", case.id)?;
            }
        }
    }
    writeln!(
        out,
        "{} cases: {agree} agree, {accepted} accepted that must be refused, {} refused that should pass \
         ({unlisted} not listed), {not_run} not run, {broken} broken{}{}",
        cases.len(),
        refused.len(),
        if refused.is_empty() { "" } else { "; refused: " },
        refused.join(" "),
    )?;
    Ok(accepted + unlisted + stale + broken == 0)
}

/// Why the case is refused, if that is on the list.
fn listed(id: &str) -> Option<&'static str> {
    let entry = |line: &'static str| line.strip_prefix("- `")?.split_once("`: ");
    LIST.lines().filter_map(entry).find(|(listed, _)| *listed == id).map(|(_, reason)| reason)
}

fn judge(case: &Case) -> Verdict {
    if case.judges_a_client {
        return Verdict::NotRun("it judges a client's certificate".to_owned());
    }
    let Some(key) = &case.key else {
        return Verdict::NotRun("it comes without the server's key".to_owned());
    };
    let server = match Server::start(&case.chain, key) {
        Ok(server) => server,
        Err(why) => return Verdict::NotRun(why),
    };
    // A panic is a verdict too: the rest is run all the same.
    let result = panic::catch_unwind(AssertUnwindSafe(|| ask(case, server.port())));
    let seen = server.stop();
    let Ok(result) = result else { return Verdict::Broken("panicked".to_owned()) };
    match result {
        Ok(200) => Verdict::Accepted,
        Ok(status) => Verdict::Broken(format!("status {status}")),
        Err(err) if err.kind() == ErrorKind::Certificate => Verdict::Refused(err.to_string()),
        Err(err) => Verdict::Broken(format!("{err}; the server: {seen}")),
    }
}

/// Asks the server for a page, and gives the status.
fn ask(case: &Case, port: u16) -> Result<u16, Error> {
    let mut tls = Tls::builder();
    for root in &case.trusted {
        tls = tls.ca_pem(root);
    }
    for list in &case.crls {
        tls = tls.revocation_lists_pem(list);
    }
    if let Some(time) = case.time {
        tls = tls.verify_at(time);
    }
    if let Some(most) = case.max_intermediates {
        tls = tls.max_intermediates(most);
    }
    let mut connection = HttpsConnection::builder("127.0.0.1")
        .port(port)
        .timeout(PATIENCE)
        .server_name(&case.name)
        .tls(tls.build()?)
        .build()?;
    connection.request("GET", "/", (), &[])?;
    let mut response = connection.get_response()?;
    response.read_all()?;
    Ok(response.status())
}

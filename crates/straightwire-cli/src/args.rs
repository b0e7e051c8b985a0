//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::exit::{Code, Failure};
use crate::route::RouteArgs;

const HELP: &str = "\
{about}

{usage-heading} straightwire [OPTIONS] [METHOD] URL
       straightwire demo | serve

Arguments:
  METHOD  In capitals; GET unless told, POST with -d
  URL     Without a scheme it is http://

{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  straightwire example.org                    the page, to standard output
  straightwire -v example.org/a -o a.html     show the wire, save the body
  straightwire -d spam=1 -d eggs=2 URL        POST a form
  straightwire PUT URL --data-binary @notes   PUT a file
  straightwire -I https://example.org         the head of the answer alone
  straightwire -x proxy.example:3128 URL      through a proxy
  straightwire serve --port 8000              something to talk to

A host called demo or serve: straightwire http://demo
Exit codes are curl's: 7 no connection, 22 with -f, 28 too slow, 60 certificate
Ctrl-C ends it by the signal, 130 to a shell; what came until then stays";

/// Send one HTTP/1.1 request and show the answer
#[derive(Debug, Parser)]
#[command(
    name = "straightwire",
    version,
    help_template = HELP,
    override_usage = "straightwire [OPTIONS] [METHOD] URL",
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run http.client's examples against an origin of its own
    Demo,
    /// Run the origin that demo talks to, until stopped
    Serve(ServeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// The URL, with the method before it where there is one.
    #[arg(value_name = "URL", required = true, hide = true)]
    words: Vec<String>,

    /// The method, in letters of any case
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    method: Option<String>,
    /// Send 'Name: value'; 'Name;' is sent empty, and
    /// 'Name:' leaves out a default header
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = header, verbatim_doc_comment)]
    pub(crate) headers: Vec<Header>,
    /// POST this form data; @FILE or @- is read, and its
    /// line ends are left out
    #[arg(short, long, value_name = "DATA", verbatim_doc_comment)]
    pub(crate) data: Vec<String>,
    /// POST this data; @FILE or @- is sent as it is
    #[arg(long, value_name = "DATA", conflicts_with = "data")]
    pub(crate) data_binary: Vec<String>,
    /// Ask for the head alone (HEAD), and show it
    #[arg(short = 'I', long, conflicts_with_all = ["method", "data", "data_binary"])]
    pub(crate) head: bool,

    /// Ask for compressed content, and decompress it
    #[arg(long)]
    pub(crate) compressed: bool,
    /// Show the head of the answer before its body
    #[arg(short, long)]
    pub(crate) include: bool,
    /// Write to FILE; what came before an error stays
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Fetch what the FILE of -o still lacks: '-' is from
    /// its end on
    #[arg(
        short = 'C',
        long,
        value_name = "-",
        value_parser = ["-"],
        hide_possible_values = true,
        requires = "output",
        conflicts_with_all = ["compressed", "include", "head", "data", "data_binary"],
        verbatim_doc_comment
    )]
    pub(crate) continue_at: Option<String>,
    /// For a status from 400 up write no body, exit 22
    #[arg(short, long)]
    pub(crate) fail: bool,
    /// Show what passes on the wire, on standard error
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Draw where the time went, on standard error
    #[arg(long)]
    pub(crate) timing: bool,

    /// Put up with servers' and CAs' mistakes that leave
    /// neither a body's end nor trust in doubt
    #[arg(long, verbatim_doc_comment)]
    pub(crate) lenient: bool,

    #[command(flatten)]
    pub(crate) route: RouteArgs,
}

impl RequestArgs {
    /// Whether the head of the answer is part of the output.
    pub(crate) fn shows_head(&self) -> bool {
        self.include || self.head
    }

    /// The method, where one was given, and the URL.
    pub(crate) fn method_and_url(&self) -> Result<(Option<&str>, &str), Failure> {
        let usage = |message: String| Err(Failure::new(Code::Usage, message));
        match &*self.words {
            [word] if METHODS.contains(&&**word) => {
                usage(format!("after {word} comes a URL; a host of that name is http://{word}"))
            }
            [url] if self.head => Ok((Some("HEAD"), url)),
            [url] => Ok((self.method.as_deref(), url)),
            [_, _] if self.head || self.method.is_some() => {
                usage("a method before the URL goes with neither -X nor -I".to_owned())
            }
            [method, url] if is_method_word(method) => Ok((Some(method), url)),
            [word, _] => usage(format!("{word:?} is no method in capitals; for any other there is -X")),
            [_, _, extra, ..] => usage(format!("{extra:?} is too much: one method and one URL are enough")),
            [] => usage("no URL given".to_owned()),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The port; 0 is any free one
    #[arg(short, long, value_name = "N", default_value_t = 8000)]
    pub(crate) port: u16,
    /// The address
    #[arg(short, long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) bind: IpAddr,
    /// Speak TLS, and make a file with the CA to trust
    #[arg(long)]
    pub(crate) tls: bool,
}

/// One of these alone is a URL forgotten rather than a host.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// A header as given with `-H`. Without a value it only keeps a default of that name from being sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

fn is_method_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || b"-_".contains(&byte))
}

fn header(text: &str) -> Result<Header, String> {
    if let Some((name, value)) = text.split_once(':') {
        let value = value.trim_matches([' ', '\t']);
        let value = (!value.is_empty()).then(|| value.to_owned());
        return Ok(Header { name: name.to_owned(), value });
    }
    match text.strip_suffix(';') {
        Some(name) => Ok(Header { name: name.to_owned(), value: Some(String::new()) }),
        None => Err("a header is 'Name: value', 'Name;' or 'Name:'".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn request(words: &[&str]) -> RequestArgs {
        let cli = Cli::try_parse_from([&["straightwire"], words].concat()).unwrap();
        assert!(cli.command.is_none(), "{words:?}");
        cli.request
    }

    #[test]
    fn the_definitions_agree_with_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_word_in_capitals_before_the_url_is_the_method() {
        let of = |words: &[&str]| {
            let args = request(words);
            args.method_and_url().ok().map(|(method, url)| (method.map(str::to_owned), url.to_owned()))
        };
        assert_eq!(of(&["h/x"]), Some((None, "h/x".into())));
        assert_eq!(of(&["DELETE", "h"]), Some((Some("DELETE".into()), "h".into())));
        assert_eq!(of(&["M-SEARCH", "-v", "h"]), Some((Some("M-SEARCH".into()), "h".into())));
        assert_eq!(of(&["-X", "get", "h"]), Some((Some("get".into()), "h".into())));
        assert_eq!(of(&["-I", "h"]), Some((Some("HEAD".into()), "h".into())));
        for wrong in [
            &["get", "h"][..],
            &["GET"],
            &["GET", "a", "b"],
            &["", "h"],
            &["-I", "GET", "h"],
            &["-X", "A", "B", "h"],
        ] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn subcommands_stand_first_and_hosts_of_their_name_need_a_scheme() {
        let parse = |words: &[&str]| Cli::try_parse_from([&["straightwire"], words].concat()).unwrap();
        assert!(matches!(parse(&["demo"]).command, Some(Command::Demo)));
        assert!(
            matches!(parse(&["serve", "--port", "1"]).command, Some(Command::Serve(args)) if args.port == 1)
        );
        assert_eq!(request(&["http://demo"]).words, ["http://demo"]);
        assert_eq!(request(&["GET", "serve"]).words, ["GET", "serve"]);
        assert_eq!(request(&["help"]).words, ["help"]);
    }

    #[test]
    fn headers_are_given_emptied_or_left_out() {
        let of = |text| header(text).map(|header| (header.name, header.value));
        assert_eq!(of("A: b: c "), Ok(("A".into(), Some("b: c".into()))));
        assert_eq!(of("A:b"), Ok(("A".into(), Some("b".into()))));
        assert_eq!(of("A;"), Ok(("A".into(), Some(String::new()))));
        assert_eq!(of("A: "), Ok(("A".into(), None)));
        assert!(of("A").is_err());
    }
}

//! How the command ends when something went wrong. The codes are curl's.

use std::io::{self, Write};
use std::process::ExitCode;

use straightwire::{Error, ErrorKind, Phase};

/// What the exit codes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    UnsupportedProtocol = 1,
    Usage = 2,
    MalformedUrl = 3,
    ResolveProxy = 5,
    Resolve = 6,
    Connect = 7,
    WeirdReply = 8,
    PartialFile = 18,
    HttpError = 22,
    Write = 23,
    Read = 26,
    Timeout = 28,
    Range = 33,
    TlsHandshake = 35,
    Interface = 45,
    EmptyReply = 52,
    Send = 55,
    Receive = 56,
    ClientCertificate = 58,
    Certificate = 60,
    UnknownEncoding = 61,
    TooLarge = 63,
    CaFile = 77,
    Socks = 97,
}

/// Why the command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    /// `None` where whoever would read it has gone away on purpose.
    message: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: Some(message.into()) }
    }

    /// An error of the library.
    pub(crate) fn of(err: &Error) -> Failure {
        Failure::new(code(err), err.message().to_string())
    }

    /// An error from reading the response through [`io::Read`], which has the library's inside.
    pub(crate) fn receiving(err: io::Error) -> Failure {
        match err.downcast::<Error>() {
            Ok(err) => Failure::of(&err),
            Err(err) => Failure::new(Code::Receive, format!("while reading the body: {err}")),
        }
    }

    /// An error from writing to `target`. A closed pipe is no news: `| head` has seen enough.
    pub(crate) fn writing(target: &str, err: &io::Error) -> Failure {
        let message =
            (err.kind() != io::ErrorKind::BrokenPipe).then(|| format!("while writing to {target}: {err}"));
        Failure { code: Code::Write, message }
    }

    /// The same, told by another code.
    pub(crate) fn with_code(self, code: Code) -> Failure {
        Failure { code, ..self }
    }

    /// The same, and what can be done about it.
    pub(crate) fn and(self, advice: &str) -> Failure {
        Failure { message: self.message.map(|message| format!("{message}; {advice}")), ..self }
    }

    /// Says what happened on standard error.
    pub(crate) fn end(self) -> ExitCode {
        if let Some(message) = self.message {
            // Where that can't be written to either, the code has to do.
            let _ = writeln!(io::stderr(), "straightwire: ({}) {message}", self.code as u8);
        }
        ExitCode::from(self.code as u8)
    }
}

/// Shows help, the version, or what is wrong with the command line. Help that nobody gets is no success.
pub(crate) fn told(told: &clap::Error) -> ExitCode {
    match told.print() {
        Err(err) if !told.use_stderr() => Failure::writing("standard output", &err).end(),
        _ if told.use_stderr() => ExitCode::from(Code::Usage as u8),
        _ => ExitCode::SUCCESS,
    }
}

fn code(err: &Error) -> Code {
    match err.kind() {
        ErrorKind::InvalidUrl => Code::MalformedUrl,
        ErrorKind::NotConnected => Code::Connect,
        ErrorKind::RemoteDisconnected => Code::EmptyReply,
        ErrorKind::IncompleteRead => Code::PartialFile,
        ErrorKind::UnknownTransferEncoding
        | ErrorKind::UnknownContentEncoding
        | ErrorKind::BadContentEncoding => Code::UnknownEncoding,
        ErrorKind::DecodedTooLarge => Code::TooLarge,
        ErrorKind::BadRange => Code::Range,
        ErrorKind::BadChunk => Code::Receive,
        ErrorKind::Timeout => Code::Timeout,
        ErrorKind::Certificate => Code::Certificate,
        // After the handshake it is the connection that TLS gives up.
        ErrorKind::Tls => match err.phase() {
            Some(Phase::Tls) | None => Code::TlsHandshake,
            Some(_) => Code::Receive,
        },
        ErrorKind::AnswerInTheWay => Code::Send,
        ErrorKind::TunnelFailed => Code::Receive,
        ErrorKind::SocksFailed => Code::Socks,
        ErrorKind::Io => match err.phase() {
            Some(Phase::Resolve) => Code::Resolve,
            Some(Phase::Connect) => Code::Connect,
            Some(Phase::TakeBody) => Code::Read,
            Some(Phase::Send) => Code::Send,
            _ => Code::Receive,
        },
        _ if err.is_caller() => Code::Usage,
        _ => Code::WeirdReply,
    }
}

//! `-C -`: the rest of a file that is there in part.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use straightwire::{Continuation, Download, HttpResponse, Validator};

use crate::args::RequestArgs;
use crate::exit::{Code, Failure};
use crate::output::Output;
use crate::request::Request;

/// Beside the file, as long as it isn't whole: what its bytes can be matched by.
const BESIDE: &str = ".validator";

/// A file, and the download that it is to become.
pub(crate) struct Resumption {
    path: PathBuf,
    download: Download,
}

impl Resumption {
    /// `None` unless `-C` was given.
    pub(crate) fn of(args: &RequestArgs, request: &Request) -> Result<Option<Resumption>, Failure> {
        let (Some(_), Some(path)) = (&args.continue_at, &args.output) else { return Ok(None) };
        if path == Path::new("-") {
            return Err(Failure::new(Code::Usage, "-C goes on with a file, and -o - is none"));
        }
        let len = match fs::metadata(path) {
            Ok(file) => file.len(),
            Err(err) if err.kind() == io::ErrorKind::NotFound => 0,
            Err(err) => return Err(Failure::new(Code::Read, format!("{}: {err}", path.display()))),
        };
        let download = Download::new(request.target());
        let download = match kept_validator(path).filter(|_| len > 0) {
            Some(validator) => download.resume(len, validator),
            // As curl does: the place is all that is checked.
            None => download.resume_unverified(len),
        };
        Ok(Some(Resumption { path: path.clone(), download }))
    }

    /// What asks for the rest.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.download.request_headers()
    }

    /// Writes the rest behind what is there. Nothing is written that doesn't belong there.
    pub(crate) fn write_out(mut self, mut response: HttpResponse<'_>) -> Result<(), Failure> {
        let had = self.download.received();
        match self.download.judge(response.head()).map_err(|err| Failure::of(&err))? {
            Continuation::Whole if had > 0 => Err(self.all_or_nothing("or gives no parts of it")),
            Continuation::Changed => Err(self.all_or_nothing("or has less of it")),
            Continuation::Complete => {
                forget_validator(&self.path);
                Ok(())
            }
            Continuation::Refused => {
                let message = format!("the answer is {} {}", response.status(), response.reason());
                Err(Failure::new(Code::HttpError, message.trim_end()))
            }
            Continuation::Whole | Continuation::Rest => self.append(&mut response),
        }
    }

    fn append(&mut self, response: &mut HttpResponse<'_>) -> Result<(), Failure> {
        let mut output = Output::behind(&self.path)?;
        // Before anything comes: whatever ends this run, the next one knows.
        match self.download.validator() {
            Some(validator) => {
                let beside = beside(&self.path);
                fs::write(&beside, format!("{validator}\n"))
                    .map_err(|err| Failure::writing(&beside.display().to_string(), &err))?;
            }
            None => forget_validator(&self.path),
        }
        loop {
            let piece = response.fill_buf().map_err(Failure::receiving)?;
            let len = piece.len();
            if len == 0 {
                break;
            }
            self.download.advance(len as u64).map_err(|err| Failure::of(&err))?;
            output.write(piece)?;
            response.consume(len);
        }
        if self.download.complete_len().is_some() && !self.download.is_complete() {
            return Err(Failure::new(Code::PartialFile, "less came than was asked for; -C goes on"));
        }
        forget_validator(&self.path);
        Ok(())
    }

    fn all_or_nothing(&self, or: &str) -> Failure {
        let file = self.path.display();
        let message = format!("the rest of {file} is not to be had: the server has another version, {or}");
        Failure::new(Code::Range, message).and("without -C all of it is fetched")
    }
}

/// Takes away what the bytes of a file were matched by, as soon as it is whole or they are others.
pub(crate) fn forget_validator(path: &Path) {
    // What else has that name is not ours; and there may be none.
    if kept_validator(path).is_some() {
        let _ = fs::remove_file(beside(path));
    }
}

fn kept_validator(path: &Path) -> Option<Validator> {
    fs::read_to_string(beside(path)).ok()?.trim_end().parse().ok()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(BESIDE);
    PathBuf::from(name)
}
